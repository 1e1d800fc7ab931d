"""Resumable uploads: writes parts directly to the media store and their offset to PostgreSQL.

After a crash at any point the following holds. Bytes below the offset are stored and are never written again.
A part that was written but not acknowledged is sent again by the client. A complete upload becomes exactly
one video: the video's id is chosen when the upload begins, and every finishing step uses that id and can be
repeated without harm.

SHA-256 is computed while parts pass through this replica. Python cannot store the state of a running hash. So
after a restart, or when another replica took some parts, the missing bytes are read back from the media store
(about 1 s/GB). Knows no HTTP.
"""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import structlog
from cachetools import LRUCache

from cluster.contract.vocabulary import INTERACTIVE
from cluster.errors import ConflictError, NotFoundError, ScenestreamError, UsageError
from cluster.stores.ids import new_id
from cluster.stores.media.keys import all_of, source_key, upload_key
from cluster.stores.postgres.intake.lock import upload_lock
from cluster.stores.postgres.intake.uploads import EXPIRED_AT_ONCE, Upload
from cluster.telemetry import tracing
from serve_app.services import ApiServices
from serve_app.videos.intake import StoredFile, VideoOptions, key_reused
from serve_app.videos.webhooks import kept_webhook, webhook_in
from serve_app.web.problems import Problem

if TYPE_CHECKING:
    from hashlib import _Hash

_log = structlog.get_logger(__name__)

FINISHED_ELSEWHERE_S = 0.3
"""Wait for another replica that finishes the same upload. Short, because it holds one of few threads; the
client asks again."""
_LOOK_S = 0.05  # between two looks at that upload
LEFT_AFTER_S = 60.0
"""Time since the last part after which a complete upload counts as left by a dead replica. A replica that is
alive begins to finish it at once."""
MAX_DIGESTS = 1024  # running hashes in memory; for one that was dropped the file is read back


@dataclass(frozen=True, slots=True)
class _Digest:
    upto_bytes: int
    sha256: _Hash


