"""Transcripts in PostgreSQL: a trigger queues them, bridges work on them under leases with fencing tokens.

The same rules as for videos (see leases.py): a claim increases `lease_epoch`, every write of a lease holder
names its epoch, and leases run by the database's clock. Knows neither speech models nor words.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import structlog

from cluster.errors import ConflictError, NotFoundError
from cluster.stores.postgres.database import Database
from cluster.stores.postgres.leases import Held, extend_leases
from cluster.stores.postgres.sql_files import load_statements
from cluster.stores.postgres.video import Video
from cluster.stores.postgres.words.job import TranscriptJob

_log = structlog.get_logger(__name__)

_SQL = load_statements("transcripts.sql")


class Transcripts:
    """The table `transcripts`. Shares the pool of `Jobs` (as `jobs.transcripts`); raises UnavailableError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, video_id: str) -> TranscriptJob | None:
        """The work on a video's transcript; None if none was ever queued."""
        row = self._database.one(_SQL["get_transcript"], {"id": video_id})
        return None if row is None else TranscriptJob.from_row(row)

    def shown(self, video: Video) -> TranscriptJob | None:
        """The work on the words of the audio stream that the shown revision was made from; None if there is
        none.

        An earlier revision of another stream may have been chosen: its segments say nothing of these words.
        So it may be one without words.
        """
        if video.settings.get("words") == "off":
            return None
        job = self.find(video.id)
        stream = video.settings.get("audio_stream")
        shown = None if stream is None else str(stream)
        return job if job is not None and job.audio_stream == shown else None

    def get(self, video_id: str) -> TranscriptJob:
        """As `find`; NotFoundError if none was ever queued."""
        job = self.find(video_id)
        if job is None:
            raise NotFoundError(f"Video {video_id} has no transcript, and none is under way.")
        return job

    def cancel(self, video_id: str) -> TranscriptJob:
        """Cancels it: at once if it has no lease holder, otherwise its lease holder does. Twice is fine.

        ConflictError when it is done or failed, NotFoundError when there is none.
        """
        self._database.one(_SQL["cancel_transcript"], {"id": video_id})
        job = self.get(video_id)
        if job.state in ("done", "failed"):
            raise ConflictError(
                f"The transcript is {job.state}; only one that waits or runs can be cancelled."
            )
        _log.info("transcript cancel", video_id=video_id, state=str(job.state))
        return job

    def retry(self, video_id: str) -> TranscriptJob:
        """Queues it again with all its attempts; what was heard stays stored. Queues one for a video that was
        done before there were transcripts.

        ConflictError unless it failed or was cancelled, NotFoundError when there is none.
        """
        values = {"id": video_id}
        row = self._database.one(_SQL["retry_transcript"], values) or self._database.one(
            _SQL["begin_transcript"], values
        )
        job = self.get(video_id)
        if row is None:
            raise ConflictError(
                f"The transcript is {job.state}; only a failed or cancelled one is tried again."
            )
        _log.info("transcript retry", video_id=video_id)
        return job

    def claim(
        self, owner: str, lease_s: float, max_attempts: int, grace_s: float = 0.0
    ) -> TranscriptJob | None:
        """Claims the next transcript and takes its lease; None if there is none.

        Candidates are queued ones, and those whose lease ran out `grace_s` ago.
        """
        values = {"owner": owner, "lease_s": lease_s, "max_attempts": max_attempts, "grace_s": grace_s}
        row = self._database.one(_SQL["claim_transcript"], values)
        if row is None:
            return None
        job = TranscriptJob.from_row(row)
        _log.info("transcript claimed", video_id=job.id, epoch=job.lease_epoch)
        return job

    def heartbeat(self, held: Iterable[Held], lease_s: float) -> dict[Held, bool]:
        """Extends leases to `lease_s` from now. Returns those still held, each with whether to cancel it."""
        return extend_leases(self._database, _SQL["heartbeat_transcripts"], held, lease_s)

    def to_cancel(self, owner: str) -> set[Held]:
        """Those held by `owner` for which a cancellation was requested."""
        rows = self._database.all(_SQL["transcripts_to_cancel"], {"owner": owner})
        return {(row["id"], row["lease_epoch"]) for row in rows}

    def record(
        self,
        video_id: str,
        epoch: int,
        *,
        model: str | None,
        reader: str | None = None,
        groups_done: int,
        groups_total: int,
    ) -> bool:
        """Stores the progress. False: the lease is lost."""
        progress = {
            "model": model,
            "reader": reader,
            "groups_done": groups_done,
            "groups_total": groups_total,
        }
        return self._change("record_transcript", video_id, epoch, **progress)

    def revise(self, video_id: str, epoch: int, *, base: str, revision: int, timeline_id: str | None) -> bool:
        """Makes the timeline `timeline_id`, which must be stored, a revision of the video and the current
        one.

        Only if the current timeline is still `base`, from which it was made, and no other revision was made
        since. `timeline_id` None: there are no words that `base` lacks. Twice is fine. False: the lease is
        lost. Where the video has another timeline meanwhile, `finish` queues the work again.
        """
        values = {"id": video_id, "epoch": epoch}
        with self._database.transaction() as connection:
            video = connection.execute(_SQL["lock_revised_video"], values).fetchone()
            if video is None:
                return False
            wanted = base if timeline_id is None else timeline_id
            is_shown = video["timeline_id"] == wanted  # nothing to add, or a repeat of what was committed
            may_follow = (
                video["state"] == "done"
                and video["timeline_id"] == base
                and video["newest_revision"] == revision - 1
            )
            now = wanted if is_shown or may_follow else None
            marked = connection.execute(_SQL["mark_revised"], {**values, "timeline_id": now}).rowcount
            if marked and now is not None and not is_shown:
                connection.execute(
                    _SQL["add_words_revision"], {**values, "revision": revision, "timeline_id": now}
                )
        _log.info("words revised", video_id=video_id, epoch=epoch, timeline_id=now, lost=not marked)
        return marked > 0

    def finish(self, video_id: str, epoch: int) -> bool:
        """Ends it as done: the words are stored. Queues it again where the video has a timeline by now that
        lacks them."""
        return self._change("finish_transcript", video_id, epoch)

    def queue_unheard(self) -> list[str]:
        """Queues all that were done without a speech model; returns their ids. For when there is one."""
        ids = [row["id"] for row in self._database.all(_SQL["queue_unheard"])]
        if ids:
            _log.info("transcripts queued for the speech model", count=len(ids))
        return ids

    def fail(self, video_id: str, epoch: int, code: str, message: str) -> bool:
        """Ends it as failed, with a stable code and a sentence for people."""
        return self._change("fail_transcript", video_id, epoch, code=code, message=message)

    def acknowledge_cancel(self, video_id: str, epoch: int) -> bool:
        """Ends it as cancelled; False: the lease is lost, or no cancellation was requested."""
        return self._change("acknowledge_cancel_transcript", video_id, epoch)

    def release(self, video_id: str, epoch: int) -> bool:
        """Hands it back at an orderly stop: queued again, the attempt not counted."""
        return self._change("release_transcript", video_id, epoch)

    def reap(self, max_attempts: int, grace_s: float = 0.0) -> list[str]:
        """Ends those without a live holder: cancelled ones, and those without attempts left; returns their
        ids. The latter `grace_s` after their lease ran out.
        """
        message = (
            f"Writing down what is said was tried {max_attempts} times and never came to an end: what worked "
            "on it died or stood still each time. Look at the logs of the actors, then try again."
        )
        with self._database.transaction() as connection:
            rows = connection.execute(_SQL["cancel_abandoned_transcripts"]).fetchall()
            rows += connection.execute(
                _SQL["fail_exhausted_transcripts"],
                {"max_attempts": max_attempts, "grace_s": grace_s, "message": message},
            ).fetchall()
        ids = [row["id"] for row in rows]
        if ids:
            _log.warning("transcripts without a holder ended", video_ids=ids)
        return ids

    def _change(self, statement: str, video_id: str, epoch: int, **values: Any) -> bool:
        changed = self._database.changed(_SQL[statement], {"id": video_id, "epoch": epoch, **values})
        if changed:
            _log.info("transcript changed", video_id=video_id, epoch=epoch, by=statement)
        return changed
