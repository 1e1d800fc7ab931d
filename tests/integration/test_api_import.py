"""POST /videos with a URL, against a real HTTP server on this machine that an operator allowed."""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from serve_app.addresses import IpAddress, is_public
from serve_app.app import create_app
from tests.support import api as support
from tests.support.api import Api

FILM = bytes(range(256)) * 9000


class Handler(BaseHTTPRequestHandler):
    """Files, redirects and misbehaviour by path."""

    def do_GET(self) -> None:
        host = self.headers["Host"]
        match self.path:
            case "/film.mp4?a=1":
                self._send(FILM)
            case "/empty.mp4":
                self._send(b"")
            case "/moved":
                self._redirect("/film.mp4?a=1")
            case "/inside":
                self._redirect(f"http://127.0.0.2:{host.rpartition(':')[2]}/film.mp4?a=1")
            case "/metadata":
                self._redirect("http://169.254.169.254/latest/meta-data")
            case "/file":
                self._redirect("file:///etc/passwd")
            case "/loop":
                self._redirect("/loop")
            case "/short":
                self.send_response(200)
                self.send_header("Content-Length", "1000000")
                self.end_headers()
                self.wfile.write(FILM[:1000])
            case "/endless-but-slow":
                self.send_response(200)
                self.end_headers()
                self._forever(pause_s=0.001)
            case "/endless":
                self.send_response(200)
                self.end_headers()
                self._forever()
            case _:
                self.send_error(404)

    def _send(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _redirect(self, location: str) -> None:
        self.send_response(302)
        self.send_header("Location", location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _forever(self, pause_s: float = 0.0) -> None:
        try:
            while True:
                self.wfile.write(bytes(65536))
                time.sleep(pause_s)
        except (BrokenPipeError, ConnectionResetError):
            return

    def log_message(self, *_: object) -> None:
        """Quiet."""


@contextmanager
def source() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    with source() as url:
        yield url


@pytest.fixture(scope="module")
def api(session_servers: support.SessionServers, origin: str) -> Iterator[Api]:
    allowed_port = int(origin.rpartition(":")[2])

    def only_the_source(address: IpAddress, port: int) -> bool:
        return is_public(address, port) or (str(address) == "127.0.0.1" and port == allowed_port)

    with support.api_over(
        session_servers, import_policy=only_the_source, limits={"file_bytes": 10_000_000}
    ) as running:
        yield running


def import_url(api: Api, url: str, **more: object) -> httpx.Response:
    return api.client.post("/videos", json={"url": url, **more})


def test_a_file_is_fetched_and_queued(api: Api, origin: str) -> None:
    answer = import_url(api, f"{origin}/film.mp4?a=1", preset="film", settings={"min_scene_s": 5})

    assert answer.status_code == 202
    video = answer.json()
    assert (video["filename"], video["bytes"]) == ("film.mp4", len(FILM))
    assert video["sha256"] == hashlib.sha256(FILM).hexdigest()
    assert (video["settings"]["preset"], video["settings"]["min_scene_s"]) == ("film", 5)
    with api.services.media.open(f"videos/{video['id']}/source") as stored:
        assert stored.read() == FILM


def test_redirects_are_followed(api: Api, origin: str) -> None:
    answer = import_url(api, f"{origin}/moved")

    assert answer.status_code == 202
    assert answer.json()["bytes"] == len(FILM)


@pytest.mark.parametrize("path", ["/inside", "/metadata", "/file"])
def test_a_redirect_to_the_inside_is_refused(api: Api, origin: str, path: str) -> None:
    answer = import_url(api, f"{origin}{path}")

    assert (answer.status_code, answer.json()["code"]) == (422, "address_refused")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/a.mp4",
        "http://localhost/a.mp4",
        "http://[::1]/a.mp4",
        "http://[::ffff:127.0.0.1]/a.mp4",
        "http://10.0.0.7/a.mp4",
        "http://192.168.1.1/a.mp4",
        "http://172.16.0.1/a.mp4",
        "http://169.254.169.254/latest/meta-data",
        "http://[fe80::1]/a.mp4",
        "http://[fd00::1]/a.mp4",
        "http://0.0.0.0/a.mp4",
        "http://100.64.0.1/a.mp4",
        "http://2130706433/a.mp4",
        "http://0x7f.1/a.mp4",
        "http://[64:ff9b::7f00:1]/a.mp4",
        "http://[2002:7f00:1::]/a.mp4",
        "http://224.0.0.1/a.mp4",
        "file:///etc/passwd",
        "ftp://example.org/a.mp4",
        "concat:a|b",
        "http:///a.mp4",
        "http://user:secret@93.184.215.14/a.mp4",
        "http://93.184.215.14:99999/a.mp4",
    ],
)
def test_only_public_addresses_are_fetched(api: Api, url: str) -> None:
    answer = import_url(api, url)

    assert (answer.status_code, answer.json()["code"]) == (422, "address_refused")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/nothing-here", 422, "import_failed"),
        ("/loop", 422, "import_failed"),
        ("/short", 422, "import_failed"),
        ("/empty.mp4", 422, "empty_file"),
        ("/endless", 413, "limit_exceeded"),
    ],
)
def test_a_source_that_gives_no_file_leaves_nothing(
    api: Api, origin: str, path: str, status: int, code: str
) -> None:
    before = api.client.get("/videos").json()

    answer = import_url(api, f"{origin}{path}")

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert api.client.get("/videos").json() == before
    directory = api.services.media.local_path("videos")
    assert directory is not None
    kept = {video["id"] for video in before["items"]}
    assert not directory.exists() or {path.name for path in directory.iterdir()} <= kept


def test_wrong_settings_are_refused_before_anything_is_fetched(api: Api) -> None:
    answer = import_url(api, "http://127.0.0.1:1/a.mp4", preset="opera")

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_settings")


def test_a_name_that_does_not_resolve(api: Api) -> None:
    answer = import_url(api, "http://no-such-host.invalid/a.mp4")

    assert (answer.status_code, answer.json()["code"]) == (422, "import_failed")


def test_a_client_that_leaves_ends_its_import(api: Api, origin: str) -> None:
    app = create_app(api.services)
    body = json.dumps({"url": f"{origin}/endless-but-slow"}).encode()
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": "/videos", "raw_path": b"/videos", "root_path": "", "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
    }  # fmt: skip
    videos = Path(api.services.settings.media_url.removeprefix("file://")) / "videos"
    before = set(videos.iterdir())

    async def ask_and_leave() -> None:
        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(_: Any) -> None:
            """Nobody reads the answer."""

        asked = asyncio.create_task(app(scope, receive, send))
        while not set(videos.iterdir()) - before:
            await asyncio.sleep(0.01)
        asked.cancel()  # as Serve does when the connection is gone
        with pytest.raises(asyncio.CancelledError):
            await asked

    asyncio.run(ask_and_leave())

    deadline = time.monotonic() + 20
    while set(videos.iterdir()) - before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert set(videos.iterdir()) == before
