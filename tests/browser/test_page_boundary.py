"""A boundary that one can open: by click, key and tap, with its frames, its evidence and its curves."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import CUTS_S, NewPage, Site
from tests.support.api.video import FakeVideo
from tests.support.browser import READ_FRAME_NUMBER, numbered_clip

SHOTS = '.tl-segment[data-level="shot"]'
FPS = 24
SETTINGS = {"preset": "default", "scene_sensitivity": 0.5, "scenes": None, "from_s": None, "to_s": None}
READ_CANVAS = READ_FRAME_NUMBER.replace("video.videoWidth", "video.width").replace(
    "video.videoHeight", "video.height"
)
"""The same of a canvas, which has the picture's number in the same place."""


@pytest.fixture
def video(analysed: Callable[..., FakeVideo]) -> FakeVideo:
    """Numbers of its own frames, shots of unlike confidence, and a dissolve of six frames."""
    video = analysed(settings=SETTINGS)
    for segment in (segment for level in video.segments.values() for segment in level):
        segment["start_frame"], segment["end_frame"] = (
            round(segment[end] * FPS) for end in ("start_s", "end_s")
        )
    for shot, confidence in zip(video.segments["shot"], (1.0, 0.9, 0.35, 0.996, 0.6, 0.8), strict=True):
        shot["start_boundary"]["confidence"] = confidence
    video.segments["shot"][4]["start_boundary"] |= {
        "kind": "dissolve",
        "from_s": 3 - 3 / FPS,
        "to_s": 3 + 3 / FPS,
        "topic": 0.25,
    }
    change = [0.0] * 100
    change[40] = 1.0
    curves = [{"name": "transition", "unit": "", "min": change, "max": change}]
    video.signals = {"revision": 1, "start_s": 0.0, "end_s": 5.0, "points": 100, "curves": curves}
    return video


@pytest.fixture
def page(site: Site, video: FakeVideo, new_page: NewPage) -> Page:
    return opened(new_page, site.page_of(video))


def opened(new_page: NewPage, address: str, **context: object) -> Page:
    page = new_page(address, **context).page
    page.wait_for_function("() => document.querySelector('video')?.readyState >= 2")
    expect(page.locator(SHOTS)).to_have_count(6)
    return page


def pane(page: Page) -> Locator:
    return page.get_by_role("region", name="Boundary")


def frames(page: Page) -> list[int]:
    """The numbers that the pictures of the pane carry."""
    expect(page.locator(".frames")).to_have_attribute("data-state", "read")
    pictures = page.locator(".frames canvas")
    return [pictures.nth(place).evaluate(READ_CANVAS) for place in range(pictures.count())]


def at_boundary(page: Page, place: int) -> tuple[float, float]:
    """Where a shot begins, in px of the window."""
    box = page.locator(f'{SHOTS}[data-index="{place}"]').bounding_box()
    assert box is not None
    return box["x"], box["y"] + box["height"] / 2


def test_a_click_on_a_boundary_opens_it_with_two_frames_on_either_side(page: Page) -> None:
    x, y = at_boundary(page, 3)
    page.mouse.click(x + 2, y)

    expect(pane(page)).to_contain_text("shot 4", ignore_case=True)
    assert frames(page) == [47, 48, 49, 50]
    expect(page.locator(".frame figcaption")).to_have_text(
        ["before · 47", "before · 48", "after · 49", "after · 50"]
    )
    expect(page.locator(".clock").first).to_have_text("0:00:02.042")
    expect(page.locator(".tl-row[data-level=shot] .tl-selected")).to_be_visible()
    mark = page.locator(".tl-row[data-level=shot] .tl-selected").bounding_box()
    assert mark is not None
    assert mark["x"] + mark["width"] / 2 == pytest.approx(x, abs=2)


def test_a_click_elsewhere_on_the_segment_seeks_and_opens_nothing(page: Page) -> None:
    page.locator(f'{SHOTS}[data-index="3"]').click()

    expect(page.locator(".clock").first).to_have_text("0:00:02.042")
    expect(page.locator(".drawer")).to_be_hidden()


