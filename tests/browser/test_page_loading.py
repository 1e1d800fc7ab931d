"""What is seen before the page's script has run, and what a browser asks for to open the page."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import NewPage, Site
from tests.support.axe import violations
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


FAILING = {
    "old version": ("**/bundle.js", {"status": 404, "body": "There is nothing here."}),
    "broken script": ("**/bundle.js", {"content_type": "text/javascript", "body": "const = 1;"}),
    "broken panel": (
        "**/bundle.js",
        {"content_type": "text/javascript", "body": "export function mount() { throw new Error('broken'); }"},
    ),
    "no Gradio": ("**/assets/index-*.js", {"status": 404, "body": ""}),
}


@pytest.mark.parametrize("failing", FAILING)
def test_it_says_that_it_could_not_be_loaded_and_is_loaded_again(
    site: Site, new_page: NewPage, failing: str
) -> None:
    page = new_page("about:blank", wait=False, viewport={"width": 390, "height": 844}).page
    pattern, answer = FAILING[failing]
    page.route(pattern, lambda route: route.fulfill(**answer))  # type: ignore[arg-type]
    page.goto(site.url)

    told = page.get_by_role("alert").filter(has_text="The page could not be loaded")
    expect(told).to_be_visible()
    expect(page.locator("#skeleton")).to_have_attribute("aria-busy", "false")
    expect(page.get_by_text("Not ready yet")).to_be_hidden()
    assert violations(page) == []

    page.wait_for_load_state("networkidle")  # a file is preloaded, then imported: both have to fail
    page.unroute(pattern)
    told.get_by_role("button", name="Load it again").click()
    page.wait_for_selector("body[data-ready]")
    expect(told).to_be_hidden()


@pytest.mark.parametrize("width", [390, 1280])
def test_without_javascript_it_says_so_and_not_that_it_loads(
    site: Site, new_page: NewPage, width: int
) -> None:
    page = new_page(
        site.url, wait=False, java_script_enabled=False, viewport={"width": width, "height": 844}
    ).page

    told = page.locator("noscript p")  # its text is nothing to Playwright
    expect(told).to_be_visible()
    expect(page.get_by_text("loading")).to_have_count(2)
    for loading_text in page.get_by_text("loading").all():
        expect(loading_text).to_be_hidden()
