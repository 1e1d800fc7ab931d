"""Uploads of files in parts (tus 1.0.0, https://tus.io/protocols/resumable-upload), and imports of addresses.

Each part is sent with its SHA-256. After a break the client asks the server for the offset and goes on from
there; it gives up after OUTAGE_PATIENCE_S without progress. Knows the protocol; `cluster.client.resumption`
keeps the notes between two runs of a program.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from cluster.client.requests import Json, fetched, given, new_key, pause_s, request
from cluster.client.resumption import Resumption
from cluster.client.steps import Op, Pause, worked
from cluster.client.types import BatchItem, Priority, Video
from cluster.contract.protocol import IDEMPOTENCY_KEY
from cluster.errors import ConflictError, NotFoundError, UnavailableError, UsageError

PART_BYTES = 8 << 20
"""Bytes of one part. The API refuses larger ones: Ray Serve's proxy holds a whole request body in memory."""

OUTAGE_PATIENCE_S = 120.0
"""Seconds without progress before an upload fails. Ray and its applications restart in about half of it."""

FINISHING_PATIENCE_S = 3600.0
"""Seconds that the server may take to make the video once all bytes are there: S3 copies a long film."""

_TUS = {"Tus-Resumable": "1.0.0"}
_PART = {**_TUS, "Content-Type": "application/offset+octet-stream"}


@dataclass(frozen=True, slots=True)
class _Stand:
    """Offset of an upload; `video_id` is set once the server has made a video of it."""

    upload: str
    offset: int
    video_id: str | None = None

    def after(self, answer: httpx.Response) -> _Stand:
        """The state in a response's headers."""
        return _Stand(
            self.upload, int(answer.headers["Upload-Offset"]), answer.headers.get("Scenestream-Video-Id")
        )


def upload(
    path: Path,
    *,
    preset: str | None = None,
    settings: Json | None = None,
    webhook: Json | None = None,
    priority: Priority | None = None,
    on_bytes: Callable[[int], None] | None = None,
    resumption: Resumption | None = None,
    part_bytes: int = PART_BYTES,
) -> Op[str]:
    """Uploads a file in parts and returns the video's id; goes on from the offset after a broken connection.

    `on_bytes` gets the number of stored bytes, at the start and after each part. With `resumption`, it
    continues an upload of the same file that an earlier run left unfinished. UsageError if the file becomes
    shorter meanwhile, OSError if it cannot be read.
    """
    length = (yield from worked(path.stat)).st_size
    objects = {"settings": settings or None, "webhook": webhook}
    texts = {name: json.dumps(value, sort_keys=True) for name, value in objects.items() if value is not None}
    wishes = given(preset=preset or None, priority=priority) | texts
    key = None if resumption is None else (yield from worked(lambda: resumption.key(path, wishes)))
    stand = None
    if resumption is not None and key is not None:
        left = yield from worked(lambda: resumption.recall(key))
        stand = None if left is None else (yield from _continued(left, length))
    if stand is None:
        stand = yield from _begun(path.name, length, wishes)
        if resumption is not None and key is not None:
            upload_ = stand.upload
            yield from worked(lambda: resumption.remember(key, upload_))
    if on_bytes:
        on_bytes(stand.offset)
    while stand.offset < length:
        stand = yield from _sent_on(path, stand, part_bytes)
        if on_bytes:
            on_bytes(stand.offset)
    video_id = stand.video_id or (yield from _finished(stand))
    if resumption is not None and key is not None:
        yield from worked(lambda: resumption.forget(key))
    return video_id


def import_url(
    url: str,
    *,
    preset: str | None = None,
    settings: Json | None = None,
    webhook: Json | None = None,
    priority: Priority | None = None,
    idempotency_key: str | None = None,
) -> Op[Video]:
    """Imports a video: the server downloads it from an address. Returns the video; its state shows the
    progress.
    """
    body = given(
        url=url, preset=preset or None, settings=settings or None, webhook=webhook, priority=priority
    )
    headers = {IDEMPOTENCY_KEY: idempotency_key or new_key()}
    video: Video = yield from fetched("POST", "/videos", json=body, headers=headers)
    return video


