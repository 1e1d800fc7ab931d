"""One multipart upload from its beginning to its end by one writer, a few parts on their way at a time.

The object appears when `complete` returns and never else. Used where the whole content passes by in one go: a
stream that is stored, an object that is copied. Uploads that arrive in requests of their own are in
`resumable.py`.
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
    """As a context manager: what is left incomplete is given up, parts and all."""

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
        # Parts on their way end first: one that arrives after the upload was given up could stay behind.
        self._threads.shutdown(cancel_futures=True)
        if self._completed:
            return
        try:
            self._requests.abort(self._key, self._upload)
        except DRIVER_ERRORS as abort_error:
            if error is None:
                raise
            # What went wrong first is what the caller must hear of; a lifecycle rule clears the rest away.
            _log.warning("upload not given up", key=self._key, reason=str(abort_error))

    def put(self, number: int, data: bytes) -> None:
        """Part `number`; waits while too many are on their way."""
        self._send(number, len(data), lambda: self._requests.put_part(self._key, self._upload, number, data))

    def copy(self, number: int, source: str, start: int, end: int) -> None:
        """Part `number`, from bytes `start` to `end` (exclusive) of another object."""
        self._send(
            number,
            end - start,
            lambda: self._requests.copy_part(self._key, self._upload, number, source, start, end),
        )

    def complete(self) -> None:
        """The object is there, with all of its parts, when this returns."""
        self._wait(0)
        try:
            self._requests.complete(self._key, self._upload, self._etags)
        except FileNotFoundError:
            # The request is made again where no answer came: the first time may have done it.
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
