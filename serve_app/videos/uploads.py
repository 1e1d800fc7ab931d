"""Resumable uploads on the stores: parts written straight through, the offset in PostgreSQL.

What holds, whatever dies when: bytes below the offset are stored and are never written again; a part
written but not acknowledged is simply sent again; a finished upload becomes exactly one video, because the
video's id is chosen when the upload begins and is the key under which the finishing steps, each harmless to
repeat, are done.

SHA-256 is counted as parts pass through this replica. Python cannot store the state of a running hash, so
after a restart, or when another replica took some parts, the missing stretch is read back from the media
store (about 1 s/GB) rather than carried along with every part. Knows no HTTP.
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
from cluster.stores.postgres.upload_lock import upload_lock
from cluster.stores.postgres.uploads import EXPIRED_AT_ONCE, Upload
from cluster.telemetry import tracing
from serve_app.services import ApiServices
from serve_app.videos.intake import StoredFile, VideoOptions, key_reused
from serve_app.videos.webhooks import kept_webhook, webhook_in
from serve_app.web.problems import Problem

if TYPE_CHECKING:
    from hashlib import _Hash

_log = structlog.get_logger(__name__)

FINISHED_ELSEWHERE_S = 0.3  # at most, on one of the few threads that finish: who asks will ask again
_LOOK_S = 0.05
LEFT_AFTER_S = 60.0  # since its last part: somebody who is alive has begun to finish it by then
MAX_DIGESTS = 1024  # running hashes kept; one that is dropped costs reading back, nothing else


@dataclass(frozen=True, slots=True)
class _Digest:
    upto_bytes: int
    sha256: _Hash


class RunningDigests:
    """SHA-256 of the first bytes of each upload, as far as this process has seen them."""

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
    """The life of an upload. Methods block on the stores; safe to share between threads."""

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
        """Begin an upload. `metadata` is the client's header, given back on request as it was.

        The earlier one for a repeated `key` (see `serve_app.videos.intake.client_key`), as far as it has
        come; Problem `idempotency_key_reused` if that was another file.
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
        """The upload; NotFoundError when there is none (any more)."""
        return self._uploads.get(upload_id)

    def finish(self, upload_id: str) -> Upload:
        """The upload, made a video first if its bytes are complete; as it is while another replica does that.

        NotFoundError when there is none (any more).
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
        """Append one part; the upload as it stands afterwards, for `finish` if that was the last part.

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
        """Forget an upload and its bytes; the video a finished one became stays. NotFoundError if unknown."""
        with upload_lock(self._services.jobs.database, upload_id) as held:
            if not held:
                raise _locked()
            upload = self._uploads.get(upload_id)
            self._discard(upload)
            self._uploads.delete(upload_id)
        self._digests.take(upload)

    def sweep(self) -> int:
        """Finish what a dead replica left, and remove what has expired; the number of uploads removed."""
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
        """Its client has sent every byte, and may never ask again."""
        try:
            self.finish(upload_id)
        except (ScenestreamError, OSError) as error:
            _log.warning("upload not finished", upload_id=upload_id, reason=str(error))

    def _sweep_away(self, upload_id: str) -> bool:
        with upload_lock(self._services.jobs.database, upload_id) as held:
            return held and self._uploads.expire(upload_id, self._discard)

    def _discard(self, upload: Upload) -> None:
        """Remove the bytes of an upload, also where an interrupted finish has moved them to already."""
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
        """Under the lock: turn a complete upload into its video. Each step may have been done before."""
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
        """The complete file at its final place, and its SHA-256."""
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
    """Of its bytes, not of the row: what a repeated key begins anew has the id of the upload before."""
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
