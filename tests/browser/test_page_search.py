"""The search box: moments by words, grouped by video, opened where they are."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import STILL, NewPage, Site
from tests.support.api.shapes import moment
from tests.support.api.video import FakeVideo

SNIPPET = "🎬 We meet at the <b>old</b> bridge."


def hits(page: Page):  # type: ignore[no-untyped-def]  # Locator
    return page.locator(".hit")


def type_in(page: Page, text: str) -> None:
    page.get_by_role("searchbox").fill(text)


def position(page: Page) -> float:
    page.wait_for_function(
        "() => { const v = document.querySelector('video'); return v?.readyState >= 2 && !v.seeking; }"
    )
    seconds: float = page.locator("video").evaluate("video => video.currentTime")
    return seconds


@pytest.fixture
def found(site: Site, analysed: Callable[..., FakeVideo]) -> tuple[FakeVideo, FakeVideo]:
    """Two videos with moments about a bridge, three and one."""
    first, second = analysed("walk.mp4"), analysed("sea.mp4")
    still = f"/api/v1/videos/{first.document['id']}/thumbnails/{STILL}"
    site.api.moments = [
        moment(first.document, SNIPPET, 2.5, "bridge", thumbnail=still),
        moment(second.document, "A bridge over the sea", 0.5, "bridge", source="title"),
        moment(first.document, "suspension bridge", 1.0, "bridge", source="tag"),
        moment(first.document, "The bridge again.", 4.0, "bridge"),
    ]
    return first, second


def test_moments_are_grouped_by_video_with_their_matches_marked(
    site: Site, found: tuple[FakeVideo, FakeVideo], new_page: NewPage
) -> None:
    watched = new_page(site.url)
    page = watched.page
    type_in(page, "bridge")

    expect(hits(page)).to_have_count(4)
    expect(page.locator(".found-name")).to_have_text(["walk.mp4", "sea.mp4"])
    expect(page.locator(".found-video").first.locator(".hit")).to_have_count(3)
    expect(hits(page).first.locator(".hit-text")).to_have_text(SNIPPET)
    expect(page.locator(".hit mark")).to_have_text(["bridge"] * 4)
    expect(hits(page).first.locator(".hit-time")).to_have_text("0:00:02")
    expect(page.locator(".hit-source")).to_have_text(["said", "seen", "said", "title"])
    expect(hits(page).first.locator("img")).to_be_visible()
    expect(page.locator(".found [role=status]")).to_have_text("4 moments")
    assert page.locator(".hit b").count() == 0, "text is text"
    assert watched.errors == []


def test_what_is_found_by_its_meaning_alone_says_so(
    site: Site, found: tuple[FakeVideo, FakeVideo], new_page: NewPage
) -> None:
    same = moment(found[0].document, "It spans the river.", 6.0, "spans", ways=["meaning"], matches=[])
    site.api.moments = [*site.api.moments[:1], same]
    page = new_page(site.url).page
    type_in(page, "bridge")
    expect(hits(page)).to_have_count(2)
    expect(page.locator(".hit-source")).to_have_text(["said", "said, in other words"])
    expect(page.locator(".hit mark")).to_have_count(1)


def test_a_click_opens_the_video_at_the_moment(
    site: Site, found: tuple[FakeVideo, FakeVideo], new_page: NewPage
) -> None:
    page = new_page(site.url).page
    type_in(page, "bridge")

    hits(page).first.click()

    expect(page.locator(".video-name")).to_have_text("walk.mp4")
    assert position(page) == pytest.approx(2.5, abs=0.05)
    hits(page).nth(2).click()
    page.wait_for_function("() => document.querySelector('video').currentTime > 3.9")
    assert position(page) == pytest.approx(4.0, abs=0.05)
    page.go_back()
    expect(page.locator(".video-name")).to_be_hidden()


def test_the_address_of_a_moment_opens_it(
    site: Site, found: tuple[FakeVideo, FakeVideo], new_page: NewPage
) -> None:
    page = new_page(site.url).page
    type_in(page, "bridge")
    address = hits(page).first.get_attribute("href")

    other = new_page(f"{site.url}{address}").page

    expect(other.locator(".video-name")).to_have_text("walk.mp4")
    assert position(other) == pytest.approx(2.5, abs=0.05)
    other.get_by_role("link", name="sea.mp4").click()
    expect(other.locator(".video-name")).to_have_text("sea.mp4")
    assert "t=" not in other.url
    assert position(other) == pytest.approx(0.0, abs=0.05)


def test_it_works_without_a_mouse(site: Site, found: tuple[FakeVideo, FakeVideo], new_page: NewPage) -> None:
    page = new_page(site.url).page
    type_in(page, "bridge")
    expect(hits(page)).to_have_count(4)

    page.keyboard.press("ArrowDown")
    expect(hits(page).first).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(hits(page).nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("searchbox")).to_be_focused()
    for _ in range(9):
        page.keyboard.press("ArrowDown")
    expect(hits(page).last).to_be_focused()

    page.keyboard.press("Enter")

    expect(page.locator(".video-name")).to_have_text("sea.mp4")
    assert position(page) == pytest.approx(0.5, abs=0.05)
    page.keyboard.press("Escape")
    expect(page.locator(".found")).to_be_hidden()
    expect(page.get_by_role("searchbox")).to_be_focused()
    expect(page.get_by_role("searchbox")).to_have_value("")
    expect(page.locator(".library-link")).to_have_count(2)


def test_enter_opens_the_best_moment(
    site: Site, found: tuple[FakeVideo, FakeVideo], new_page: NewPage
) -> None:
    page = new_page(site.url).page
    type_in(page, "sea")
    expect(hits(page)).to_have_count(1)

    page.keyboard.press("Enter")

    expect(page.locator(".video-name")).to_have_text("sea.mp4")


def test_nothing_found_is_told_and_names_are_found_all_the_same(
    site: Site, found: tuple[FakeVideo, FakeVideo], new_page: NewPage
) -> None:
    page = new_page(site.url).page
    type_in(page, "walk")

    expect(page.locator(".found")).to_contain_text("No moment has these words.")
    expect(page.locator(".library-link")).to_have_count(1)
    expect(page.locator(".library-name")).to_have_text("walk.mp4")


def test_a_failure_is_told_and_can_be_tried_again(
    site: Site, found: tuple[FakeVideo, FakeVideo], new_page: NewPage
) -> None:
    site.api.search_problem = (500, "Something went wrong.")
    page = new_page(site.url).page
    type_in(page, "bridge")
    expect(page.locator(".found")).to_contain_text("Something went wrong.")

    page.get_by_role("button", name="Try again").click()

    expect(hits(page)).to_have_count(4)
    site.api.search_problem = (422, "q has no word to look for.")
    type_in(page, "-bridge")
    expect(page.locator(".found")).to_contain_text("q has no word to look for.")
    expect(page.get_by_role("button", name="Try again")).to_be_hidden()
    expect(hits(page)).to_have_count(0)


def test_one_letter_is_not_asked_for(
    site: Site, found: tuple[FakeVideo, FakeVideo], new_page: NewPage
) -> None:
    watched = new_page(site.url)
    type_in(watched.page, "b")
    expect(watched.page.locator(".library-link")).to_have_count(0)

    assert [url for url in watched.urls if "/search?" in url] == []
    type_in(watched.page, "桥")
    expect(watched.page.locator(".found")).to_contain_text("No moment")


def test_more_moments_come_below(site: Site, analysed: Callable[..., FakeVideo], new_page: NewPage) -> None:
    video = analysed()
    site.api.moments = [moment(video.document, f"A bridge, number {n}.", n / 10, "bridge") for n in range(35)]
    page = new_page(site.url).page
    type_in(page, "bridge")
    expect(hits(page)).to_have_count(30)
    expect(page.locator(".found [role=status]")).to_have_text("30 moments or more")

    page.get_by_role("button", name="Show more moments").click()

    expect(hits(page)).to_have_count(35)
    expect(hits(page).nth(30)).to_be_focused()
    expect(page.get_by_role("button", name="Show more moments")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_narrow_window(
    site: Site, found: tuple[FakeVideo, FakeVideo], new_page: NewPage, scheme: str
) -> None:
    page = new_page(site.url, viewport={"width": 390, "height": 844}, color_scheme=scheme).page
    type_in(page, "bridge")
    expect(hits(page).first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

    hits(page).first.click()

    expect(page.locator("video")).to_be_in_viewport()
