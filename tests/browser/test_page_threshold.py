"""The threshold of shots as a line on the curve of change: dragged, moved by keys, equal to the slider."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import NewPage, Site
from tests.support.api.video import FakeVideo

SHOTS = '.tl-segment[data-level="shot"]'
CONFIDENCES = (1.0, 0.9, 0.35, 0.7, 0.6, 0.8)


@pytest.fixture
def video(analysed: Callable[..., FakeVideo]) -> FakeVideo:
    """Six shots, one of which begins with a boundary that is less certain than the settings ask."""
    names = ("shot_sensitivity", "scene_sensitivity", "chapter_sensitivity")
    video = analysed(settings={"preset": "default"} | dict.fromkeys(names, 0.5))
    for shot, confidence in zip(video.segments["shot"], CONFIDENCES, strict=True):
        shot["start_boundary"]["confidence"] = confidence
    change = [0.0] * 100
    curves = [{"name": "transition", "unit": "", "min": change, "max": change}]
    video.signals = {"revision": 1, "start_s": 0.0, "end_s": 5.0, "points": 100, "curves": curves}
    return video


@pytest.fixture
def page(site: Site, video: FakeVideo, new_page: NewPage) -> Page:
    page = new_page(site.page_of(video)).page
    expect(page.locator(SHOTS)).to_have_count(6)
    return page


def adjusting(page: Page) -> tuple[Locator, Locator]:
    """The line, and the slider of the pane."""
    page.get_by_role("button", name="Adjust").click()
    line = page.get_by_role("slider", name="Threshold of shots")
    expect(line).to_be_visible()
    return line, page.get_by_label("Shots", exact=True)


def test_there_is_a_line_only_while_settings_are_tried(page: Page) -> None:
    line, _ = adjusting(page)
    expect(line).to_have_attribute("aria-valuenow", "50")
    expect(line).to_have_attribute("aria-valuetext", "50 %, sensitivity 0.5")
    page.get_by_role("button", name="Clips").click()
    expect(line).to_be_hidden()


def test_keys_move_it_and_the_film_stays(page: Page) -> None:
    line, slider = adjusting(page)
    line.press("ArrowUp")
    expect(slider).to_have_value("0.45")
    expect(line).to_have_attribute("aria-valuenow", "55")
    line.press("PageUp")
    expect(slider).to_have_value("0.25")
    expect(page.locator(SHOTS)).to_have_count(3)  # those of 0.9 and 0.8, and the first
    line.press("ArrowLeft")
    expect(slider).to_have_value("0.3")
    expect(page.locator(SHOTS)).to_have_count(4)
    line.press("End")
    expect(slider).to_have_value("0")
    expect(line).to_have_attribute("aria-valuenow", "98")
    expect(page.locator(".clock").first).to_have_text("0:00:00.000")


def test_dragging_it_is_tried_and_is_the_slider_s_value(page: Page) -> None:
    line, slider = adjusting(page)
    box, curve = line.bounding_box(), page.locator(".threshold").bounding_box()
    assert box is not None
    assert curve is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, curve["y"] + curve["height"] * 0.15, steps=4)
    expect(slider).to_have_value("0.15")
    expect(page.locator(SHOTS)).to_have_count(2)
    page.mouse.move(x, curve["y"] + curve["height"] * 0.7, steps=4)
    page.mouse.up()

    expect(slider).to_have_value("0.7")
    expect(line).to_have_attribute("aria-valuenow", "30")
    expect(page.locator(SHOTS)).to_have_count(6)
    expect(page.locator(".clock").first).to_have_text("0:00:00.000")
    expect(page.get_by_text("A try: nothing is changed until you apply it.")).to_be_visible()
    after = line.bounding_box()
    assert after is not None
    assert after["y"] + after["height"] / 2 == pytest.approx(curve["y"] + curve["height"] * 0.7, abs=1.5)


def test_the_slider_moves_it_and_what_is_discarded_is_forgotten(page: Page) -> None:
    line, slider = adjusting(page)
    slider.fill("0.2")
    expect(line).to_have_attribute("aria-valuenow", "80")
    page.get_by_role("button", name="Discard").click()
    line, _ = adjusting(page)
    expect(line).to_have_attribute("aria-valuenow", "50")
    expect(page.locator(SHOTS)).to_have_count(6)


def test_a_drag_ends_with_the_pane(page: Page) -> None:
    line, _ = adjusting(page)
    box, curve = line.bounding_box(), page.locator(".threshold").bounding_box()
    assert box is not None
    assert curve is not None
    x = box["x"] + box["width"] / 2
    page.mouse.move(x, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(x, curve["y"] + curve["height"] * 0.15, steps=4)
    expect(page.locator(SHOTS)).to_have_count(2)
    page.keyboard.press("Escape")
    expect(line).to_be_hidden()

    page.mouse.move(x, curve["y"] + curve["height"] * 0.9, steps=4)
    page.mouse.up()
    _, slider = adjusting(page)
    expect(slider).to_have_value("0.15")
    page.mouse.move(x, curve["y"] + curve["height"] * 0.1)
    page.mouse.move(x, curve["y"] + curve["height"] * 0.9, steps=8)
    expect(slider).to_have_value("0.15")
    expect(page.locator(SHOTS)).to_have_count(2)
