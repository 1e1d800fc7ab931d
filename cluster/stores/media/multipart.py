"""One S3 multipart upload by one writer, from begin to complete, with a few parts sent at the same time.

The object appears when `complete` succeeds, and not before. Used where one call has the whole content:
storing a stream, copying an object. Uploads that arrive over several requests are in `resumable.py`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

import structlog

from cluster.stores.media.s3_requests import DRIVER_ERRORS, S3Requests

_log = structlog.get_logger(__name__)


class Multipart:
    """Context manager of one multipart upload: aborts it, with its parts, unless it was completed."""

    def __init__(self, requests: S3Requests, key: str, at_once: int) -> None:
        self._requests = requests
        self._key = key
        self._at_once = at_once
        self._upload = requests.begin(key)
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="s3-parts")
        self._etags: dict[int, str] = {}
        self._bytes = 0
        self._under_way: deque[tuple[int, Future[str]]] = deque()
        self._completed = False

    def __enter__(self) -> Multipart:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Wait for the parts being sent: one that arrives after the abort could stay stored.
        self._threads.shutdown(cancel_futures=True)
        if self._completed:
            return
        try:
            self._requests.abort(self._key, self._upload)
        except DRIVER_ERRORS as abort_error:
            if error is None:
                raise
            # Keep the first error, which the caller needs; a lifecycle rule of the bucket removes the parts.
            _log.warning("upload not given up", key=self._key, reason=str(abort_error))

    def put(self, number: int, data: bytes) -> None:
        """Sends part `number`; waits while too many parts are being sent."""
        self._send(number, len(data), lambda: self._requests.put_part(self._key, self._upload, number, data))

    def copy(self, number: int, source: str, start: int, end: int) -> None:
        """Makes part `number` of bytes `start` to `end` (exclusive) of another object, within the store."""
        self._send(
            number,
            end - start,
            lambda: self._requests.copy_part(self._key, self._upload, number, source, start, end),
        )

    def complete(self) -> None:
        """Waits for all parts and completes the upload; the object exists when this returns."""
        self._wait(0)
        try:
            self._requests.complete(self._key, self._upload, self._etags)
        except FileNotFoundError:
            # botocore repeats a request that got no answer, and the first one may have completed the upload.
            if self._requests.head(self._key).bytes != self._bytes:
                raise
        self._completed = True

    def _send(self, number: int, bytes_: int, request: Callable[[], str]) -> None:
        self._wait(self._at_once - 1)
        self._under_way.append((number, self._threads.submit(request)))
        self._bytes += bytes_

    def _wait(self, left: int) -> None:
        while len(self._under_way) > left:
            number, part = self._under_way[0]
            self._etags[number] = part.result()
            self._under_way.popleft()
