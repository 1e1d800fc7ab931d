"""A TCP proxy on loopback that cuts its connections when told to: a network failure between two live ends."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit, urlunsplit


class TcpProxy:
    """Listens on `port` and forwards to `target_port` on 127.0.0.1."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._due: list[tuple[int, Callable[[], None]]] = []
        self.sent_bytes = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # close() alone does not wake an accept() in another thread
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """Breaks every connection there is; new ones are welcome."""
        with self._lock:
            for side in self._sockets:
                with suppress(OSError):
                    side.shutdown(socket.SHUT_RDWR)
                side.close()
            self._sockets.clear()

    def when_sent(self, bytes_: int, do: Callable[[], None]) -> None:
        """Calls `do` once so many bytes have gone towards the server."""
        with self._lock:
            self._due.append((bytes_, do))

    def _sent(self, bytes_: int) -> None:
        with self._lock:
            self.sent_bytes += bytes_
            now = [item for item in self._due if item[0] <= self.sent_bytes]
            self._due = [item for item in self._due if item not in now]
        for _, do in now:
            do()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._target_port))
            with self._lock:
                self._sockets += [client, server]
            for source, target, told in ((client, server, self._sent), (server, client, None)):
                threading.Thread(target=_forward, args=(source, target, told), daemon=True).start()


def _forward(source: socket.socket, target: socket.socket, told: Callable[[int], None] | None) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
            if told:
                told(len(data))
    for side in (source, target):
        with suppress(OSError):
            side.shutdown(socket.SHUT_RDWR)


def through(url: str, proxy: TcpProxy) -> str:
    """The URL of a server by way of the proxy in front of it."""
    parts = urlsplit(url)
    account = parts.netloc.rpartition("@")[0]
    return urlunsplit(parts._replace(netloc=f"{account}@127.0.0.1:{proxy.port}"))
