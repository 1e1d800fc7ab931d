"""A web server on this machine that files are imported from, with every misbehaviour by path, and a receiver
of webhooks.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FILM = random.Random(4).randbytes(17 << 20)
"""Larger than two of the parts an import is stored in."""

OTHER_FILM = random.Random(5).randbytes(1 << 20)
OLD = "Wed, 01 Jan 2020 00:00:00 GMT"


@dataclass
class Seen:
    """One request that came."""

    path: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass
class Web:
    """What a server has seen; `gate` holds back /silent and paths below /gated."""

    url: str
    seen: list[Seen] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    answers: dict[str, list[int]] = field(default_factory=dict)
    films: dict[str, bytes] = field(default_factory=dict)

    def asked_for(self, path: str) -> list[Seen]:
        """The requests for one path, in order."""
        return [seen for seen in self.seen if seen.path == path]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    web: Web

    def do_GET(self) -> None:
        self.web.seen.append(Seen(self.path, {name.lower(): value for name, value in self.headers.items()}))
        count = len(self.web.asked_for(self.path))
        kind, _, rest = self.path.lstrip("/").partition("/")
        self.close_connection = True
        if self.path in self.web.films:
            self._send(self.web.films[self.path])
            return
        match kind:
            case "film.mp4" | "film.mp4?a=1":
                self._send(FILM)
            case "empty.mp4":
                self._send(b"")
            case "breaks":  # every connection gives so many bytes
                self._send(FILM, stop_after=int(rest.partition("/")[0]))
            case "breaks-early":  # likewise, of a film of four times as many
                bytes_ = int(rest)
                self._send(FILM[: 4 * bytes_], stop_after=bytes_)
            case "breaks-dated":
                self._send(FILM, stop_after=9 << 20, named={"Last-Modified": OLD})
            case "breaks-unnamed":  # no name for this version, so no ranges: whole at the third try
                self._send(FILM, stop_after=None if count > 2 else 9 << 20, named={}, ranges=False)
            case "strange-name":  # that cannot be sent back
                named = {"ETag": '"f\xfcr immer"'}
                self._send(FILM, stop_after=None if count > 1 else 9 << 20, named=named)
            case "changes":
                if count == 1:
                    self._send(FILM, stop_after=9 << 20)
                else:
                    self._send(OTHER_FILM, named={"ETag": '"other"'})
            case "lies":  # announces more than it has
                self._send(OTHER_FILM, announced=len(OTHER_FILM) + 1000, named={})
            case "wrong-part":
                self._send(FILM, stop_after=9 << 20 if count == 1 else None, shift=1)
            case "busy":
                self._plain(503) if count < 3 else self._send(FILM)
            case "status":
                self._plain(int(rest))
            case "bucket":  # as S3 answers: path style, every request signed
                self._object(rest, count)
            case "compressed":
                self._send(FILM, named={"Content-Encoding": "gzip"})
            case "moved":
                self._redirect("/film.mp4?a=1")
            case "inside":
                self._redirect(f"http://127.0.0.2:{self.web.url.rpartition(':')[2]}/film.mp4")
            case "metadata":
                self._redirect("http://169.254.169.254/latest/meta-data")
            case "file":
                self._redirect("file:///etc/passwd")
            case "loop":
                self._redirect("/loop")
            case "gated":
                self._send(FILM[: 9 << 20], stop_after=8 << 20, wait=self.web.gate)
            case "paced":  # the first connection would take a quarter of a minute
                self._send(FILM, pause_s=0.05 if count == 1 else None)
            case "drip":
                self.send_response(200)
                self.end_headers()
                self._drip()
            case "silent":
                self.send_response(200)
                self.end_headers()
                self.web.gate.wait(120)
            case "drip-frame":  # of a body in chunks: what stands before the first byte of the file
                self.send_response(200)
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                self._write(b"1;")
                self._drip()
            case "renamed" if count <= 9:  # another file each time, of which more comes than of the last
                self._send(FILM, stop_after=1000 * count, named={"ETag": f'"{count}"'})
            case "renamed" if count <= 12:
                self._plain(503)
            case "renamed":
                self.send_response(200)
                self.end_headers()
                self._drip()
            case "drip-head":
                self.send_response(200)
                self.flush_headers()
                self._drip()
            case "nonsense":
                self._redirect("http://[x")
            case "endless":
                self._endless()
            case _:
                self._plain(404)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.web.seen.append(
            Seen(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
        )
        self.close_connection = True
        waiting = self.web.answers.get(self.path) or [200]
        status = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if status == 0:  # hangs, a byte now and then
            self.send_response_only(200)
            self._drip()
        elif status == 302:
            self._redirect("/elsewhere")
        else:
            self._plain(status, bytes(100_000))

    def _send(
        self,
        body: bytes,
        *,
        stop_after: int | None = None,
        announced: int | None = None,
        named: dict[str, str] | None = None,
        ranges: bool = True,
        shift: int = 0,
        wait: threading.Event | None = None,
        pause_s: float | None = None,
    ) -> None:
        names = {"ETag": '"film"'} if named is None else named
        start, status = 0, 200
        asked = self.headers.get("Range")
        if asked and ranges and self.headers.get("If-Range") in (None, *names.values()):
            start, status = int(asked.removeprefix("bytes=").rstrip("-")), 206
        self.send_response(status)
        for name, value in names.items():
            self.send_header(name, value)
        if status == 206:
            self.send_header("Content-Range", f"bytes {start + shift}-{len(body) - 1}/{len(body)}")
        self.send_header("Content-Length", str((announced or len(body)) - start))
        self.end_headers()
        end = len(body) if stop_after is None else min(start + stop_after, len(body))
        if pause_s is None:
            self._write(body[start:end])
        else:
            self._pace(body[start:end], pause_s)
        if wait is not None and not start:
            self.wfile.flush()
            wait.wait(120)

    def do_HEAD(self) -> None:
        self.web.seen.append(Seen(self.path, {name.lower(): value for name, value in self.headers.items()}))
        self.close_connection = True
        self._object(self.path.removeprefix("/bucket/"), 0)

    def _object(self, key: str, count: int) -> None:
        signed = self.headers.get("Authorization", "").startswith("AWS4-HMAC-SHA256 Credential=reader/")
        if not signed or key == "denied.mp4":
            self._plain(403)
        elif key not in ("film.mp4", "breaks.mp4"):
            self._plain(404)
        elif self.headers.get("If-Match") not in (None, '"object"'):
            self._plain(412)
        elif key == "breaks.mp4" and count == 3:
            self._plain(400)  # what the driver does not try again by itself
        else:
            self._range(FILM, '"object"')

    def _range(self, body: bytes, etag: str) -> None:
        first, _, last = self.headers.get("Range", "").removeprefix("bytes=").partition("-")
        start, end = int(first or 0), int(last) + 1 if last else len(body)
        self.send_response(206 if first else 200)
        if first:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(body)}")
        self.send_header("Content-Length", str(end - start))
        self.send_header("ETag", etag)
        self.send_header("Last-Modified", OLD)
        self.end_headers()
        if self.command == "GET":
            self._write(body[start:end])

    def _endless(self) -> None:
        self.send_response(200)
        self.end_headers()
        while self._write(bytes(65536)):
            pass

    def _pace(self, body: bytes, pause_s: float) -> None:
        for at in range(0, len(body), 65536):
            if not self._write(body[at : at + 65536]):
                return
            time.sleep(pause_s)

    def _drip(self) -> None:
        while self._write(b"X"):
            time.sleep(0.05)

    def _write(self, data: bytes) -> bool:
        try:
            self.wfile.write(data)
        except (BrokenPipeError, ConnectionResetError):
            return False
        return True

    def _plain(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self._write(body)

    def _redirect(self, location: str) -> None:
        self.send_response(302)
        self.send_header("Location", location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


@contextmanager
def web_server() -> Iterator[Web]:
    """Listening on 127.0.0.1 until the block ends."""
    web = Web("")
    handler = type("Handler", (_Handler,), {"web": web})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    web.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield web
    finally:
        web.gate.set()
        server.shutdown()
        server.server_close()
        thread.join()
