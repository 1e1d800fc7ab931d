"""The page behind a proxy that serves the whole stack below a path, as people's servers do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewPage
from tests.support.browser import serving
from tests.support.servers.reverse_proxy import ReverseProxy
from tests.support.stack.whole import Stack

PREFIX = "/scenes"
ANALYSIS_MS = 240_000
SHOTS = '.tl-segment[data-level="shot"]'


TELLING = {"X-Forwarded-Prefix": PREFIX, "X-Forwarded-Host": "films.example", "Host": "films.example"}


@pytest.fixture(params=[{}, TELLING], ids=["told nothing", "told prefix and name"])
def headers(request: pytest.FixtureRequest) -> dict[str, str]:
    """What the proxy adds to requests. Of requests that say they came by a proxy a key is asked for."""
    return dict(request.param)


@pytest.fixture
def address(headers: dict[str, str], stack_url: str) -> Iterator[str]:
    """Where the stack's page is, below the prefix."""
    proxy = ReverseProxy({"/": stack_url.rstrip("/")}, prefix=PREFIX, headers=headers)
    with serving(lambda: proxy) as origin:
        yield f"{origin}{PREFIX}/"


def test_everything_works_below_a_path(
    address: str, headers: dict[str, str], stack: Stack, new_page: NewPage, clip: Path
) -> None:
    watched = new_page(address)
    page = watched.page
    if headers:
        made = stack.cli("keys", "create", "proxied")
        (key,) = re.findall(r"sk_\w+_[\w-]{43}", made.stdout)
        page.get_by_label("API key").fill(key)
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    answers: list[tuple[int, str]] = []
    page.on("response", lambda answer: answers.append((answer.status, answer.url)))
    blocked: list[str] = []
    page.on("console", lambda said: blocked.append(said.text) if "Content Security" in said.text else None)
    page.reload()
    page.wait_for_selector("body[data-ready]")

    page.locator("#upload-files").set_input_files(clip)
    page.wait_for_url("**/scenes/?v=*")
    expect(page.locator(".status .badge")).to_have_text("Done", timeout=ANALYSIS_MS)
    expect(page.locator(SHOTS).first).to_be_visible()
    page.wait_for_function("() => document.querySelector('video')?.readyState >= 2")
    page.wait_for_function(
        "() => [...document.querySelectorAll('.segment-row img')].some(image => image.naturalWidth > 0)"
    )
    page.locator(".brand").click()
    expect(page.get_by_role("heading", name="See how a video is made")).to_be_visible()
    assert page.url == address

    assert watched.foreign(address.rstrip("/")) == []
    assert [url for status, url in answers if status >= 400 and "still.webp" not in url] == []
    assert blocked == []
    assert watched.errors == []


def test_link_previews_are_ours(stack_url: str, new_page: NewPage) -> None:
    document = new_page(stack_url).page.request.get(stack_url).text()

    assert "<title>Scenestream</title>" in document
    assert 'property="og:title" content="Scenestream"' in document
    assert 'property="og:description" content="Finds the shots' in document
    assert "Click to try out" not in document
    assert 'content="Gradio"' not in document