def import_batch(
    items: Sequence[str | Json],
    *,
    preset: str | None = None,
    priority: Priority | None = None,
    idempotency_key: str | None = None,
) -> Op[list[BatchItem]]:
    """Imports up to a thousand addresses in one request; returns the result of each, in the order of the
    items.

    An item is an address, or an object as `POST /videos` takes it, with an optional `idempotency_key`.
    `preset` and `priority` hold for items without their own; the server's default priority here is `batch`.
    """
    common = given(preset=preset, priority=priority)
    wanted = [common | ({"url": item} if isinstance(item, str) else item) for item in items]
    headers = {IDEMPOTENCY_KEY: idempotency_key or new_key()}
    answer = yield from fetched("POST", "/videos:batch", json={"items": wanted}, headers=headers)
    told: list[BatchItem] = answer["items"]
    return told


def _begun(name: str, length: int, wishes: Json) -> Op[_Stand]:
    described = {"filename": name, **wishes}
    # Python gives a file name that is not UTF-8 with surrogates, which cannot be sent.
    pairs = ((word, text.encode("utf-8", "replace")) for word, text in described.items())
    headers = {
        **_TUS,
        "Upload-Length": str(length),
        "Upload-Metadata": ",".join(f"{word} {base64.b64encode(raw).decode()}" for word, raw in pairs),
        IDEMPOTENCY_KEY: new_key(),
    }
    answer = yield from request("POST", "/uploads", headers=headers)
    location = answer.headers["Location"].rstrip("/").rsplit("/", 1)[-1]
    return _Stand(f"/uploads/{location}", 0).after(answer)


def _continued(upload_: str, length: int) -> Op[_Stand | None]:
    """State of an upload that an earlier run began; None if the server no longer has it."""
    try:
        answer = yield from request("HEAD", upload_, headers=_TUS)
    except NotFoundError:
        return None
    if int(answer.headers["Upload-Length"]) != length:
        return None
    return _Stand(upload_, 0).after(answer)


def _sent_on(path: Path, stand: _Stand, part_bytes: int) -> Op[_Stand]:
    """Sends parts until at least one more byte is stored, with retries after broken connections."""
    part, checksum = yield from worked(lambda: _read(path, stand.offset, part_bytes))
    headers = {**_PART, "Upload-Offset": str(stand.offset), "Upload-Checksum": checksum}
    waited_s, attempt = 0.0, 0
    while True:
        try:
            answer = yield from request("PATCH", stand.upload, content=part, headers=headers)
            return stand.after(answer)
        except (UnavailableError, ConflictError, UsageError) as error:
            passes = isinstance(error, (UnavailableError, ConflictError)) or error.code == "checksum_mismatch"
            if not passes or waited_s >= OUTAGE_PATIENCE_S:
                raise
        yield Pause(pause_s(attempt))
        waited_s, attempt = waited_s + pause_s(attempt), attempt + 1
        try:
            reached = stand.after((yield from request("HEAD", stand.upload, headers=_TUS, tries=1)))
        except UnavailableError:
            continue
        if reached.offset != stand.offset:
            return reached


def _read(path: Path, offset: int, part_bytes: int) -> tuple[bytes, str]:
    with path.open("rb") as file:
        file.seek(offset)
        part = file.read(part_bytes)
    if not part:
        raise UsageError(f"The file became shorter while it was sent: it ends before {offset} bytes.")
    return part, f"sha256 {base64.b64encode(hashlib.sha256(part).digest()).decode()}"


def _finished(stand: _Stand) -> Op[str]:
    """Waits for the video of an upload whose bytes are all stored; another request may be making it."""
    waited_s, silent_s, attempt = 0.0, 0.0, 0
    while waited_s < FINISHING_PATIENCE_S and silent_s < OUTAGE_PATIENCE_S:
        wait_s = pause_s(attempt)
        try:
            reached = stand.after((yield from request("HEAD", stand.upload, headers=_TUS)))
            silent_s = 0.0
        except UnavailableError:
            reached = stand
            silent_s += wait_s
        if reached.video_id:
            return reached.video_id
        yield Pause(wait_s)
        waited_s, attempt = waited_s + wait_s, attempt + 1
    raise UnavailableError(
        "The server has every byte but made no video of them yet; submit the file again later."
    )
