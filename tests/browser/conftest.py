"""One browser for these tests, and the page in front of an API whose state the test sets.

The browser ends with this package, not with the session: while it is open, Playwright keeps an event loop
running on the main thread, where other tests want to start theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from starlette.types import Receive, Scope, Send

from tests.support.api.fake import STILL, FakeApi
from tests.support.api.running import Api, api_over
from tests.support.api.shapes import segment
from tests.support.api.video import FakeVideo
from tests.support.browser import Watched, chromium, numbered_clip, serving
from tests.support.servers.private import SessionServers
from tests.support.servers.reverse_proxy import ReverseProxy
from ui.app import create_app

CUTS_S = (0.0, 1 / 24, 1.0, 49 / 24, 3.0, 4.5, 5.0)
"""Shots of the clip: at frames of 24 a second, most of which are no whole number of microseconds."""

LIMIT_MS = 60_000
"""For what a page is to do: on a busy machine the browser may take many times as long as else."""

expect.set_options(timeout=LIMIT_MS)

NewPage = Callable[..., Watched]


class _Current:
    """Hands requests to the API of the test that runs; the page's own server outlives it."""

    def __init__(self) -> None:
        self.api: FakeApi | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.api is not None
        await self.api.app(scope, receive, send)


@dataclass(frozen=True)
class Site:
    """The page's address and the API behind it."""

    url: str
    api: FakeApi

    def page_of(self, video: FakeVideo) -> str:
        """The address of a video's page."""
        return f"{self.url}/?v={video.document['id']}"


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def new_page(browser: Browser) -> Iterator[NewPage]:
    """Opens an address in a browser of its own (no cookies, no storage), and with `wait` for the panels."""
    contexts = []

    def open_page(url: str, *, wait: bool = True, **context: Any) -> Watched:
        made = browser.new_context(**({"viewport": {"width": 1440, "height": 900}} | context))
        made.set_default_timeout(LIMIT_MS)
        contexts.append(made)
        watched = Watched(made.new_page())
        watched.page.goto(url)
        if wait:
            watched.page.wait_for_selector("body[data-ready]")
        return watched

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def browser_page(browser: Browser) -> Iterator[Page]:
    """A page that a module's tests share."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    yield context.new_page()
    context.close()


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five seconds, 24 frames a second, each frame carrying its number."""
    return numbered_clip(tmp_path_factory.mktemp("clip") / "numbers.mp4")


@pytest.fixture(scope="package")
def _served() -> Iterator[tuple[str, _Current]]:
    current = _Current()

    def make() -> FastAPI:
        app = FastAPI(openapi_url=None)
        app.mount("/api/v1", current)
        return create_app(app)

    with serving(make) as url:
        yield url, current


@pytest.fixture
def site(_served: tuple[str, _Current], clip: Path, tmp_path: Path) -> Site:
    """The page with an API that has no videos yet."""
    url, current = _served
    Image.new("RGB", (160, 90), (30, 90, 150)).save(tmp_path / STILL)
    current.api = FakeApi(clip, tmp_path)
    return Site(url, current.api)


@dataclass(frozen=True)
class RealSite:
    """The page before the real API over real servers. `asked`: paths that came to the API and the page."""

    url: str
    api: Api
    asked: list[str]

    def page_of(self, video_id: str) -> str:
        """The address of a video's page."""
        return f"{self.url}/?v={video_id}"


@pytest.fixture(scope="module")
def real_site(_served: tuple[str, _Current], session_servers: SessionServers) -> Iterator[RealSite]:
    """Without actors: a test does through the stores what they would do, and stops where it wants."""
    with api_over(session_servers) as api:
        origin = api.url.removesuffix("/api/v1")
        # Files of these videos cannot be played, and a player that goes away leaves them open for a while.
        proxy = ReverseProxy({"/": _served[0], "/api/v1/": origin}, absent="/media")
        with serving(lambda: proxy) as url:
            yield RealSite(url, api, proxy.asked)


@pytest.fixture
def analysed(site: Site) -> Callable[..., FakeVideo]:
    """Makes a video whose shots, scenes and chapters are known; it is done unless `done=False`."""

    def make(
        filename: str = "film.mp4", *, done: bool = True, shift_s: float = 0.0, **more: Any
    ) -> FakeVideo:
        media = {
            "duration_s": CUTS_S[-1],
            "width": 320,
            "height": 180,
            "fps": 24.0,
            "frames": 120,
            "variable_frame_rate": False,
            "rotation": 0,
            "video_codec": "h264",
            "audio_codec": None,
        }
        video = site.api.add(filename, media=media, **more)
        still = f"/api/v1/videos/{video.document['id']}/thumbnails/{STILL}"
        times = [shift_s + time for time in CUTS_S]
        joins = {"shot": range(7), "scene": (0, 2, 4, 6), "chapter": (0, 6)}
        for level, at in joins.items():
            spans = zip(list(at)[:-1], list(at)[1:], strict=True)
            video.segments[level] = [
                segment(level, place, times[first], times[last], thumbnail=still, label=f"{level} {place}")
                for place, (first, last) in enumerate(spans)
            ]
        if done:
            site.api.finish(video)
        return video

    return make
