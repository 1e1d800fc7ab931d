"""What all work of one bridge shares: the stores, the pool, the fuser.

Plain values and a protocol, so that a test can hand in parts of its own. Knows no Ray.
"""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

from actors.bridge.planners import Planners
from actors.bridge.reporter import Reporter
from actors.tasks import Outcome, Task
from cluster.stores.media.store import MediaStore
from cluster.stores.mongodb.results import Results
from cluster.stores.postgres.jobs import Jobs


class PoolLike(Protocol):
    """What a job needs of the pool (see `PoolClient`)."""

    @property
    def window(self) -> int:
        """How many chunks to have under way at once."""

    def submit(self, task: Task) -> Future[Outcome]:
        """Have a task done; the future never holds an exception."""

    def cancel(self, video_id: str, epoch: int) -> None:
        """Give up all tasks of this lease, waiting a while for their end."""


@dataclass(frozen=True, slots=True)
class BridgeServices:
    """What all jobs of a bridge share."""

    jobs: Jobs
    results: Results
    media: MediaStore
    reporter: Reporter
    pool: PoolLike
    fuser: PoolLike
    planners: Planners
    revisions_kept: int
