"""The Python client of the HTTP API; the command line is built on it.

Speaks HTTP only (httpx): resumable uploads in parts (tus 1.0.0, https://tus.io/protocols/resumable-upload),
problem documents (RFC 9457) turned into the exceptions of `cluster.errors`. Knows no store and no Ray.
"""

from __future__ import annotations

import base64
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

from cluster.errors import (
    ConflictError,
    InvalidSettingsError,
    LimitExceededError,
    NotFoundError,
    ScenestreamError,
    UnavailableError,
    UsageError,
)

PART_BYTES = 8 << 20
"""The API refuses larger parts: Serve's proxy buffers a whole request body in memory."""

OUTAGE_PATIENCE_S = 120.0
"""How long `wait` bears silence: Ray and the applications on it take about half of it to start anew."""

API_KEY_VARIABLE = "SCENESTREAM_API_KEY"

TERMINAL_STATES = frozenset({"done", "failed", "cancelled"})
_RETRIES = 8
_TUS = {"Tus-Resumable": "1.0.0"}

Json = dict[str, Any]


class Client:
    """A connection to one Scenestream installation.

    >>> with Client("http://127.0.0.1:8000") as client:
    ...     video_id = client.upload(Path("film.mp4"))
    ...     client.wait(video_id)
    ...     for scene in client.segments(video_id, level="scene"):
    ...         print(scene["start_s"], scene["end_s"], scene["label"])

    Every method raises a `cluster.errors.ScenestreamError`: `UnavailableError` where nothing answers at
    the address, otherwise the class and `code` of the server's problem document.
    """

    def __init__(self, base_url: str, *, api_key: str | None = None, timeout_s: float = 60.0) -> None:
        """`api_key` None: that of the environment (SCENESTREAM_API_KEY), if there is one."""
        self.base_url = base_url.rstrip("/")
        key = os.environ.get(API_KEY_VARIABLE, "") if api_key is None else api_key
        self._http = httpx.Client(
            base_url=f"{self.base_url}/api/v1",
            timeout=timeout_s,
            headers={"Authorization": f"Bearer {key}"} if key else None,
        )

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def page_url(self, video_id: str) -> str:
        """The address of the video's page, for people."""
        return f"{self.base_url}/?v={video_id}"

    # ------------------------------------------------------------------ videos

    def upload(
        self,
        path: Path,
        *,
        preset: str | None = None,
        settings: Json | None = None,
        on_bytes: Callable[[int], None] | None = None,
    ) -> str:
        """Upload a file in parts, resuming where a broken connection left it; returns the video's id.

        `on_bytes` is told the number of bytes that are safely stored, after each part.
        """
        length = path.stat().st_size
        described = {"filename": path.name}
        if preset:
            described["preset"] = preset
        if settings:
            described["settings"] = json.dumps(settings)
        metadata = ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in described.items())
        created = self._call(
            "POST", "/uploads", headers={**_TUS, "Upload-Length": str(length), "Upload-Metadata": metadata}
        )
        upload = f"/uploads/{created.headers['Location'].rstrip('/').rsplit('/', 1)[-1]}"
        video_id: str | None = created.headers.get("Scenestream-Video-Id")
        with path.open("rb") as file:
            offset = 0
            while offset < length:
                offset, video_id = self._put_part(upload, file.seek, file.read, offset)
                if on_bytes:
                    on_bytes(offset)
        return video_id or self._finished(upload)

    def _finished(self, upload: str) -> str:
        """The video of an upload whose bytes are all there, and which another request may be finishing."""
        for attempt in range(_RETRIES):
            video_id = self._call("HEAD", upload, headers=_TUS).headers.get("Scenestream-Video-Id")
            if video_id:
                return str(video_id)
            time.sleep(_pause_s(attempt))
        raise UnavailableError(
            f"{self.base_url} has every byte but made no video of them yet; submit the file again later."
        )

    def _put_part(
        self, upload: str, seek: Callable[[int], object], read: Callable[[int], bytes], offset: int
    ) -> tuple[int, str | None]:
        """Send one part; after a failure ask the server how far it came. Returns (offset, video id)."""
        for attempt in range(_RETRIES):
            seek(offset)
            part = read(PART_BYTES)
            if not part:
                raise UsageError(f"The file became shorter while it was sent: it ends at {offset} bytes.")
            try:
                answer = self._call(
                    "PATCH",
                    upload,
                    content=part,
                    headers={
                        **_TUS,
                        "Upload-Offset": str(offset),
                        "Content-Type": "application/offset+octet-stream",
                    },
                )
            except (UnavailableError, ConflictError):
                if attempt + 1 == _RETRIES:
                    raise
                time.sleep(_pause_s(attempt))
                try:
                    answer = self._call("HEAD", upload, headers=_TUS)
                except UnavailableError:
                    continue
                if int(answer.headers["Upload-Offset"]) == offset:
                    continue
            return int(answer.headers["Upload-Offset"]), answer.headers.get("Scenestream-Video-Id")
        raise UnavailableError(f"{self.base_url} stopped answering during the upload; submit the file again.")

    def import_url(self, url: str, *, preset: str | None = None, settings: Json | None = None) -> str:
        """Have the server fetch a video from an address; returns the video's id."""
        body: Json = {"url": url}
        if preset:
            body["preset"] = preset
        if settings:
            body["settings"] = settings
        video: Json = self._call("POST", "/videos", json=body, timeout=3600.0).json()
        return str(video["id"])

    def video(self, video_id: str) -> Json:
        """The video's state, as the contract's `Video`."""
        found: Json = self._call("GET", f"/videos/{video_id}").json()
        return found

    def videos(self, *, state: str | None = None, q: str | None = None) -> Iterator[Json]:
        """All videos, newest first."""
        yield from self._pages("/videos", {"state": state, "q": q})

    def segments(self, video_id: str, *, level: str | None = None) -> Iterator[Json]:
        """The segments in time order: provisional ones while the work goes on, final ones after."""
        yield from self._pages(f"/videos/{video_id}/segments", {"level": level, "limit": "1000"})

    def audio_track(self, video_id: str) -> list[Json]:
        """What is heard, stretch by stretch; empty where the file has no sound."""
        found: list[Json] = self._call("GET", f"/videos/{video_id}/audio-track").json()["items"]
        return found

    def export(self, video_id: str, *, format_: str, level: str | None = None) -> bytes:
        """The result in a format other tools read."""
        params = {"format": format_} | ({"level": level} if level else {})
        return self._call("GET", f"/videos/{video_id}/export", params=params).content

    def cancel(self, video_id: str) -> Json:
        """Stop the work on a video."""
        stopped: Json = self._call("POST", f"/videos/{video_id}/cancel").json()
        return stopped

    def retry(self, video_id: str) -> Json:
        """Queue a failed or cancelled video again."""
        queued: Json = self._call("POST", f"/videos/{video_id}/retry").json()
        return queued

    def delete(self, video_id: str) -> None:
        """Remove a video and everything that came of it."""
        self._call("DELETE", f"/videos/{video_id}")

    def cluster(self) -> Json:
        """The pool, the queue and the servers, as `GET /cluster` gives them."""
        found: Json = self._call("GET", "/cluster").json()
        return found

    def wait(
        self, video_id: str, *, on_video: Callable[[Json], None] | None = None, poll_s: float = 0.5
    ) -> Json:
        """Poll until the video is done, failed or cancelled; an API that restarts is waited for."""
        answered_at = time.monotonic()
        while True:
            try:
                video = self.video(video_id)
                answered_at = time.monotonic()
            except UnavailableError:
                if time.monotonic() - answered_at > OUTAGE_PATIENCE_S:
                    raise
            else:
                if on_video:
                    on_video(video)
                if video["state"] in TERMINAL_STATES:
                    return video
            time.sleep(poll_s)

    # ---------------------------------------------------------------- plumbing

    def _pages(self, path: str, params: dict[str, str | None]) -> Iterator[Json]:
        asked = {k: v for k, v in params.items() if v is not None}
        while True:
            page = self._call("GET", path, params=asked).json()
            yield from page["items"]
            if not page["next_cursor"]:
                return
            asked["cursor"] = page["next_cursor"]

    def _call(self, method: str, path: str, **request: Any) -> httpx.Response:
        try:
            answer = self._http.request(method, path, **request)
        except httpx.TransportError as error:
            raise UnavailableError(
                f"No answer from {self.base_url} ({error or type(error).__name__}). "
                "Is the stack up? `scenestream up` starts it, `scenestream status` shows it."
            ) from error
        if answer.is_success:
            return answer
        raise _as_error(answer)


