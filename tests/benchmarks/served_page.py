"""The page before the API of the tests, which keeps everything in memory: for what its benchmarks measure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import FastAPI

from tests.support.api.fake import FakeApi
from tests.support.browser import serving
from ui.app import create_app


@contextmanager
def page_before(api: FakeApi) -> Iterator[str]:
    """The address of the start page."""

    def make() -> FastAPI:
        app = FastAPI(openapi_url=None)
        app.mount("/api/v1", api.app)
        return create_app(app)

    with serving(make) as url:
        yield url
