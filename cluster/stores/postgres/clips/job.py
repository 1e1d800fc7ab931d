"""A clip order as a row of PostgreSQL, and the states it can be in.

Knows the columns of the row and the legal changes of state; `clip_jobs` makes the changes and enforces them
in the WHERE of each UPDATE.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from cluster.contract.vocabulary import INTERACTIVE, Priority
from cluster.stores.media.keys import clips_prefix, proxy_key


class ClipState(StrEnum):
    """State of a clip order. Beside each state: the states that may follow, and the call that makes the
    change.
    """

    QUEUED = "queued"  # → running (claim), cancelled (cancel), failed (reap: attempts used up)
    RUNNING = "running"  # → done, failed, cancelled (lease holder, reap), queued (release),
    #                       running (claim, once the lease has expired)
    DONE = "done"
    FAILED = "failed"  # → queued (retry)
    CANCELLED = "cancelled"  # → queued (retry)


CLIPS, PROXY = "clips", "proxy"
"""Purposes of an order: files for people, or the whole film in a form that browsers play."""

FEW_CLIPS = 20
"""Clips up to which an order counts as light work (see `Room`); an order may have thousands. No
measurement.
"""


@dataclass(frozen=True, slots=True)
class ClipJob:
    """One row of `clip_jobs`: a clip order.

    `clip_order`: the request; `options`: how each clip is cut; `wanted`: the segments, each with the `name`
    of its file (read only at creation and by a claim, else empty). `media_key`, `tracks_key`, `tracks_hash`,
    `revision`: those of the video when the segments were selected. `made`, `not_made`: the number of clips
    made so far, and of those that cannot be made. `priority`: that of its video, read only by a claim.
    """

    id: str
    video_id: str
    state: ClipState
    clip_order: dict[str, Any]
    options: dict[str, Any]
    wanted: list[dict[str, Any]]
    total: int
    media_key: str
    tracks_key: str
    tracks_hash: str
    revision: int
    attempt: int
    error_code: str | None
    error_message: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    lease_owner: str | None
    lease_epoch: int
    lease_expires_at: datetime | None
    cancel_requested: bool
    made: int
    not_made: int
    purpose: str = CLIPS
    priority: Priority = INTERACTIVE

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> ClipJob:
        """Makes it from a row of `clip_jobs`; other columns are ignored. `turn`: the priority of a claim."""
        values = {name: row[name] for name in _COLUMNS}
        values |= {"state": ClipState(values["state"]), "priority": row.get("turn", INTERACTIVE)}
        return cls(**values)

    @property
    def prefix(self) -> str:
        """Prefix of its files in the media store."""
        return clips_prefix(self.video_id, self.id)

    @property
    def proxy_key(self) -> str:
        """Key of the file that a proxy is."""
        return proxy_key(self.video_id, self.id)

    def key(self, name: str) -> str:
        """Key of a file in the media store."""
        return f"{self.prefix}/{name}"


@dataclass(frozen=True, slots=True)
class ClipFile:
    """Result of the wanted segment at `position`: whether its clip was `made`, and its entry in the
    manifest.
    """

    position: int
    made: bool
    entry: dict[str, Any]


_COLUMNS = tuple(field.name for field in fields(ClipJob) if field.name != "priority")
