"""Facade of the table `videos` in PostgreSQL: creation, listing and the changes of state that people make.

PostgreSQL holds the lasting state. Each change of state is one UPDATE whose WHERE holds the legal transitions
(see `VideoState`). The writes of lease holders are in leases.py. Does not know the transport of doorbells,
nor the work on a video.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Self

import structlog
from psycopg.types.json import Jsonb

from cluster.contract.pages import VIDEOS_PAGE_ITEMS
from cluster.contract.vocabulary import INTERACTIVE, Priority
from cluster.errors import ConflictError, NotFoundError, UsageError
from cluster.stores.closing import Closing
from cluster.stores.page import Page, check_limit, decode_time_cursor, page_of, time_place
from cluster.stores.postgres import outbox
from cluster.stores.postgres.answers import Answers
from cluster.stores.postgres.api_keys import ApiKeys
from cluster.stores.postgres.audit import Audit
from cluster.stores.postgres.backlog import Backlog, backlog
from cluster.stores.postgres.clips.jobs import ClipJobs
from cluster.stores.postgres.clips.proxies import Proxies
from cluster.stores.postgres.database import DEFAULT_TIMEOUT_S, Database
from cluster.stores.postgres.intake.imports import Imports
from cluster.stores.postgres.intake.uploads import Uploads
from cluster.stores.postgres.leases import Leases
from cluster.stores.postgres.listing import Listing, escape_like
from cluster.stores.postgres.migrate import migrate
from cluster.stores.postgres.overview import Overview
from cluster.stores.postgres.presets import Presets
from cluster.stores.postgres.revisions import Revisions
from cluster.stores.postgres.search.find import Search
from cluster.stores.postgres.search.index import SearchIndex
from cluster.stores.postgres.search.meanings import Meanings
from cluster.stores.postgres.signing_secrets import SigningSecrets
from cluster.stores.postgres.sql_files import load_statements
from cluster.stores.postgres.turns import Turns
from cluster.stores.postgres.video import Video, VideoState
from cluster.stores.postgres.webhooks import NewWebhook, Webhooks, has_webhook, put_webhook
from cluster.stores.postgres.words.transcripts import Transcripts
from cluster.stores.rabbitmq.doorbell import Doorbell
from cluster.telemetry import tracing

_log = structlog.get_logger(__name__)

_VIDEOS = load_statements("videos.sql")
_CREATE_TRIES = 3  # an idempotency key becomes free when its video is deleted at the same moment


class Jobs(Leases, Closing):
    """Facade of the table `videos`, and the owner of the connection pool that the other tables share.

    Safe to share between threads, not across a fork.

    Every method raises UnavailableError after `timeout_s` while PostgreSQL is away.
    """

    def __init__(self, url: str, *, max_connections: int = 8, timeout_s: float = DEFAULT_TIMEOUT_S) -> None:
        super().__init__(Database(url, max_connections=max_connections, timeout_s=timeout_s))
        self.uploads = Uploads(self.database)
        self.api_keys = ApiKeys(self.database)
        self.audit = Audit(self.database)
        self.clips = ClipJobs(self.database)
        self.proxies = Proxies(self.database)
        self.transcripts = Transcripts(self.database)
        self.revisions = Revisions(self.database)
        self.listing = Listing(self.database)
        self.signing_secrets = SigningSecrets(self.database)
        self.imports = Imports(self.database)
        self.webhooks = Webhooks(self.database)
        self.turns = Turns(self.database)
        self.answers = Answers(self.database)
        self.presets = Presets(self.database)
        self.overview = Overview(self.database)
        self.search = Search(self.database)
        self.search_index = SearchIndex(self.database)
        self.meanings = Meanings(self.database)

    def open(self) -> Self:
        """Starts the pool without waiting for the server."""
        self.database.open()
        return self

    def close(self) -> None:
        """Closes every connection."""
        self.database.close()

    def __enter__(self) -> Self:
        return self.open()

    def ping(self) -> None:
        """Checks that PostgreSQL answers a query; UnavailableError otherwise."""
        self.database.all(b"SELECT 1")

    def migrate(self) -> list[int]:
        """Brings the schema up to date; returns the numbers of the applied migrations."""
        return migrate(self.database)

    def create_video(
        self,
        *,
        video_id: str,
        filename: str,
        bytes_: int,
        sha256: str | None,
        media_key: str,
        preset: str,
        settings: Mapping[str, Any],
        idempotency_key: str | None = None,
        owner: str | None = None,
        webhook: NewWebhook | None = None,
        priority: Priority = INTERACTIVE,
    ) -> tuple[Video, bool]:
        """Stores row, webhook and doorbell in one transaction; returns the video, and whether this call made
        it.

        With an `idempotency_key` seen before: the earlier video and False if the content (file name, bytes,
        sha256, preset, settings, webhook) is the same, ConflictError otherwise. A new video shares the tracks
        of one with the same owner and content (`tracks_key`), whatever state that is in.
        """
        values = {
            "id": video_id,
            "filename": filename,
            "bytes": bytes_,
            "sha256": sha256,
            "media_key": media_key,
            "preset": preset,
            "settings": Jsonb(dict(settings)),
            "idempotency_key": idempotency_key,
            "owner": owner,
            "priority": priority,
            "traceparent": tracing.traceparent() or None,
        }
        for _ in range(_CREATE_TRIES):
            with self.database.transaction() as connection:
                if sha256 is not None:
                    connection.execute(_VIDEOS["lock_content"], values)
                row = connection.execute(_VIDEOS["insert_video"], values).fetchone()
                if row is not None:
                    if webhook is not None:
                        put_webhook(connection, webhook, owner, video_id)
                    outbox.put_doorbell(connection, video_id)
                    break
                earlier = connection.execute(_VIDEOS["get_video_by_idempotency_key"], values).fetchone()
                if earlier is not None and not has_webhook(connection, earlier["id"], webhook):
                    raise _key_reused("another webhook")
            if earlier is not None:
                return _same_content(
                    Video.from_row(earlier), filename, bytes_, sha256, preset, settings
                ), False
        else:
            raise ConflictError("The Idempotency-Key is in use by a request under way; try again.")
        _log.info("video created", video_id=video_id, bytes=bytes_, preset=preset)
        return Video.from_row(row), True

    def get(self, video_id: str) -> Video:
        """Reads a video; NotFoundError if there is none."""
        row = self.database.one(_VIDEOS["get_video"], {"id": video_id})
        if row is None:
            raise no_such_video(video_id)
        return Video.from_row(row)

    def owner_of(self, video_id: str) -> str | None:
        """The owner of a video, which never changes; None: without an owner. NotFoundError if there is no
        video.
        """
        row = self.database.one(_VIDEOS["owner_of_video"], {"id": video_id})
        if row is None:
            raise no_such_video(video_id)
        owner: str | None = row["owner"]
        return owner

    def tracks_in_use(self, tracks_key: str) -> bool:
        """Whether any video has its tracks under this key. Once False, it stays False."""
        return self.database.one(_VIDEOS["tracks_in_use"], {"tracks_key": tracks_key}) is not None

    def list_videos(
        self,
        state: VideoState | str | None = None,
        q: str | None = None,
        limit: int = VIDEOS_PAGE_ITEMS,
        cursor: str | None = None,
        *,
        owner: str | None = None,
        preset: str | None = None,
        created_from: datetime | None = None,
        created_to: datetime | None = None,
    ) -> Page[Video]:
        """Lists videos, newest first. `q`: text in the file name, ignoring case. `owner` None: of all owners.
        `created_from` is inclusive, `created_to` exclusive; both have a time zone.

        UsageError for a limit out of range or a bad cursor.
        """
        before_created_at: datetime | None = None
        before_id: str | None = None
        if cursor is not None:
            before_created_at, before_id = decode_time_cursor(cursor)
        rows = self.database.all(
            _VIDEOS["list_videos"],
            {
                "state": None if state is None else _check_state(state),
                "owner": owner,
                "preset": preset,
                "created_from": created_from,
                "created_to": created_to,
                "pattern": f"%{escape_like(q)}%" if q else None,
                "before_created_at": before_created_at,
                "before_id": before_id,
                "limit": check_limit(limit) + 1,
            },
        )
        videos = [Video.from_row(row) for row in rows]
        return page_of(videos, limit, lambda video: time_place(video.created_at, video.id))

    def counts(self) -> dict[str, int]:
        """The number of videos in each state, with 0 for a state without one."""
        found = {row["state"]: row["number"] for row in self.database.all(_VIDEOS["count_videos"])}
        return {str(state): found.get(str(state), 0) for state in VideoState}

    def backlog(self, *, waiting: bool = True) -> Backlog:
        """The backlog; with `waiting` False, of videos in flight only."""
        return backlog(self.database, waiting=waiting)

    def cancel(self, video_id: str) -> Video:
        """Cancels a video: at once if it has no lease holder; otherwise sets `cancel_requested` for the
        holder.

        Repeating it is fine. ConflictError when it is done or failed, NotFoundError when there is none.
        """
        row = self.database.one(_VIDEOS["cancel_video"], {"id": video_id})
        if row is not None:
            video = Video.from_row(row)
            _log.info("video cancel", video_id=video_id, state=str(video.state))
            return video
        video = self.get(video_id)
        if video.state is VideoState.CANCELLED:
            return video
        raise ConflictError(f"The video is {video.state}; only one that waits or runs can be cancelled.")

    def retry(self, video_id: str) -> Video:
        """Queues a video again with all its attempts, and stores its doorbell.

        ConflictError unless it failed or was cancelled, NotFoundError when there is none.
        """
        video = self._queue_again("retry_video", video_id)
        if video is None:
            state = self.get(video_id).state
            raise ConflictError(f"The video is {state}; only a failed or cancelled one can be tried again.")
        _log.info("video retry", video_id=video_id)
        return video

    def resegment(
        self, video_id: str, settings: Mapping[str, Any], preset: str, *, keep_corrections: bool = True
    ) -> Video:
        """Queues a video again with other settings and all its attempts, and stores its doorbell.

        The tracks stay, and so does the timeline: readers get it until the new one is finished.
        `keep_corrections`: the new one respects what was corrected by hand. ConflictError
        unless it is done, NotFoundError when there is none.
        """
        video = self._queue_again(
            "resegment_video",
            video_id,
            settings=Jsonb(dict(settings)),
            preset=preset,
            keep_corrections=keep_corrections,
        )
        if video is None:
            state = self.get(video_id).state
            raise ConflictError(f"The video is {state}; only one that is done can be segmented anew.")
        _log.info("video resegment", video_id=video_id, preset=preset)
        return video

    def delete(self, video_id: str) -> Video:
        """Deletes the row in any state and returns it; NotFoundError if there is none.

        A lease holder notices at its next heartbeat. The caller removes media and results.
        """
        row = self.database.one(_VIDEOS["delete_video"], {"id": video_id})
        if row is None:
            raise no_such_video(video_id)
        _log.info("video deleted", video_id=video_id)
        return Video.from_row(row)

    def relay(self, publish: Callable[[Sequence[Doorbell]], None], limit: int = 100) -> int:
        """Hands up to `limit` waiting doorbells to `publish`, then deletes them; returns how many."""
        return outbox.relay(self.database, publish, limit)

    def _queue_again(self, statement: str, video_id: str, **values: Any) -> Video | None:
        """Changes the state and stores the doorbell in one transaction; None when the state does not allow
        it.
        """
        with self.database.transaction() as connection:
            values["traceparent"] = tracing.traceparent() or None
            row = connection.execute(_VIDEOS[statement], {"id": video_id, **values}).fetchone()
            if row is not None:
                outbox.put_doorbell(connection, video_id)
        return None if row is None else Video.from_row(row)


def no_such_video(video_id: str) -> NotFoundError:
    """The error for an id without a video, or with one that the caller may not see."""
    return NotFoundError(f"There is no video {video_id}; it may have been deleted.")


def _same_content(
    video: Video, filename: str, bytes_: int, sha256: str | None, preset: str, settings: Mapping[str, Any]
) -> Video:
    earlier = (video.filename, video.bytes, video.sha256, video.preset, video.settings)
    if earlier != (filename, bytes_, sha256, preset, dict(settings)):
        raise _key_reused("another file or other settings")
    return video


def _key_reused(what: str) -> ConflictError:
    return ConflictError(
        f"This Idempotency-Key came with {what} before; use a new one.", code="idempotency_key_reused"
    )


def _check_state(state: VideoState | str) -> str:
    try:
        return str(VideoState(state))
    except ValueError:
        names = ", ".join(VideoState)
        raise UsageError(f"There is no state {state!r}; choose one of {names}.", code="bad_state") from None