def test_kind_extent_confidence_and_cues_are_told(page: Page) -> None:
    x, y = at_boundary(page, 4)
    page.mouse.click(x, y)

    expect(page.locator(".facts")).to_contain_text("dissolve")
    expect(page.locator(".facts")).to_contain_text("0:00:03.000 · frame 72")
    expect(page.locator(".facts")).to_contain_text("0:00:02.875 – 0:00:03.125 · 0.25 s")
    assert frames(page) == [67, 68, 75, 76]
    expect(pane(page).locator(".meter")).to_have_text(
        ["Confidence60 %", "Picture97 %", "Sound41 %", "New topic25 %", "New scene62 %"]
    )
    widths = pane(page).locator(".meter-bar i").evaluate_all("bars => bars.map(bar => bar.style.width)")
    assert widths == ["60%", "97%", "41%", "25%", "62%"]


def test_the_curves_around_it_are_drawn_with_the_boundary_in_them(page: Page) -> None:
    """The change of this film is in the column of 2 seconds; the pane shows the whole five."""
    x, y = at_boundary(page, 2)
    page.mouse.click(x, y)
    curves = page.get_by_role(
        "img", name="Change of the picture and loudness from 0:00:00.000 to 0:00:05.000"
    )
    expect(curves).to_be_visible()

    rows = page.wait_for_function(
        """() => { const canvas = document.querySelector(".curves");
            const at = (share) => { const x = Math.floor(canvas.width * share);
                const data = canvas.getContext("2d").getImageData(x, 0, 1, canvas.height).data;
                return [...Array(canvas.height).keys()].filter(row => data[4 * row + 3] > 200).length; };
            const found = [at(0.405), at(0.7)];
            return found[0] > 0 && [...found, canvas.height]; }"""
    ).json_value()
    assert rows[0] > 0.8 * rows[2]
    assert rows[1] < 0.2 * rows[2]


def test_keys_open_walk_and_close(page: Page) -> None:
    page.keyboard.press("]")
    page.keyboard.press("Enter")
    expect(pane(page)).to_contain_text("shot 2", ignore_case=True)
    page.keyboard.press("2")
    expect(pane(page)).to_contain_text("scene 1", ignore_case=True)

    page.get_by_role("button", name="Next boundary of this level").click()
    expect(pane(page)).to_contain_text("scene 2", ignore_case=True)
    expect(page.locator(".clock").first).to_have_text("0:00:01.000")
    page.keyboard.press("Escape")
    expect(page.locator(".drawer")).to_be_hidden()

    page.locator(".tl-row[data-level=chapter] [tabindex='0']").focus()
    tip = page.get_by_role("tooltip")
    expect(tip).to_contain_text("chapter 1", ignore_case=True)
    page.keyboard.press("Enter")
    expect(pane(page)).to_contain_text("chapter 1", ignore_case=True)


def test_a_tap_opens_it(site: Site, video: FakeVideo, new_page: NewPage) -> None:
    page = opened(new_page, site.page_of(video), viewport={"width": 390, "height": 844}, has_touch=True)
    page.locator(".tl-scroll").scroll_into_view_if_needed()
    x, y = at_boundary(page, 4)

    page.touchscreen.tap(x + 9, y)

    expect(pane(page)).to_be_visible()
    expect(pane(page)).to_contain_text("shot 5", ignore_case=True)
    expect(pane(page)).to_be_in_viewport()


def test_the_least_certain_come_first_and_each_once(page: Page) -> None:
    page.get_by_role("button", name="Boundary", exact=True).click()
    doubtful = page.get_by_role("button", name=re.compile("Next doubtful"))
    expect(doubtful).to_have_text("Next doubtful (5)")

    order = []
    for left in (4, 3, 2, 1, 0):
        page.keyboard.press("n")
        expect(pane(page).locator(".pane-head .button")).to_have_text(
            f"Next doubtful ({left})" if left else "All looked at"
        )
        order.append(page.locator(".pane-level").text_content())
    assert order == ["shot 3", "shot 5", "shot 6", "shot 2", "shot 4"]
    expect(pane(page).locator(".pane-head .button")).to_be_disabled()


