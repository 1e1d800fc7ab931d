"""Outbound connection with a deadline: other threads and a timer can cut it, which ends a blocked read at
once.

The read timeout of an HTTP client starts again with every byte. So a source that sends single bytes slowly
could keep its reader for ever. Knows neither HTTP nor the reason for a cut.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Line:
    """Outbound connection with a deadline. Holds one connection at a time; `hold` replaces it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._closed = False
        self._dropped = False

    @property
    def is_cut(self) -> bool:
        """Whether this side cut the present connection; then the bytes read are not the whole file."""
        with self._lock:
            return self._closed or self._dropped

    def hold(self, connection: socket.socket) -> None:
        """Makes `connection` the present one; it is cut at once if the line has been cut before."""
        with self._lock:
            self._socket = connection
            if self._closed or self._dropped:
                self._shut()

    def close(self) -> None:
        """Cuts the present connection and every later one. From any thread."""
        with self._lock:
            self._closed = True
            self._shut()

    def drop(self) -> None:
        """Cuts the present connection; later blocks of `dropped_after` may connect again. From any thread."""
        with self._lock:
            self._dropped = True
            self._shut()

    @contextmanager
    def dropped_after(self, seconds: float) -> Iterator[None]:
        """Deadline of the block: after so many seconds its connection is cut."""
        with self._lock:
            self._socket, self._dropped = None, False
        timer = threading.Timer(seconds, self.drop)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _shut(self) -> None:
        if self._socket is not None:
            # close() would not wake a thread blocked in a read. The plain socket's shutdown() is called and
            # not ssl.SSLSocket's: that one drops its TLS object, and the reader would take the encrypted
            # bytes that still arrive for the file.
            with suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
