"""The work on a video's transcript as a row of PostgreSQL, and the states it can be in.

Knows the columns of the row and the legal changes of state; `transcripts` makes the changes and enforces them
in the WHERE of each UPDATE. The words themselves are in MongoDB.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

SPEECH, SCREEN = "speech", "screen"
"""What is recognised; `wanted` is one of them, or ALL."""
ALL, OFF = "all", "off"


class TranscriptState(StrEnum):
    """State of the work on a transcript. Beside each state: the states that may follow, and the call that
    makes the change. A new result of the video begins a failed or cancelled one again, and one of another
    audio stream from any state (trigger `words_follow`).
    """

    QUEUED = "queued"  # → running (claim), cancelled (cancel), failed (reap: attempts used up)
    RUNNING = "running"  # → done, failed, cancelled (lease holder, reap), queued (release, and at the end if
    #                       the video has another result), running (claim, once the lease has expired)
    DONE = "done"  # → queued (by a result or correction without these words, or a later speech model)
    FAILED = "failed"  # → queued (retry)
    CANCELLED = "cancelled"  # → queued (retry)


@dataclass(frozen=True, slots=True)
class TranscriptJob:
    """One row of `transcripts`, with what is needed of its video; `id` is that of the video.

    `tracks_hash`: of the tracks that say where somebody speaks. `audio_stream`: the video's setting of this
    name that it was made under, None for the best one. `model`: the speech model, None before the
    work has begun and where there is none; `reader`: what reads the text on screen, likewise. `wanted`: all,
    speech or screen, of what the video has. `timeline_id`: the video's timeline that has these words, None
    before there is one. `groups_done`, `groups_total`: of the windows of speech, in groups.
    """

    id: str
    state: TranscriptState
    tracks_hash: str
    audio_stream: str | None
    model: str | None
    reader: str | None
    wanted: str
    timeline_id: str | None
    groups_done: int
    groups_total: int | None
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
    media_key: str
    tracks_key: str
    owner: str | None
    traceparent: str | None

    def wants(self, of: str) -> bool:
        """Whether SPEECH or SCREEN is to be recognised."""
        return self.wanted in (of, ALL)

    @property
    def waits_for_model(self) -> bool:
        """Whether all is done but for speech, for which no model is installed."""
        return self.state is TranscriptState.DONE and self.model is None and self.wants(SPEECH)

    def reference(self, settings: Mapping[str, Any], model: str | None, reader: str | None) -> dict[str, Any]:
        """Where the words that belong to a result under `settings` of the video are stored: {"tracks_hash",
        "model", "reader"}, the latter two as recognised; empty where it is to have none, or not these."""
        choice = settings.get("words") or ALL
        stream = settings.get("audio_stream")
        if choice == OFF or self.audio_stream != (None if stream is None else str(stream)):
            return {}
        return {
            "tracks_hash": self.tracks_hash,
            "model": model if choice in (SPEECH, ALL) else None,
            "reader": reader if choice in (SCREEN, ALL) else None,
        }

    def stored(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """The reference to what is stored already; empty while it is not all there."""
        if self.state is not TranscriptState.DONE:
            return {}
        return self.reference(settings, self.model, self.reader)

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> TranscriptJob:
        """Makes it from a joined row; other columns are ignored."""
        values = {field.name: row[field.name] for field in fields(cls)}
        return cls(**{**values, "state": TranscriptState(values["state"])})
