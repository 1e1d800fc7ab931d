"""Adjusting the segmentation on the page: tried while sliders move, applied as a new result, or left."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage, Site
from tests.support.api.fake import FakeVideo

SETTINGS = {
    "preset": "default",
    "shot_sensitivity": 0.5,
    "scene_sensitivity": 0.5,
    "chapter_sensitivity": 0.5,
}
SCENES = '.tl-segment[data-level="scene"]'


@pytest.fixture
def video(analysed: Callable[..., FakeVideo]) -> FakeVideo:
    """Six shots in three scenes."""
    return analysed(settings=SETTINGS)


@pytest.fixture
def page(site: Site, video: FakeVideo, new_page: NewPage) -> Page:
    """The video's page with the strip open."""
    page = new_page(site.page_of(video)).page
    expect(page.locator(SCENES)).to_have_count(3)
    page.get_by_role("button", name="Adjust").click()
    return page


def posts(site: Site, video: FakeVideo) -> int:
    return site.api.requests.count(f"POST /api/v1/videos/{video.document['id']}/resegment")


def test_a_try_is_shown_and_changes_nothing_until_it_is_left(
    site: Site, video: FakeVideo, page: Page
) -> None:
    expect(page.get_by_role("button", name="Apply")).to_be_disabled()
    expect(page.get_by_label("Scenes", exact=True)).to_have_value("0.5")

    page.get_by_label("Scenes", exact=True).fill("0.8")
    expect(page.locator(SCENES)).to_have_count(6)
    expect(page.locator('.tune-field[data-level="scene"] .tune-count')).to_have_text("6+3")
    expect(page.locator(f"{SCENES}.added")).to_have_count(3)
    assert len(video.segments["scene"]) == 3

    page.get_by_role("button", name="Discard").click()
    expect(page.locator(SCENES)).to_have_count(3)
    expect(page.get_by_role("group", name="Adjust the segmentation")).to_be_hidden()


def test_only_where_a_slider_rests_is_tried(site: Site, video: FakeVideo, page: Page) -> None:
    before = posts(site, video)
    page.get_by_label("Scenes", exact=True).evaluate(
        """slider => { for (const value of [0.55, 0.6, 0.65, 0.7, 0.75]) {
            slider.value = value;
            slider.dispatchEvent(new Event("input", { bubbles: true }));
        } }"""
    )
    expect(page.locator(SCENES)).to_have_count(6)
    assert posts(site, video) == before + 1


def test_what_is_applied_becomes_the_result(site: Site, video: FakeVideo, page: Page) -> None:
    page.get_by_label("Scenes", exact=True).fill("0.8")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".status .badge")).to_have_text("Queued")
    expect(page.locator(SCENES)).to_have_count(6)
    assert video.document["settings"]["scene_sensitivity"] == 0.8

    site.api.finish(video)
    site.api.change(video, revision=2)
    expect(page.locator(".status .badge")).to_have_text("Done")
    expect(page.get_by_role("group", name="Adjust the segmentation")).to_be_hidden()
    expect(page.locator(SCENES)).to_have_count(6)


def test_another_kind_of_video_brings_its_own_settings(site: Site, video: FakeVideo, page: Page) -> None:
    page.get_by_role("group", name="Adjust the segmentation").get_by_label("Kind of video").select_option(
        "talk"
    )
    expect(page.get_by_text("A try: nothing is changed until you apply it.")).to_be_visible()
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".status .badge")).to_have_text("Queued")
    assert video.document["settings"]["preset"] == "talk"
