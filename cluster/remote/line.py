"""The connection a file comes over, which other threads may cut: a read that waits for bytes ends at once.

Time limits of HTTP clients begin anew with every byte, so a source that sends one now and then would hold its
reader for as long as it likes. Knows neither HTTP nor why a connection is cut.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Line:
    """One connection after another, each reported by `hold`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._closed = False
        self._dropped = False

    @property
    def is_cut(self) -> bool:
        """Whether the present connection was ended on this side: what came of it is not all there was."""
        with self._lock:
            return self._closed or self._dropped

    def hold(self, connection: socket.socket) -> None:
        """`connection` is the present one."""
        with self._lock:
            self._socket = connection
            if self._closed or self._dropped:
                self._shut()

    def close(self) -> None:
        """End the present connection and every later one. From any thread."""
        with self._lock:
            self._closed = True
            self._shut()

    def drop(self) -> None:
        """End the present connection; later ones are fine. From any thread."""
        with self._lock:
            self._dropped = True
            self._shut()

    @contextmanager
    def dropped_after(self, seconds: float) -> Iterator[None]:
        """Connections made in the block end unless it ends within so many seconds."""
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
            # Closing would not wake who reads. The plain socket's method: that of TLS forgets its keys, and
            # the reader would take what is still coming for the file.
            with suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
