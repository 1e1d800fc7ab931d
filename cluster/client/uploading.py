"""Handing videos in: a file in parts (tus 1.0.0, https://tus.io/protocols/resumable-upload), or an address.

Each part goes with its SHA-256. After a break the server is asked how far it came, for as long as
OUTAGE_PATIENCE_S passes without progress. Knows the protocol; what is remembered between two runs of a
program is in `cluster.client.resumption`.
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
"""The API refuses larger parts: Serve's proxy buffers a whole request body in memory."""

OUTAGE_PATIENCE_S = 120.0
"""How long silence is borne: Ray and the applications on it take about half of it to start anew."""

FINISHING_PATIENCE_S = 3600.0
"""How long the server may make a video of bytes that are all there: an object store copies a long film."""

_TUS = {"Tus-Resumable": "1.0.0"}
_PART = {**_TUS, "Content-Type": "application/offset+octet-stream"}


@dataclass(frozen=True, slots=True)
class _Stand:
    """How far an upload is; `video_id` once the server has made a video of it."""

    upload: str
    offset: int
    video_id: str | None = None

    def after(self, answer: httpx.Response) -> _Stand:
        """As an answer tells it."""
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
    """Upload a file in parts, resuming where a broken connection left it; the video's id.

    `on_bytes` is told how many bytes are safely stored, at the start and after each part. With `resumption`,
    an upload of the same file that an earlier run left unfinished is continued. UsageError if the file
    becomes shorter meanwhile, OSError if it cannot be read.
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
    """Have the server fetch a video from an address; the video, whose state tells how that goes."""
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
    """Have the server fetch up to a thousand addresses; what became of each, in their order.

    An item is an address, or an object as `POST /videos` takes it, with `idempotency_key` if wanted. `preset`
    and `priority` are for those without one; the server takes them for `batch` if nothing is said.
    """
    common = given(preset=preset, priority=priority)
    wanted = [common | ({"url": item} if isinstance(item, str) else item) for item in items]
    headers = {IDEMPOTENCY_KEY: idempotency_key or new_key()}
    answer = yield from fetched("POST", "/videos:batch", json={"items": wanted}, headers=headers)
    told: list[BatchItem] = answer["items"]
    return told


def _begun(name: str, length: int, wishes: Json) -> Op[_Stand]:
    described = {"filename": name, **wishes}
    # A name that is no UTF-8 comes with surrogates, which cannot be sent.
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
    """An upload of an earlier run; None if the server has forgotten it."""
    try:
        answer = yield from request("HEAD", upload_, headers=_TUS)
    except NotFoundError:
        return None
    if int(answer.headers["Upload-Length"]) != length:
        return None
    return _Stand(upload_, 0).after(answer)


def _sent_on(path: Path, stand: _Stand, part_bytes: int) -> Op[_Stand]:
    """At least one byte further, however often the connection breaks meanwhile."""
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
    """The video of an upload whose bytes are all there, and which another request may be finishing."""
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
