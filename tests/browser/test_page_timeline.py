"""Hands on the timeline, in a real Chromium: they move what is shown, not the film."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.browser.conftest import NewPage, Site
from tests.support.api.video import FakeVideo

SHOTS = '.tl-segment[data-level="shot"]'
INNER_PX = "() => document.querySelector('.tl-inner').offsetWidth"
POSITION = "() => document.querySelector('video').currentTime"
SCROLL_PX = "() => document.querySelector('.tl-scroll').scrollLeft"


@pytest.fixture
def page(site: Site, analysed: Callable[..., FakeVideo], new_page: NewPage) -> Page:
    """A film of five seconds with its first picture."""
    return opened(new_page, site.page_of(analysed()))


def opened(new_page: NewPage, address: str, **context: Any) -> Page:
    page = new_page(address, **context).page
    page.wait_for_function("() => document.querySelector('video')?.readyState >= 2")
    expect(page.locator(SHOTS).first).to_be_attached()
    return page


def place(page: Page, selector: str) -> dict[str, float]:
    box = page.locator(selector).first.bounding_box()
    assert box is not None
    return dict(box)


def wide(page: Page, times: float) -> None:
    """Wait until the timeline is drawn so many times as wide as its window, or wider."""
    page.wait_for_function(
        """times => { const inner = document.querySelector(".tl-inner");
            return inner.offsetWidth >= times * inner.parentElement.clientWidth - 1; }""",
        arg=times,
    )


def zoom_in(page: Page) -> None:
    """Four times and more, from the keyboard."""
    for _ in range(4):
        page.keyboard.press("+")
    wide(page, 4)


def time_at(page: Page, x_px: float) -> float:
    """The time of the film at a place of the window."""
    seconds: float = page.evaluate(
        """x => { const box = document.querySelector(".tl-inner").getBoundingClientRect();
            return 5 * (x - box.left) / box.width; }""",
        x_px,
    )
    return seconds


@pytest.mark.parametrize("share", [0.12, 0.5, 0.83])
def test_the_wheel_zooms_at_the_pointer_wherever_the_playhead_is(page: Page, share: float) -> None:
    row = place(page, ".tl-row[data-level=scene]")
    page.evaluate("() => { document.querySelector('video').currentTime = 2; }")
    x_px = row["x"] + share * row["width"]
    page.mouse.move(x_px, row["y"] + 10)
    before = time_at(page, x_px)

    for _ in range(5):
        page.mouse.wheel(0, -120)

    wide(page, 1.6 ** (5 * 120 / 320))
    assert time_at(page, x_px) == pytest.approx(before, abs=5 / row["width"])
    for _ in range(30):
        page.mouse.wheel(0, 120)
    page.wait_for_function(
        """() => { const inner = document.querySelector(".tl-inner");
            return inner.offsetWidth <= inner.parentElement.clientWidth; }"""
    )


def test_dragging_pans_and_is_neither_a_seek_nor_a_click(page: Page) -> None:
    zoom_in(page)
    page.evaluate("() => { document.querySelector('.tl-scroll').scrollLeft = 900; }")
    page.wait_for_function(f"() => ({SCROLL_PX})() === 900")
    position = page.evaluate(POSITION)
    row = place(page, ".tl-scroll")

    for level in ("shot", "scene", "chapter"):
        page.evaluate("() => { document.querySelector('.tl-scroll').scrollLeft = 900; }")
        y = place(page, f".tl-row[data-level={level}]")["y"] + 12
        page.mouse.move(row["x"] + 600, y)
        page.mouse.down()
        page.mouse.move(row["x"] + 500, y, steps=5)
        page.mouse.move(row["x"] + 350, y, steps=5)
        page.mouse.up()
        assert page.evaluate(SCROLL_PX) == pytest.approx(1150, abs=2)

    assert page.evaluate(POSITION) == position
    expect(page.locator(".drawer")).to_be_hidden()
    expect(page.get_by_role("tab", name="Shots")).to_have_attribute("aria-selected", "true")


def test_a_press_that_hardly_moves_is_a_click(page: Page) -> None:
    cell = place(page, f'{SHOTS}[data-index="4"]')
    page.mouse.move(cell["x"] + cell["width"] / 2, cell["y"] + 9)
    page.mouse.down()
    page.mouse.move(cell["x"] + cell["width"] / 2 + 2, cell["y"] + 9)
    page.mouse.up()

    expect(page.locator(".clock").first).to_have_text("0:00:03.000")


def test_the_ruler_is_still_for_scrubbing(page: Page) -> None:
    zoom_in(page)
    ruler = place(page, ".tl-ruler")
    before = page.evaluate(SCROLL_PX)
    page.mouse.move(ruler["x"] + 200, ruler["y"] + 8)
    page.mouse.down()
    page.mouse.move(ruler["x"] + 260, ruler["y"] + 8, steps=4)
    page.mouse.up()

    expect(page.locator(".clock").first).not_to_have_text("0:00:00.000")
    assert page.evaluate(SCROLL_PX) == before


def test_the_overview_shows_the_visible_part_and_moves_it(page: Page) -> None:
    strip = place(page, ".tl-overview")
    assert place(page, ".tl-overview-frame")["width"] == pytest.approx(strip["width"], abs=2)
    zoom_in(page)
    frame = place(page, ".tl-overview-frame")
    shown = strip["width"] * strip["width"] / page.evaluate(INNER_PX)
    assert frame["width"] == pytest.approx(shown, abs=2)
    assert frame["x"] == pytest.approx(strip["x"], abs=1)

    page.mouse.click(strip["x"] + 0.7 * strip["width"], strip["y"] + 8)
    page.wait_for_function(f"() => ({SCROLL_PX})() > 0")
    frame = place(page, ".tl-overview-frame")
    assert frame["x"] + frame["width"] / 2 == pytest.approx(strip["x"] + 0.7 * strip["width"], abs=2)

    page.mouse.move(frame["x"] + 10, frame["y"] + 8)
    page.mouse.down()
    page.mouse.move(frame["x"] - 90, frame["y"] + 8, steps=6)
    page.mouse.up()
    assert place(page, ".tl-overview-frame")["x"] == pytest.approx(frame["x"] - 100, abs=2)
    assert page.evaluate(POSITION) == 0


def fingers(client: CDPSession, kind: str, *places: tuple[float, float]) -> None:
    client.send(
        "Input.dispatchTouchEvent",
        {
            "type": kind,
            "touchPoints": [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(places)],
        },
    )


@pytest.mark.parametrize("width", [390, 1280])
def test_pinching_zooms_the_timeline_and_not_the_page(
    width: int, site: Site, analysed: Callable[..., FakeVideo], new_page: NewPage
) -> None:
    page = opened(
        new_page, site.page_of(analysed()), viewport={"width": width, "height": 844}, has_touch=True
    )
    page.locator(".tl-scroll").scroll_into_view_if_needed()
    box = place(page, ".tl-row[data-level=scene]")
    x, y = box["x"] + box["width"] / 2, box["y"] + 12
    before = time_at(page, x)
    client = page.context.new_cdp_session(page)

    fingers(client, "touchStart", (x - 30, y))
    fingers(client, "touchStart", (x - 30, y), (x + 30, y))
    for step in range(1, 7):
        fingers(client, "touchMove", (x - 30 - 10 * step, y), (x + 30 + 10 * step, y))
    fingers(client, "touchEnd")

    wide(page, 2.9)
    assert page.evaluate(INNER_PX) == pytest.approx(3 * box["width"], rel=0.05)
    assert time_at(page, x) == pytest.approx(before, abs=0.1)
    assert page.evaluate("() => visualViewport.scale") == 1
    assert page.evaluate(POSITION) == 0


def test_one_finger_drags_the_timeline(
    site: Site, analysed: Callable[..., FakeVideo], new_page: NewPage
) -> None:
    page = opened(new_page, site.page_of(analysed()), has_touch=True)
    zoom_in(page)
    box = place(page, ".tl-scroll")
    y = place(page, ".tl-row[data-level=scene]")["y"] + 12
    client = page.context.new_cdp_session(page)

    fingers(client, "touchStart", (box["x"] + 500, y))
    for step in range(1, 11):
        fingers(client, "touchMove", (box["x"] + 500 - 20 * step, y))
    fingers(client, "touchEnd")

    page.wait_for_function(f"() => Math.abs(({SCROLL_PX})() - 200) < 3")
    assert page.evaluate(POSITION) == 0
    expect(page.locator(".drawer")).to_be_hidden()


def test_many_shots_are_all_seen_and_only_those_that_can_be_hit_are_buttons(
    site: Site, analysed: Callable[..., FakeVideo], new_page: NewPage
) -> None:
    """500 shots of two pixels are painted, and a click finds them; from near, they are buttons."""
    video = analysed()
    first = video.segments["shot"][0]
    length_s = 5 / 500
    video.segments["shot"] = [
        {
            **first,
            "index": n,
            "start_s": n * length_s,
            "end_s": (n + 1) * length_s,
            "start_frame": n,
            "end_frame": n + 1,
        }
        for n in range(500)
    ]
    page = new_page(site.page_of(video)).page
    expect(page.get_by_role("tab", name="Shots")).to_contain_text("500")
    expect(page.locator(".tl-segment[data-level=scene]")).to_have_count(3)

    expect(page.locator(SHOTS)).to_have_count(0)
    page.wait_for_function(
        """() => { const canvas = document.querySelector(".tl-row[data-level=shot] canvas");
            return [0.1, 0.5, 0.9].every(share => canvas.getContext("2d").getImageData(
                Math.floor(canvas.width * share), canvas.height / 2, 1, 1).data[3] === 255); }"""
    )
    row = place(page, ".tl-row[data-level=shot]")
    page.mouse.click(row["x"] + row["width"] / 2, row["y"] + 12)
    expect(page.locator(".clock").first).to_have_text("0:00:02.500")

    for _ in range(20):
        page.keyboard.press("+")
    expect(page.locator(SHOTS).first).to_be_attached()
    assert 0 < page.locator(SHOTS).count() < 300


def test_a_shot_whose_still_is_not_there_borrows_an_earlier_one_and_says_so(
    site: Site, analysed: Callable[..., FakeVideo], new_page: NewPage
) -> None:
    video = analysed(done=False)
    lost = f"/api/v1/videos/{video.document['id']}/thumbnails/lost.webp"
    video.segments["shot"][3]["thumbnail"] = None
    video.segments["shot"][5]["thumbnail"] = lost
    site.api.progress(video, 3, 4, 6)
    watched = new_page(site.page_of(video))
    lent = watched.page.locator(".tl-film img.lent")

    expect(lent.first).to_have_attribute("title", "There is no still of this shot: this one is of shot 3.")
    expect(lent.last).to_have_attribute("title", "There is no still of this shot: this one is of shot 5.")
    asked = [url for url in watched.urls if url.endswith(lost)]
    watched.page.keyboard.press("+")
    wide(watched.page, 1.5)
    assert [url for url in watched.urls if url.endswith(lost)] == asked, "it is not asked for again"
    broken = watched.page.locator(".tl-film img").evaluate_all(
        "all => all.filter((one) => one.complete && !one.naturalWidth).length"
    )
    assert broken == 0
