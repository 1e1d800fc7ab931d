"""Clips that were asked for, as PostgreSQL knows them, and the states they can be in.

Knows the row's shape and says which changes of state are legal; `clip_jobs` makes the changes and enforces
them in the WHERE of each UPDATE.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from cluster.contract.vocabulary import INTERACTIVE, Priority
from cluster.stores.media.keys import clips_prefix


class ClipState(StrEnum):
    """Where the clips stand. Who may change it, and to what, is written beside each state."""

    QUEUED = "queued"  # → running (claim), cancelled (cancel), failed (reap: attempts used up)
    RUNNING = "running"  # → done, failed, cancelled (lease holder, reap), queued (release),
    #                       running (claim, once the lease has expired)
    DONE = "done"
    FAILED = "failed"  # → queued (retry)
    CANCELLED = "cancelled"  # → queued (retry)


FEW_CLIPS = 20
"""An order of so many clips is light work; an order may be for thousands."""


@dataclass(frozen=True, slots=True)
class ClipJob:
    """One row of `clip_jobs`.

    `clip_order`: as it was asked for; `options`: how each clip is cut; `wanted`: the segments, each with the
    `name` of its file, for who makes or claims the order, empty for others. `media_key`, `tracks_key`,
    `tracks_hash`, `revision`: of the video when they were chosen. `made`, `not_made`: how many there are so
    far, and how many cannot be. `priority`: its video's, for who claims the order.
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
    priority: Priority = INTERACTIVE

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> ClipJob:
        """From a row of `clip_jobs`; other columns are left aside."""
        values = {name: row[name] for name in _COLUMNS}
        values |= {"state": ClipState(values["state"]), "priority": row.get("priority", INTERACTIVE)}
        return cls(**values)

    @property
    def prefix(self) -> str:
        """Where the media store has the files."""
        return clips_prefix(self.video_id, self.id)

    def key(self, name: str) -> str:
        """A file's key in the media store."""
        return f"{self.prefix}/{name}"


@dataclass(frozen=True, slots=True)
class ClipFile:
    """What came of the wanted segment at `position`: `made`, and the manifest's entry of it."""

    position: int
    made: bool
    entry: dict[str, Any]


_COLUMNS = tuple(field.name for field in fields(ClipJob) if field.name != "priority")
