"""The services that all jobs of one bridge share: stores, pool, fuser.

Passed in as plain values and behind a protocol (dependency injection), so that a test can pass in stubs.
Knows no Ray.
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
    """The calls that a job makes to the pool or the fuser (see `PoolClient`)."""

    @property
    def window(self) -> int:
        """How many chunks of one video may be under way at once."""

    def submit(self, task: Task) -> Future[Outcome]:
        """Have a task done; the future never holds an exception."""

    def cancel(self, video_id: str, epoch: int) -> None:
        """Cancel all tasks of this lease and wait, within bounds, for their end."""


@dataclass(frozen=True, slots=True)
class BridgeServices:
    """The shared services. `planners` limits the planning of long videos; `revisions_kept` ≥ 1: older
    timelines that each video keeps beside the current one; `proxy_quota_bytes`: of all proxies together.
    """

    jobs: Jobs
    results: Results
    media: MediaStore
    reporter: Reporter
    pool: PoolLike
    fuser: PoolLike
    planners: Planners
    revisions_kept: int
    proxy_quota_bytes: int