def _pause_s(attempt: int) -> float:
    return min(8.0, 0.25 * 2.0**attempt)


def _as_error(answer: httpx.Response) -> ScenestreamError:
    """The exception that a problem document stands for."""
    try:
        problem = answer.json()
        code = str(problem["code"])
        message = str(problem.get("detail") or problem.get("title"))
    except (ValueError, KeyError, TypeError):
        return _not_from_the_api(answer)
    if code == InvalidSettingsError.code:
        return InvalidSettingsError(message)
    by_status: dict[int, type[ScenestreamError]] = {
        404: NotFoundError,
        409: ConflictError,
        413: LimitExceededError,
        423: ConflictError,
        429: UnavailableError,
        502: UnavailableError,
        503: UnavailableError,
        504: UnavailableError,
    }
    fallback = UsageError if answer.is_client_error else ScenestreamError
    return by_status.get(answer.status_code, fallback)(message, code=code)


def _not_from_the_api(answer: httpx.Response) -> ScenestreamError:
    """Serve's proxy answers by itself, in plain text, while it has no API to ask: 404 before the first route
    is known, 5xx when the replica is gone. That passes.
    """
    code, said = f"http_{answer.status_code}", f"{answer.status_code} {answer.reason_phrase}"
    if answer.status_code == 404 or answer.is_server_error:
        return UnavailableError(
            f"No API answers at {answer.url.copy_with(path='/', query=None)} ({said}): it is starting, or "
            "something else listens there. `scenestream status` shows the stack.",
            code=code,
        )
    return (UsageError if answer.is_client_error else ScenestreamError)(said, code=code)
