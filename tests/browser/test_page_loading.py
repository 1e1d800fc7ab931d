"""What is seen before the page's script has run, and what a browser asks for to open the page."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import NewPage, Site
from tests.support.browser import Watched

GRADIO = "gradio-app *"
PLACES = {
    ".sk-top": ".top",
    ".sk-upload": ".panel.upload",
    ".sk-drop": ".drop-zone",
    ".sk-library": ".panel.library",
}
"""Parts of the skeleton, and what takes their place."""


def loading(site: Site, new_page: NewPage, width: int, path: str = "/") -> tuple[Watched, Route]:
    """A page whose script has been asked for and has not come."""
    watched = new_page("about:blank", wait=False, viewport={"width": width, "height": 800})
    held: list[Route] = []
    watched.page.route("**/bundle.js", lambda route: held.append(route))
    with watched.page.expect_request("**/bundle.js"):
        watched.page.goto(site.url + path, wait_until="commit")
    expect(watched.page.locator("#skeleton")).to_be_visible()
    # Gradio has made its panels, and what it shows meanwhile: all of it stays unseen.
    watched.page.wait_for_selector("#panel-timeline", state="attached")
    return watched, held[0]


def corners(page: Page, selectors: list[str]) -> list[tuple[float, float, float]]:
    """Left, top and width of each, in px."""
    boxes = [page.locator(selector).bounding_box() for selector in selectors]
    return [(box["x"], box["y"], box["width"]) for box in boxes if box]


@pytest.mark.parametrize("width", [390, 1024, 1280])
def test_panels_take_the_place_of_the_skeleton(site: Site, new_page: NewPage, width: int) -> None:
    watched, script = loading(site, new_page, width)
    page = watched.page
    seen = page.locator(GRADIO).evaluate_all(
        "all => all.filter((one) => getComputedStyle(one).visibility !== 'hidden').length"
    )
    assert seen == 0
    before = corners(page, list(PLACES))
    assert len(before) == len(PLACES)

    script.continue_()
    page.wait_for_selector("body[data-ready]")
    expect(page.locator("#skeleton")).to_have_count(0)
    expect(page.locator(".drop-zone")).to_be_visible()
    for was, now in zip(before, corners(page, list(PLACES.values())), strict=True):
        assert now == pytest.approx(was, abs=1)
    assert watched.errors == []


def test_the_page_of_a_video_has_another_skeleton(site: Site, new_page: NewPage) -> None:
    page = loading(site, new_page, 1280, f"/?v={'0' * 32}")[0].page

    expect(page.locator(".sk-screen")).to_be_visible()
    expect(page.locator(".sk-welcome")).to_be_hidden()


def test_one_script_and_one_style_sheet_are_asked_for(site: Site, new_page: NewPage) -> None:
    watched = new_page(site.url)
    watched.page.wait_for_load_state("networkidle")

    ours = sorted({url.rpartition("/")[2] for url in watched.urls if "/page/" in url})
    assert ours == ["bundle.css", "bundle.js"]
