"""A real Chromium for the page's tests, a server for it, and clips whose frames can be told apart.

Debian's Chromium plays H.264; it is started with a new profile and without the calls a browser makes home.
"""

from __future__ import annotations

import asyncio
import queue
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import uvicorn
from playwright.sync_api import Browser, Page, Request, sync_playwright
from starlette.types import ASGIApp

from tests.support.media import NUMBER_BITS, Picture, make_media
from tests.support.servers.private import missing

EXECUTABLES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
START_WAIT_S = 120.0

CLIP_SIZE = (384, 216)

READ_FRAME_NUMBER = """video => {
    const canvas = document.createElement("canvas");
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    const context = canvas.getContext("2d");
    context.drawImage(video, 0, 0);
    const width = canvas.width / BITS;
    let number = 0;
    for (let bit = 0; bit < BITS; bit += 1) {
        const [red] = context.getImageData((bit + 0.5) * width, canvas.height / 16, 1, 1).data;
        if (red > 118) number |= 1 << bit;
    }
    return number;
}""".replace("BITS", str(NUMBER_BITS))
"""Which frame a media element shows, by the number that `tests.support.media` draws into it."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's browser; where there is none, the test is skipped (and fails in CI)."""
    found = next((path for name in EXECUTABLES if (path := shutil.which(name))), None)
    if found is None:
        missing("No Chromium on the PATH; `make test` installs it.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(ARGUMENTS))
        yield browser
        browser.close()


class Watched:
    """What a page asked for and complained about; `page` is the page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.urls: list[str] = []
        self.errors: list[str] = []
        page.on("request", self._asked)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _asked(self, request: Request) -> None:
        self.urls.append(request.url)

    def foreign(self, origin: str) -> list[str]:
        """Requests to anywhere but `origin`; data inside the page itself is not one."""
        return [url for url in self.urls if not url.startswith((f"{origin}/", "data:", "blob:"))]


@contextmanager
def serving(make_app: Callable[[], ASGIApp]) -> Iterator[str]:
    """The application, made inside the server's event loop, on a free port; gives its origin."""
    listening = socket.create_server(("127.0.0.1", 0))
    servers: queue.Queue[uvicorn.Server] = queue.Queue()

    async def serve() -> None:
        config = uvicorn.Config(make_app(), log_config=None, ws="none", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        servers.put(server)
        await server.serve(sockets=[listening])

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="page under test", daemon=True)
    thread.start()
    server = servers.get(timeout=START_WAIT_S)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def numbered_clip(
    path: Path, *, fps: int = 24, frames: int = 120, start_s: int = 0, codec: str = "libx264"
) -> Path:
    """A clip whose frames carry their numbers, a key frame a second; MP4, MKV or MPEG by the name."""
    options = {"preset": "ultrafast"} if codec == "libx264" else {}
    shots = [fps] * (frames // fps)
    timed = (lambda frame: Fraction(frame, fps) + start_s) if start_s else None
    picture = Picture(
        shots=shots, size=CLIP_SIZE, fps=Fraction(fps), codec=codec, options=options, gop=fps, time_of=timed
    )
    return make_media(path, picture)
