"""Fixtures for browser tests of corrections on the whole stack; test modules import them by name.

A module has a fixture `film` of its own: the file of which each test gets a video.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page

from cluster.client import Client
from tests.support.stack.correcting import Corrected, corrected, edit

if TYPE_CHECKING:
    from tests.browser.conftest import NewPage


@pytest.fixture
def video(stack_url: str, film: Path) -> Iterator[Corrected]:
    """A video of the test's own. All have the same content, so only the first one is decoded."""
    with Client(stack_url) as client:
        yield corrected(client, stack_url.rstrip("/"), film)


@pytest.fixture
def page(video: Corrected, new_page: NewPage) -> Page:
    """Its page with the draft open."""
    page = new_page(video.url).page
    edit(page)
    return page


__all__ = ["page", "video"]