class RunningDigests:
    """LRU cache of running SHA-256 hashes, one an upload, of the bytes that passed through this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: LRUCache[str, _Digest] = LRUCache(MAX_DIGESTS)

    def take(self, upload: Upload) -> _Digest:
        """Remove and return the running digest; an empty one when there is none."""
        with self._lock:
            return self._running.pop(_name(upload), None) or _Digest(0, hashlib.sha256())

    def put(self, upload: Upload, digest: _Digest) -> None:
        """Keep a running digest."""
        with self._lock:
            self._running[_name(upload)] = digest


class UploadService:
    """Begins, writes, finishes and removes uploads. Methods block on the stores; thread-safe."""

    def __init__(self, services: ApiServices) -> None:
        self._services = services
        self._uploads = services.jobs.uploads
        self._digests = RunningDigests()

    def create(
        self,
        length_bytes: int,
        wanted: VideoOptions,
        metadata: str,
        owner: str | None,
        key: str | None = None,
    ) -> Upload:
        """Begin an upload of `length_bytes`. `metadata`: the client's header, returned unchanged on request.

        For a `key` used before (see `serve_app.videos.intake.client_key`), returns the earlier upload in its
        current state; Problem `idempotency_key_reused` if that was another file. Problem `limit_exceeded` for
        a file that is too large.
        """
        limit = self._services.settings.limits.file_bytes
        if length_bytes > limit:
            raise Problem("limit_exceeded", f"Files of up to {limit} bytes are taken, not {length_bytes}.")
        kept = {
            "client": metadata,
            "preset": wanted.preset,
            "settings": wanted.settings,
            "priority": wanted.priority,
            "video_id": new_id(),
            "traceparent": tracing.traceparent(),
        } | kept_webhook(wanted.webhook)
        expires_s = self._services.settings.http.upload_expires_s
        begin = partial(
            self._uploads.create,
            filename=wanted.filename,
            length_bytes=length_bytes,
            metadata=kept,
            expires_s=expires_s,
            owner=owner,
        )
        if key is None:
            return begin(new_id())
        # The key is in the id, so that the table's primary key keeps two requests from both beginning.
        upload_id = hashlib.sha256(f"upload {key}".encode()).hexdigest()[: len(new_id())]
        with upload_lock(self._services.jobs.database, upload_id) as held:
            if not held:
                raise ConflictError("The Idempotency-Key is in use by a request under way; try again.")
            try:
                upload = self._uploads.get(upload_id)
            except NotFoundError:
                self._uploads.expire(upload_id, self._discard)  # if it is not swept away yet
                return begin(upload_id)
        if (upload.length_bytes, upload.metadata["client"]) != (length_bytes, metadata):
            raise key_reused()
        return upload

    def get(self, upload_id: str) -> Upload:
        """The upload. NotFoundError if it does not exist or has expired."""
        return self._uploads.get(upload_id)

    def finish(self, upload_id: str) -> Upload:
        """Make the video of a complete upload, and return the upload.

        Returned unchanged if it is incomplete, or while another replica finishes it. NotFoundError if it does
        not exist or has expired.
        """
        look_until = time.monotonic() + FINISHED_ELSEWHERE_S
        while True:
            with upload_lock(self._services.jobs.database, upload_id) as held:
                upload = self._uploads.get(upload_id)
                if held:
                    return self._finish(upload)
            if upload.video_id is not None or time.monotonic() > look_until:
                return upload
            time.sleep(_LOOK_S)

    def write(self, upload_id: str, offset: int, data: bytes) -> Upload:
        """Append one part and return the upload after it. After the last part call `finish`.

        Problems: `upload_offset_mismatch` (the part does not start at the end), `too_large` (it goes beyond
        the announced length), `upload_locked` (another request is writing).
        """
        with upload_lock(self._services.jobs.database, upload_id) as held:
            if not held:
                raise _locked()
            upload = self._uploads.get(upload_id)
            if offset != upload.offset_bytes:
                raise _wrong_offset(upload.offset_bytes)
            end = offset + len(data)
            if end > upload.length_bytes:
                raise Problem("too_large", f"The upload was announced with {upload.length_bytes} bytes.")
            if data:
                self._append(upload, data)
            return self._uploads.get(upload_id)

    def delete(self, upload_id: str) -> None:
        """Remove an upload and its bytes. The video of a finished upload stays. NotFoundError if unknown."""
        with upload_lock(self._services.jobs.database, upload_id) as held:
            if not held:
                raise _locked()
            upload = self._uploads.get(upload_id)
            self._discard(upload)
            self._uploads.delete(upload_id)
        self._digests.take(upload)

    def sweep(self) -> int:
        """Finish complete uploads that a dead replica left, remove expired ones; the number removed."""
        for upload_id in self._uploads.left_complete(LEFT_AFTER_S):
            self._finish_left(upload_id)
        removed = 0
        while expired := self._uploads.expired():
            gone = sum(map(self._sweep_away, expired))
            removed += gone
            if not gone or len(expired) < EXPIRED_AT_ONCE:  # what is left others are at
                break
        if removed:
            _log.info("expired uploads removed", uploads=removed)
        return removed

    def _finish_left(self, upload_id: str) -> None:
        """Finish an upload whose client has sent every byte and may never send another request."""
        try:
            self.finish(upload_id)
        except (ScenestreamError, OSError) as error:
            _log.warning("upload not finished", upload_id=upload_id, reason=str(error))

    def _sweep_away(self, upload_id: str) -> bool:
        with upload_lock(self._services.jobs.database, upload_id) as held:
            return held and self._uploads.expire(upload_id, self._discard)

    def _discard(self, upload: Upload) -> None:
        """Remove the bytes of an upload, also those that an interrupted `finish` has moved already."""
        self._services.media.delete(upload_key(upload.id))
        if upload.video_id is None and upload.is_complete:
            video_id = str(upload.metadata["video_id"])
            try:
                self._services.jobs.get(video_id)
            except NotFoundError:
                self._services.media.delete(all_of(video_id))

    def _append(self, upload: Upload, data: bytes) -> None:
        offset, end = upload.offset_bytes, upload.offset_bytes + len(data)
        self._services.media.write_at(upload_key(upload.id), offset, data)
        if not self._uploads.advance(upload.id, offset, end):
            raise _wrong_offset(self._uploads.get(upload.id).offset_bytes)
        digest = self._digests.take(upload)
        if digest.upto_bytes == offset:
            digest.sha256.update(data)
            digest = _Digest(end, digest.sha256)
        self._digests.put(upload, digest)

    def _finish(self, upload: Upload) -> Upload:
        """Make the video of a complete upload, under its lock. Each step may have been done before."""
        if not upload.is_complete or upload.video_id is not None:
            return upload
        stored = self._settle(upload)
        trace = str(upload.metadata.get("traceparent", ""))
        tracing.record("upload", upload.created_at, parent=trace, bytes=stored.bytes)
        with tracing.under(trace):
            video, _ = self._services.jobs.create_video(
                video_id=stored.video_id,
                filename=upload.filename,
                bytes_=stored.bytes,
                sha256=stored.sha256,
                media_key=stored.key,
                preset=upload.metadata["preset"],
                settings=upload.metadata["settings"],
                # Of this beginning: with a client's key, a later upload may have the id of this one.
                idempotency_key=f"upload:{stored.video_id}",
                owner=upload.owner,
                webhook=webhook_in(upload.metadata),
                priority=upload.metadata.get("priority", INTERACTIVE),  # none: begun before there were any
            )
        self._uploads.finish(upload.id, video.id)
        _log.info("upload finished", upload_id=upload.id, video_id=video.id, bytes=upload.length_bytes)
        return self._uploads.get(upload.id)

    def _settle(self, upload: Upload) -> StoredFile:
        """Move the complete file to its final key, and compute its SHA-256."""
        media = self._services.media
        video_id = str(upload.metadata["video_id"])
        source, target = upload_key(upload.id), source_key(video_id)
        if media.exists(target) and not media.exists(source):
            return StoredFile(video_id, upload.length_bytes, self._sha256(upload, target))
        try:
            media.finish_parts(source, upload.length_bytes)
        except UsageError:
            # Joined before, and the parts are gone: only then is the whole there without them.
            if not media.exists(source) or media.size(source) != upload.length_bytes:
                raise
        sha256 = self._sha256(upload, source)
        media.move(source, target)
        return StoredFile(video_id, upload.length_bytes, sha256)

    def _sha256(self, upload: Upload, key: str) -> str:
        digest = self._digests.take(upload)
        if digest.upto_bytes < upload.length_bytes:
            for block in self._services.media.read_range(key, digest.upto_bytes, upload.length_bytes):
                digest.sha256.update(block)
        self._digests.put(upload, _Digest(upload.length_bytes, digest.sha256))
        return digest.sha256.hexdigest()


def _name(upload: Upload) -> str:
    """Name of the upload's bytes: the id of its video.

    Not the upload's id: with an idempotency key, a later upload can have the id of one that expired.
    """
    return str(upload.metadata["video_id"])


def _wrong_offset(stands_at: int) -> Problem:
    return Problem(
        "upload_offset_mismatch",
        f"The upload stands at {stands_at} bytes; continue there.",
        headers={"Upload-Offset": str(stands_at)},
    )


def _locked() -> Problem:
    return Problem(
        "upload_locked", "Another request is writing to this upload. Ask for its offset and go on."
    )
