"""Clip orders in PostgreSQL: the API makes and stops them, bridges work on them under leases with fencing
tokens.

The same rules as for videos (see leases.py): a claim increases `lease_epoch`, every write of a lease holder
names its epoch, and leases run by the database's clock. Files are recorded one by one, so an interrupted
order goes on after the last recorded file. Knows neither the cutting nor the place of the files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import structlog
from psycopg.types.json import Json, Jsonb

from cluster.contract.pages import CLIP_ORDERS_PAGE_ITEMS
from cluster.errors import ConflictError, NotFoundError
from cluster.stores.page import Page, check_limit, decode_cursor, decode_time_cursor, page_of, time_place
from cluster.stores.postgres import outbox
from cluster.stores.postgres.clips.job import FEW_CLIPS, ClipFile, ClipJob
from cluster.stores.postgres.database import Database
from cluster.stores.postgres.leases import Held, extend_leases
from cluster.stores.postgres.sql_files import load_statements
from cluster.stores.postgres.turns import Room

_log = structlog.get_logger(__name__)

_SQL = load_statements("clip_jobs.sql")

ROOM_FOR_ALL = Room()


class ClipJobs:
    """The table `clip_jobs`. Shares the pool of `Jobs` (as `jobs.clips`); raises UnavailableError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self,
        *,
        clips_id: str,
        video_id: str,
        clip_order: Mapping[str, Any],
        options: Mapping[str, Any],
        wanted: Sequence[Mapping[str, Any]],
        media_key: str,
        tracks_key: str,
        tracks_hash: str,
        revision: int,
        idempotency_key: str | None = None,
    ) -> tuple[ClipJob, bool]:
        """Stores the order and its video's doorbell in one transaction; returns it, and whether this call
        made it.

        With an `idempotency_key` this video saw before: the earlier order and False if it was the same,
        ConflictError `idempotency_key_reused` otherwise. NotFoundError when the video is gone.
        """
        values = {
            "id": clips_id,
            "video_id": video_id,
            "clip_order": Jsonb(dict(clip_order)),
            "options": Jsonb(dict(options)),
            "wanted": Jsonb([dict(segment) for segment in wanted]),
            "total": len(wanted),
            "media_key": media_key,
            "tracks_key": tracks_key,
            "tracks_hash": tracks_hash,
            "revision": revision,
            "idempotency_key": idempotency_key,
        }
        with self._database.transaction() as connection:
            row = connection.execute(_SQL["insert_clip_job"], values).fetchone()
            if row is not None:
                outbox.put_doorbell(connection, video_id)
        if row is not None:
            _log.info("clips ordered", video_id=video_id, clips_id=clips_id, clips=len(wanted))
            return ClipJob.from_row(row), True
        earlier = None if idempotency_key is None else self.of_key(video_id, idempotency_key, clip_order)
        if earlier is None:
            raise NotFoundError(f"There is no video {video_id}; it may have been deleted.")
        return earlier, False

    def of_key(self, video_id: str, idempotency_key: str, clip_order: Mapping[str, Any]) -> ClipJob | None:
        """The order that came with this Idempotency-Key before; None if there is none. ConflictError
        `idempotency_key_reused` if it was a different order.
        """
        values = {"video_id": video_id, "idempotency_key": idempotency_key}
        row = self._database.one(_SQL["clip_job_of_key"], values)
        if row is None:
            return None
        job = self.get(row["id"], video_id)
        if job.clip_order != dict(clip_order):
            raise ConflictError(
                "This Idempotency-Key came with another order of clips before; use a new one.",
                code="idempotency_key_reused",
            )
        return job

    def get(self, clips_id: str, video_id: str | None = None) -> ClipJob:
        """Reads an order; NotFoundError if there is none (of this video)."""
        row = self._database.one(_SQL["get_clip_job"], {"id": clips_id, "video_id": video_id})
        if row is None:
            raise no_such_clips(clips_id)
        return ClipJob.from_row(row)

    def list_of(
        self, video_id: str, limit: int = CLIP_ORDERS_PAGE_ITEMS, cursor: str | None = None
    ) -> Page[ClipJob]:
        """Lists the orders of a video, newest first. UsageError for a limit out of range or a bad cursor."""
        before_created_at, before_id = (None, None) if cursor is None else decode_time_cursor(cursor)
        rows = self._database.all(
            _SQL["list_clip_jobs"],
            {
                "video_id": video_id,
                "before_created_at": before_created_at,
                "before_id": before_id,
                "limit": check_limit(limit) + 1,
            },
        )
        found = [ClipJob.from_row(row) for row in rows]
        return page_of(found, limit, lambda job: time_place(job.created_at, job.id))

    def files(self, clips_id: str) -> list[ClipFile]:
        """The files recorded so far, in the order of the wanted segments."""
        return self._files(clips_id, -1, None)

    def page_of_files(self, clips_id: str, limit: int, cursor: str | None = None) -> Page[ClipFile]:
        """A page of `files`. UsageError for a limit out of range or a bad cursor."""
        after = -1 if cursor is None else int(decode_cursor(cursor, int)[0])
        found = self._files(clips_id, after, check_limit(limit) + 1)
        return page_of(found, limit, lambda file: (file.position,))

    def _files(self, clips_id: str, after: int, limit: int | None) -> list[ClipFile]:
        values = {"id": clips_id, "after": after, "limit": limit}
        rows = self._database.all(_SQL["clip_files"], values)
        return [ClipFile(row["position"], row["made"], row["entry"]) for row in rows]

    def cancel(self, clips_id: str, video_id: str) -> ClipJob:
        """Cancels an order: at once if it has no lease holder, otherwise its lease holder does. Twice is
        fine.

        ConflictError when it is done or failed, NotFoundError when there is none.
        """
        self._database.one(_SQL["cancel_clip_job"], {"id": clips_id, "video_id": video_id})
        job = self.get(clips_id, video_id)
        if job.state in ("done", "failed"):
            raise ConflictError(f"The clips are {job.state}; only what waits or runs can be cancelled.")
        _log.info("clips cancel", video_id=video_id, clips_id=clips_id, state=str(job.state))
        return job

    def retry(self, clips_id: str, video_id: str) -> ClipJob:
        """Queues an order again with all its attempts; files that were made stay.

        ConflictError unless it failed or was cancelled, NotFoundError when there is none.
        """
        values = {"id": clips_id, "video_id": video_id}
        with self._database.transaction() as connection:
            row = connection.execute(_SQL["retry_clip_job"], values).fetchone()
            if row is not None:
                connection.execute(_SQL["forget_failed_clips"], values)
                outbox.put_doorbell(connection, video_id)
        job = self.get(clips_id, video_id)
        if row is None:
            raise ConflictError(f"The clips are {job.state}; only failed or cancelled ones are tried again.")
        _log.info("clips retry", video_id=video_id, clips_id=clips_id)
        return job

    def delete(self, clips_id: str, video_id: str) -> None:
        """Deletes the order in any state; NotFoundError if there is none.

        A lease holder notices at its next heartbeat. The caller removes the files.
        """
        if self._database.one(_SQL["delete_clip_job"], {"id": clips_id, "video_id": video_id}) is None:
            raise no_such_clips(clips_id)
        _log.info("clips deleted", video_id=video_id, clips_id=clips_id)

    def claim(
        self,
        owner: str,
        lease_s: float,
        max_attempts: int,
        room: Room = ROOM_FOR_ALL,
        grace_s: float = 0.0,
    ) -> ClipJob | None:
        """Claims the next order that fits into `room`, and takes its lease; None if there is none.

        Candidates are queued orders, and those whose lease ran out `grace_s` ago. Light work: interactive
        orders of few clips.
        """
        row = self._database.one(
            _SQL["claim_clip_job"],
            {
                "owner": owner,
                "lease_s": lease_s,
                "max_attempts": max_attempts,
                "grace_s": grace_s,
                "few": FEW_CLIPS,
                "interactive": room.interactive,
                "light": room.light,
                "batch": room.batch,
            },
        )
        if row is None:
            return None
        job = ClipJob.from_row(row)
        _log.info("clips claimed", video_id=job.video_id, clips_id=job.id, epoch=job.lease_epoch)
        return job

    def heartbeat(self, held: Iterable[Held], lease_s: float) -> dict[Held, bool]:
        """Extends leases to `lease_s` from now. Returns those still held, each with whether to cancel it."""
        return extend_leases(self._database, _SQL["heartbeat_clip_jobs"], held, lease_s)

    def put_file(
        self, clips_id: str, epoch: int, position: int, entry: Mapping[str, Any], *, made: bool
    ) -> bool:
        """Records the result of a wanted segment; the first record stays. False: the lease is lost."""
        values = {"id": clips_id, "epoch": epoch, "position": position, "made": made}
        return self._database.one(_SQL["put_clip_file"], {**values, "entry": Json(dict(entry))}) is not None

    def finish(self, clips_id: str, epoch: int) -> bool:
        """Ends the order as done: every clip is made and the manifest is stored."""
        return self._change("finish_clip_job", clips_id, epoch)

    def fail(self, clips_id: str, epoch: int, code: str, message: str) -> bool:
        """Ends the order as failed, with a stable code and a sentence for people."""
        return self._change("fail_clip_job", clips_id, epoch, code=code, message=message)

    def acknowledge_cancel(self, clips_id: str, epoch: int) -> bool:
        """Ends the order as cancelled; False: the lease is lost, or no cancellation was requested."""
        return self._change("acknowledge_cancel_clip_job", clips_id, epoch)

    def release(self, clips_id: str, epoch: int) -> bool:
        """Hands the order back at an orderly stop: queued again, the attempt not counted."""
        return self._change("release_clip_job", clips_id, epoch)

    def reap(self, max_attempts: int, grace_s: float = 0.0) -> list[str]:
        """Ends orders without a live holder: cancelled ones, and those without attempts left; returns their
        ids.

        The latter `grace_s` after their lease ran out. `claim` takes orders whose lease ran out and that have
        attempts.
        """
        message = (
            f"Cutting these clips was tried {max_attempts} times and never came to an end: what worked on "
            "them died or stood still each time. Look at the logs of the actors, then try again."
        )
        with self._database.transaction() as connection:
            rows = connection.execute(_SQL["cancel_abandoned_clip_jobs"]).fetchall()
            rows += connection.execute(
                _SQL["fail_exhausted_clip_jobs"],
                {"max_attempts": max_attempts, "grace_s": grace_s, "message": message},
            ).fetchall()
        ids = [row["id"] for row in rows]
        for clips_id in ids:
            _log.warning("clips reaped", clips_id=clips_id)
        return ids

    def _change(self, name: str, clips_id: str, epoch: int, **values: Any) -> bool:
        changed = self._database.changed(_SQL[name], {"id": clips_id, "epoch": epoch, **values})
        if changed:
            _log.info("clips changed", clips_id=clips_id, epoch=epoch, by=name)
        return changed


def no_such_clips(clips_id: str) -> NotFoundError:
    """The error for an id without a clip order."""
    return NotFoundError(f"There are no clips {clips_id} of this video; they may have been deleted.")
