"""Leases on videos: heartbeats, the fenced writes of lease holders, and the reaper.

A claim increases `lease_epoch`, the fencing token. Every UPDATE of a lease holder names the epoch of its
claim, and matches no row once another claim has been made; so the clock of an old holder does not matter.
Leases run by the database's clock only. Each method returns None or False when the lease is lost: the caller
then stops and writes nothing more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from psycopg.types.json import Jsonb

from cluster.stores.postgres import outbox
from cluster.stores.postgres.database import Database
from cluster.stores.postgres.sql_files import load_statements
from cluster.stores.postgres.video import Video, VideoState

_log = structlog.get_logger(__name__)

_LEASES = load_statements("leases.sql")
_REAPER = load_statements("reaper.sql")

ATTEMPTS_EXHAUSTED = "attempts_exhausted"

Held = tuple[str, int]
"""Id of a video or clip order, and the epoch it is held under: the fencing token."""


@dataclass(frozen=True, slots=True)
class ReapReport:
    """Result of one round of the reaper, as ids of videos."""

    failed: tuple[str, ...] = ()
    cancelled: tuple[str, ...] = ()


class Leases:
    """The writes of lease holders, as a base class of `Jobs`."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def heartbeat(self, held: Iterable[Held], lease_s: float) -> dict[Held, bool]:
        """Extends leases to `lease_s` from now, all in one statement.

        Returns those that are still held, each with whether it is to be cancelled. The others are lost.
        """
        return extend_leases(self.database, _LEASES["heartbeat"], held, lease_s)

    def to_cancel(self, owner: str) -> set[Held]:
        """The videos and clip orders held by `owner` for which a cancellation was requested."""
        return {
            (row["id"], row["lease_epoch"])
            for row in self.database.all(_LEASES["to_cancel"], {"owner": owner})
        }

    def record_media(
        self,
        video_id: str,
        epoch: int,
        media: Mapping[str, Any],
        chunks_total: int,
        tracks_hash: str,
        warnings: Sequence[Mapping[str, Any]] = (),
    ) -> bool:
        """Stores the result of probing, and the number of chunks."""
        return self._update(
            "record_media",
            video_id,
            epoch,
            media=Jsonb(dict(media)),
            warnings=_json_list(warnings),
            chunks_total=chunks_total,
            tracks_hash=tracks_hash,
        )

    def record_progress(self, video_id: str, epoch: int, chunks_done: int) -> bool:
        """Stores the number of chunks that are done."""
        return self._update("record_progress", video_id, epoch, chunks_done=chunks_done)

    def begin_finalizing(self, video_id: str, epoch: int) -> bool:
        """Changes the state to finalizing: all chunks are stored, and fusion begins."""
        return self._change_state("begin_finalizing", VideoState.FINALIZING, video_id, epoch)

    def finish(
        self,
        video_id: str,
        epoch: int,
        revision: int,
        timeline_id: str,
        warnings: Sequence[Mapping[str, Any]] | None = None,
        *,
        with_words: bool = False,
    ) -> bool:
        """Ends the video as done: readers then see the timeline `timeline_id`, which must be stored
        before. `warnings`: of this result; None leaves those that are stored. `with_words`: the timeline has
        the words that are stored of the video; one without gets them later.
        """
        return self._change_state(
            "finish",
            VideoState.DONE,
            video_id,
            epoch,
            revision=revision,
            timeline_id=timeline_id,
            warnings=None if warnings is None else _json_list(warnings),
            with_words=with_words,
        )

    def fail(self, video_id: str, epoch: int, code: str, message: str) -> bool:
        """Ends the video as failed, with a stable code and a sentence for people."""
        return self._change_state("fail", VideoState.FAILED, video_id, epoch, code=code, message=message)

    def acknowledge_cancel(self, video_id: str, epoch: int) -> bool:
        """Ends the video as cancelled; False: the lease is lost, or no cancellation was requested."""
        return self._change_state("acknowledge_cancel", VideoState.CANCELLED, video_id, epoch)

    def release(self, video_id: str, epoch: int) -> bool:
        """Hands the video back at an orderly stop: queued again with a doorbell, the attempt not counted."""
        with self.database.transaction() as connection:
            row = connection.execute(_LEASES["release"], {"id": video_id, "epoch": epoch}).fetchone()
            if row is not None and row["state"] == VideoState.QUEUED:
                outbox.put_doorbell(connection, video_id)
        if row is not None:
            _log.info("video released", video_id=video_id, epoch=epoch, state=row["state"])
        return row is not None

    def reap(self, max_attempts: int, grace_s: float = 0.0) -> ReapReport:
        """Ends videos without a live lease holder; any number of processes may call it every few seconds.

        A video whose lease ran out `grace_s` ago fails with the code `attempts_exhausted` when no attempt is
        left and the last one made no progress. Other videos whose lease ran out go to the next claim (see
        turns.py, with the same grace).
        """
        message = (
            f"Segmenting this video was tried {max_attempts} times and came no further: what worked on it "
            "died or stood still each time. Look at the logs of the actors, then retry the video."
        )
        with self.database.transaction() as connection:
            cancelled = connection.execute(_REAPER["cancel_abandoned"]).fetchall()
            failed = connection.execute(
                _REAPER["fail_exhausted"],
                {"max_attempts": max_attempts, "grace_s": grace_s, "message": message},
            ).fetchall()
        report = ReapReport(
            failed=tuple(row["id"] for row in failed), cancelled=tuple(row["id"] for row in cancelled)
        )
        for outcome in ("failed", "cancelled"):
            for video_id in getattr(report, outcome):
                _log.warning("video reaped", video_id=video_id, outcome=outcome)
        return report

    def _update(self, name: str, video_id: str, epoch: int, **values: Any) -> bool:
        return self.database.changed(_LEASES[name], {"id": video_id, "epoch": epoch, **values})

    def _change_state(self, name: str, state: VideoState, video_id: str, epoch: int, **values: Any) -> bool:
        changed = self._update(name, video_id, epoch, **values)
        if changed:
            _log.info("video state", video_id=video_id, epoch=epoch, state=str(state))
        return changed


def _json_list(warnings: Sequence[Mapping[str, Any]]) -> Jsonb:
    return Jsonb([dict(warning) for warning in warnings])


def extend_leases(
    database: Database, statement: bytes, held: Iterable[Held], lease_s: float
) -> dict[Held, bool]:
    """Extends many leases in one statement, which takes `ids`, `epochs` and `lease_s`.

    Returns those that are still held, each with whether it is to be cancelled. The others are lost.
    """
    pairs = list(held)
    if not pairs:
        return {}
    values = {"ids": [id_ for id_, _ in pairs], "epochs": [epoch for _, epoch in pairs], "lease_s": lease_s}
    return {
        (row["id"], row["lease_epoch"]): row["cancel_requested"] for row in database.all(statement, values)
    }


def claimed(row: Mapping[str, Any]) -> Video:
    """The video in the row that a claim returned."""
    video = Video.from_row(row)
    _log.info(
        "video claimed",
        video_id=video.id,
        owner=video.lease_owner,
        epoch=video.lease_epoch,
        attempt=video.attempt,
    )
    return video
