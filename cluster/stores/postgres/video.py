"""A video as a row of PostgreSQL, and the states it can be in.

Knows the columns of the row and the legal changes of state. Does not know SQL; `jobs` makes the changes and
enforces them in the WHERE of each UPDATE.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from cluster.contract.vocabulary import END_STATES, INTERACTIVE, Priority


class VideoState(StrEnum):
    """State of a video. Beside each state: the states that may follow, and the call that makes the change."""

    QUEUED = "queued"  # → running (claim), cancelled (cancel), failed (reap: attempts used up)
    RUNNING = "running"  # → finalizing, done, failed, cancelled (lease holder, reap), queued (release),
    #                       running (claim, once the lease has expired)
    FINALIZING = "finalizing"  # → done, failed, cancelled (lease holder, reap), queued (release),
    #                               running (claim, once the lease has expired)
    DONE = "done"  # → queued (resegment)
    FAILED = "failed"  # → queued (retry)
    CANCELLED = "cancelled"  # → queued (retry)


LEASED_STATES = frozenset({VideoState.RUNNING, VideoState.FINALIZING})
FINAL_STATES = frozenset(VideoState(state) for state in END_STATES)

LEGAL_TRANSITIONS: Mapping[VideoState, frozenset[VideoState]] = {
    VideoState.QUEUED: frozenset({VideoState.RUNNING, VideoState.CANCELLED, VideoState.FAILED}),
    VideoState.RUNNING: frozenset(
        {
            VideoState.RUNNING,
            VideoState.FINALIZING,
            VideoState.DONE,
            VideoState.FAILED,
            VideoState.CANCELLED,
            VideoState.QUEUED,
        }
    ),
    VideoState.FINALIZING: frozenset(
        {VideoState.RUNNING, VideoState.DONE, VideoState.FAILED, VideoState.CANCELLED, VideoState.QUEUED}
    ),
    VideoState.DONE: frozenset({VideoState.QUEUED}),
    VideoState.FAILED: frozenset({VideoState.QUEUED}),
    VideoState.CANCELLED: frozenset({VideoState.QUEUED}),
}


@dataclass(frozen=True, slots=True)
class Video:
    """One row of `videos`. Times are aware datetimes by PostgreSQL's clock; sizes are in bytes."""

    id: str
    state: VideoState
    filename: str
    bytes: int
    sha256: str | None
    media_key: str
    media: dict[str, Any] | None
    preset: str
    settings: dict[str, Any]
    revision: int
    timeline_id: str | None
    tracks_hash: str | None
    chunks_done: int
    chunks_total: int | None
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
    version: int
    owner: str | None = None  # whose key handed it in; None: came in without keys
    tracks_key: str = ""  # the id its plan, chunks and keyframes are kept under; settled before analysis
    newest_revision: int = 0  # the last number given to a result; `revision` is the one readers see
    fetching: bool = False  # its file is not here yet, see `cluster.stores.postgres.intake.imports`
    priority: Priority = INTERACTIVE
    traceparent: str | None = None  # the trace it belongs to, see `cluster.telemetry.tracing`
    warnings: list[dict[str, Any]] = field(default_factory=list)  # what is missing in its file
    keep_corrections: bool = True  # whether its next fusion respects those of the current revision
    proxy: dict[str, Any] | None = None  # how far its proxy is; told only where videos are read, not changed

    def __post_init__(self) -> None:
        if self.bytes < 0 or self.attempt < 0 or self.lease_epoch < 0:
            raise ValueError("a video's bytes, attempt and lease_epoch are never negative")
        if not self.tracks_key:
            object.__setattr__(self, "tracks_key", self.id)

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Video:
        """Makes it from a row of `videos`; other columns are ignored."""
        values = {name: row[name] for name in _VIDEO_FIELDS}
        values |= {"state": VideoState(values["state"]), "proxy": row.get("proxy")}
        return cls(**values)

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Video:
        """Makes it from PostgreSQL's JSON of a row, as webhook deliveries store it: times are text.

        The JSON may be older than a column; the video then has that column's default.
        """
        values = {name: row[name] for name in _VIDEO_FIELDS if name in row}
        values |= {name: _time(row[name]) for name in _TIMES}
        values["state"] = VideoState(values["state"])
        return cls(**values)

    @property
    def is_final(self) -> bool:
        """Whether it is done, failed or cancelled: only a person's request changes the state then."""
        return self.state in FINAL_STATES


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)


_TIMES = ("created_at", "started_at", "finished_at", "lease_expires_at")
_VIDEO_FIELDS = tuple(one.name for one in fields(Video) if one.name != "proxy")
