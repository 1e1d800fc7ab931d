"""Adjusting the segmentation on the page: tried while sliders move, applied as a new result, or left."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage, Site
from tests.support.api.shapes import SETTINGS
from tests.support.api.video import FakeVideo

SCENES = '.tl-segment[data-level="scene"]'


@pytest.fixture
def video(analysed: Callable[..., FakeVideo]) -> FakeVideo:
    """Six shots in three scenes."""
    return analysed(settings=SETTINGS)


@pytest.fixture
def page(site: Site, video: FakeVideo, new_page: NewPage) -> Page:
    """The video's page with the strip open."""
    video.document["media"]["start_s"] = 0.0
    page = new_page(site.page_of(video)).page
    expect(page.locator(SCENES)).to_have_count(3)
    with page.expect_response(lambda answer: answer.url.endswith("/resegment")):
        page.get_by_role("button", name="Adjust").click()  # the server loads the tracks ahead
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


def test_an_answer_that_comes_after_a_newer_change_does_not_take_its_place(
    video: FakeVideo, page: Page
) -> None:
    page.evaluate(
        """() => {
            const fetched = window.fetch;
            window.fetch = async (...request) => {
                const answer = await fetched(...request);
                if (String(request[0]).includes("resegment") && !window.letThrough)
                    await new Promise(resolve => { window.letThrough = resolve; });
                return answer;
            };
        }"""
    )
    page.get_by_label("From", exact=True).fill("0:01")
    page.get_by_label("From", exact=True).press("Enter")
    page.wait_for_function("Boolean(window.letThrough)")
    page.get_by_label("To", exact=True).evaluate(
        "field => { field.value = '4.5'; field.dispatchEvent(new Event('change')); window.letThrough(); }"
    )
    expect(page.locator('.tl-segment[data-level="shot"]')).to_have_count(3)
    expect(page.get_by_label("To", exact=True)).to_have_value("0:00:04.500")


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


def test_a_number_of_scenes_is_tried_in_place_of_the_slider(site: Site, video: FakeVideo, page: Page) -> None:
    page.get_by_label("Scenes, about").fill("2")
    page.get_by_label("Scenes, about").press("Enter")
    expect(page.locator(SCENES)).to_have_count(2)
    expect(page.get_by_label("Scenes", exact=True)).to_be_disabled()

    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".status .badge")).to_have_text("Queued")
    assert video.document["settings"]["scenes"] == 2
    assert video.document["settings"]["from_s"] is None


def test_jump_cuts_can_be_ignored(site: Site, video: FakeVideo, page: Page) -> None:
    jump_cuts = page.get_by_label("Jump cuts", exact=True)
    expect(jump_cuts).to_have_value("split")

    jump_cuts.select_option("are ignored")
    expect(page.get_by_text("A try: nothing is changed until you apply it.")).to_be_visible()
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".status .badge")).to_have_text("Queued")
    assert video.document["settings"]["jump_cuts"] == "ignore"


def test_a_part_leaves_the_rest_of_the_timeline_empty(site: Site, video: FakeVideo, page: Page) -> None:
    page.get_by_label("From", exact=True).fill("0:01")
    page.get_by_label("To", exact=True).fill("4.5")
    page.get_by_label("To", exact=True).press("Enter")
    expect(page.locator('.tl-segment[data-level="shot"]')).to_have_count(3)
    expect(page.get_by_label("From", exact=True)).to_have_value("0:00:01.000")

    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".status .badge")).to_have_text("Queued")
    assert (video.document["settings"]["from_s"], video.document["settings"]["to_s"]) == (1, 4.5)
    site.api.finish(video)
    site.api.change(video, revision=2)
    expect(page.get_by_role("group", name="Adjust the segmentation")).to_be_hidden()

    first = page.locator('.tl-segment[data-level="shot"]').first
    assert first.evaluate("cell => cell.style.left") == "20%"  # of the whole file's five seconds
    page.keyboard.press("End")
    expect(page.locator(".tl-segment.active")).to_have_count(0)
    expect(page.locator(".row[aria-current]")).to_have_count(0)
    page.get_by_role("button", name="shot at 0:00:01.000").click()
    expect(page.locator('.tl-segment.active[data-level="shot"]')).to_have_count(1)


def test_what_is_no_time_is_marked_and_what_the_server_refuses_is_told(
    site: Site, video: FakeVideo, page: Page
) -> None:
    before = posts(site, video)
    page.get_by_label("From", exact=True).fill("a minute")
    page.get_by_label("From", exact=True).press("Enter")
    expect(page.get_by_label("From", exact=True)).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text("From: a time such as 1:30 or 90.")).to_be_visible()
    assert posts(site, video) == before

    page.get_by_label("From", exact=True).fill("3")
    page.get_by_label("To", exact=True).fill("2")
    page.get_by_label("To", exact=True).press("Enter")
    expect(page.get_by_text("to_s must lie after from_s")).to_be_visible()
    expect(page.get_by_role("button", name="Apply")).to_be_disabled()
    expect(page.get_by_label("From", exact=True)).to_have_attribute("aria-invalid", "false")


@pytest.mark.parametrize("width", [320, 390, 500, 720, 820, 1024, 1200, 1440])
def test_no_control_is_cut_off_or_covered_in_any_window(page: Page, width: int) -> None:
    page.get_by_role("button", name="Clips").click()
    page.set_viewport_size({"width": width, "height": 900})

    crowded = page.evaluate(
        """() => [...document.querySelectorAll(".transport, .tl-bar, .tune-field, .tune-values, .tune-end")]
            .filter((row) => {
                const edge = row.closest(".panel").getBoundingClientRect().right;
                const parts = [...row.children].filter((part) => part.offsetWidth && !part.matches(".spacer"))
                    .map((part) => part.getBoundingClientRect());
                const meet = (one, other) => one.right > other.left + 1 && other.right > one.left + 1
                    && one.bottom > other.top + 1 && other.bottom > one.top + 1;
                const covered = parts.some((one, at) => parts.slice(at + 1).some((next) => meet(one, next)));
                const field = row.matches(".tune-field") && row.scrollWidth > row.clientWidth + 1;
                return covered || field || parts.some((part) => part.right > edge);
            }).map((row) => row.className)"""
    )

    assert crowded == []


def test_the_part_stays_when_another_kind_of_video_is_chosen(
    site: Site, video: FakeVideo, page: Page
) -> None:
    page.get_by_label("From", exact=True).fill("1")
    page.get_by_label("From", exact=True).press("Enter")
    expect(page.locator('.tl-segment[data-level="shot"]')).to_have_count(4)
    adjust = page.get_by_role("group", name="Adjust the segmentation")
    adjust.get_by_label("Kind of video").select_option("talk")
    expect(page.get_by_text("A try: nothing is changed until you apply it.")).to_be_visible()
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".status .badge")).to_have_text("Queued")
    assert (video.document["settings"]["preset"], video.document["settings"]["from_s"]) == ("talk", 1)