def test_a_row_of_the_list_opens_it_by_its_kind(page: Page) -> None:
    page.locator(".segment-row[data-index='2'] .row-boundary").click()

    expect(pane(page)).to_contain_text("shot 3", ignore_case=True)
    page.locator(".segment-row[data-index='1']").click()
    expect(pane(page)).to_contain_text("shot 2", ignore_case=True)


def test_the_selection_stays_with_its_boundary_through_a_try(page: Page) -> None:
    selected = page.locator(".tl-row[data-level=scene] .tl-selected")
    page.locator('.tl-segment[data-level="scene"][data-index="2"]').click()
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    expect(pane(page)).to_contain_text("scene 3", ignore_case=True)

    def across() -> tuple[float, float]:
        """Left edge and width. Rows go up while Adjust is open: the curve of the threshold is taller then."""
        box = selected.bounding_box()
        assert box is not None
        return box["x"], box["width"]

    place = across()
    page.get_by_role("button", name="Adjust").click()
    page.get_by_label("Scenes", exact=True).fill("0.8")
    expect(page.locator('.tl-segment[data-level="scene"]')).to_have_count(6)
    expect(selected).to_be_visible()
    assert across() == place
    page.get_by_label("Scenes, about").fill("1")
    page.get_by_label("Scenes, about").press("Enter")
    expect(page.locator('.tl-segment[data-level="scene"]')).to_have_count(1)
    expect(selected).to_be_hidden()


def test_without_a_picture_that_plays_stills_stand_in(
    site: Site, video: FakeVideo, new_page: NewPage, tmp_path: Path
) -> None:
    video.file = numbered_clip(tmp_path / "old.mpg", fps=25, frames=50, codec="mpeg2video")
    page = new_page(site.page_of(video)).page
    expect(page.locator(".screen-message")).to_contain_text("cannot play this file")
    page.locator(f'{SHOTS}[data-index="2"]').click()

    page.keyboard.press("Enter")

    expect(page.locator(".frames img")).to_have_count(2)
    expect(pane(page)).to_contain_text("stills of the two segments")


def test_a_segment_is_played_alone_and_again_and_again(page: Page) -> None:
    page.locator(f'{SHOTS}[data-index="1"]').click()
    page.keyboard.press("Enter")

    page.get_by_role("button", name="Play this shot").click()
    page.wait_for_function("() => !document.querySelector('video').paused")
    page.wait_for_function("() => document.querySelector('video').paused")
    page.wait_for_function("() => !document.querySelector('video').seeking")
    assert page.locator("video").evaluate(READ_FRAME_NUMBER) == round(CUTS_S[2] * FPS) - 1

    page.get_by_label("Loop").check()
    page.evaluate(
        """() => { window.begun = 0; window.latest = 0;
            document.querySelector("video").addEventListener("seeked", () => { window.begun += 1; });
            document.querySelector("video").addEventListener("timeupdate", (event) => {
                window.latest = Math.max(window.latest, event.target.currentTime); }); }"""
    )
    page.get_by_role("button", name="Play this shot").click()
    page.wait_for_function("() => window.begun >= 4")
    page.get_by_role("button", name="Pause", exact=True).click()
    assert page.evaluate("window.latest") < CUTS_S[2] + 0.3


def test_times_and_a_link_are_copied_and_the_link_opens_there(
    site: Site, video: FakeVideo, new_page: NewPage
) -> None:
    page = opened(new_page, site.page_of(video), permissions=["clipboard-read", "clipboard-write"])
    page.locator(f'{SHOTS}[data-index="4"]').click()
    page.keyboard.press("Enter")

    page.get_by_role("button", name="Copy times").click()
    expect(pane(page)).to_contain_text("The times can be pasted now.")
    assert page.evaluate("navigator.clipboard.readText()") == "0:00:03.000 – 0:00:04.500"
    page.get_by_role("button", name="Copy link").click()
    expect(pane(page)).to_contain_text("The link can be pasted now.")
    link = page.evaluate("navigator.clipboard.readText()")

    assert link == f"{site.page_of(video)}&t=3"
    page.goto(link)
    expect(page.locator(".clock").first).to_have_text("0:00:03.000")
