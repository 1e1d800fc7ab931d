"""Boundaries are corrected by hand on the page, on the whole stack: dragged, split, joined, named, saved."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage
from tests.support.stack.correcting import (
    READ_NUMBER,
    STARTS,
    Corrected,
    cells,
    drag,
    edit,
    expect_starts,
    go_to,
    hold,
    make_film,
    point,
)
from tests.support.stack.correcting_fixtures import page, video

__all__ = ["page", "video"]

MESSAGE = ".edit-message"


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_film(tmp_path_factory.mktemp("film") / "six shots.mp4")


def save(page: Page) -> None:
    page.get_by_role("button", name="Save").click()
    expect(page.locator(MESSAGE)).to_contain_text("Saved as revision")


def wait_until(page: Page, holds: Callable[[], bool]) -> None:
    """The pictures come when the browser has sought and decoded them."""
    ends_at = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < ends_at, "it never held"
        page.wait_for_timeout(50)


def test_a_dragged_boundary_shows_the_frames_beside_it_and_takes_the_levels_along(
    video: Corrected, page: Page
) -> None:
    hold(page, "scene", 200, 230.3)
    view = page.locator(".drag-view")
    expect(view).to_have_attribute("data-frame", "230")
    expect(view).to_contain_text("frame 230 · 0:00:09.200")
    wait_until(
        page,
        lambda: [view.locator("canvas").nth(side).evaluate(READ_NUMBER) for side in (0, 1)] == [229, 230],
    )

    page.mouse.up()
    expect(view).to_be_hidden()
    expect_starts(page, "scene", [0, 230, 400])
    expect_starts(page, "shot", [0, 100, 230, 300, 400, 500])
    drag(page, "shot", 400, 420)
    moved = {"shot": [0, 100, 230, 300, 420, 500], "scene": [0, 230, 420], "chapter": [0, 420]}
    for level, starts in moved.items():
        expect_starts(page, level, starts)
    assert video.starts("scene") == STARTS["scene"]

    save(page)
    assert {level: video.starts(level) for level in moved} == moved


def test_a_boundary_snaps_to_shots_and_stays_between_its_neighbours(page: Page) -> None:
    drag(page, "scene", 200, 300.8)
    expect_starts(page, "scene", [0, 300, 400])
    expect_starts(page, "shot", STARTS["shot"])

    drag(page, "scene", 300, 550)
    expect_starts(page, "scene", [0, 399, 400])


def test_escape_lets_a_dragged_boundary_go_back(page: Page) -> None:
    hold(page, "scene", 200, 250)
    expect_starts(page, "scene", [0, 250, 400])
    page.keyboard.press("Escape")
    page.mouse.up()

    expect_starts(page, "scene", STARTS["scene"])
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()


def test_split_join_and_name_are_undone_done_again_and_saved(video: Corrected, page: Page) -> None:
    page.get_by_role("tab", name="Scenes").click()
    go_to(page, 250)
    page.keyboard.press("s")
    expect_starts(page, "scene", [0, 200, 250, 400])
    expect_starts(page, "shot", [0, 100, 200, 250, 300, 400, 500])

    cells(page, "scene").nth(2).dblclick()
    page.get_by_role("dialog", name="Name of scene 3").get_by_label("Name", exact=True).fill("The chase")
    page.get_by_role("button", name="Name it").click()
    expect(cells(page, "scene").nth(2)).to_have_text("The chase")

    page.mouse.click(*point(page, "scene", 400))
    page.keyboard.press("Delete")
    expect_starts(page, "scene", [0, 200, 250])
    expect_starts(page, "chapter", [0])
    expect_starts(page, "shot", [0, 100, 200, 250, 300, 400, 500])

    for _ in range(3):
        page.keyboard.press("Control+z")
    for level, starts in STARTS.items():
        expect_starts(page, level, starts)
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()
    for _ in range(3):
        page.keyboard.press("Control+Shift+z")
    expect_starts(page, "scene", [0, 200, 250])

    page.get_by_label("Note on this correction").fill("watched twice")
    page.get_by_role("button", name="Save 3 changes").click()
    expect(page.locator(MESSAGE)).to_contain_text("Saved as revision 3")
    newest = video.client.revisions(video.id)[0]
    assert (newest["origin"], newest["note"]) == ("human", "watched twice")
    exported = httpx.get(f"{video.url.split('/?')[0]}/api/v1/videos/{video.id}/export?format=csv&level=scene")
    assert "The chase" in exported.text
    assert len(exported.text.splitlines()) == 4

    page.keyboard.press("Control+z")
    expect(page.locator(MESSAGE)).to_contain_text("To go back, show revision 2 again, under Revisions.")
    page.get_by_role("button", name="Show revision 2").click()
    for level, starts in STARTS.items():
        expect_starts(page, level, starts)
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()


def test_what_was_set_by_hand_looks_it_also_after_a_reload(page: Page) -> None:
    drag(page, "shot", 100, 120)
    expect(page.locator(".tl-segment.locked")).to_have_count(1)
    save(page)
    page.reload()

    expect(page.locator(".tl-segment.locked")).to_have_count(1)
    expect(page.locator(".segment-row").filter(has_text="by hand")).to_have_count(1)


def test_several_segments_are_chosen_and_joined(page: Page) -> None:
    rows = page.locator(".segment-row")
    page.mouse.click(*point(page, "shot", 100))
    rows.nth(3).click(modifiers=["Shift"])
    expect(page.locator(".tl-segment.chosen")).to_have_count(3)
    page.get_by_role("button", name="Join 3").click()

    expect_starts(page, "shot", [0, 100, 400, 500])
    expect_starts(page, "scene", [0, 400])


def test_the_drawer_says_right_and_wrong(video: Corrected, new_page: NewPage) -> None:
    page = new_page(video.url).page
    expect(cells(page, "shot")).to_have_count(6)
    page.mouse.click(*point(page, "shot", 300))
    page.get_by_role("button", name="✓ Right").click()
    expect(page.get_by_role("button", name="✓ Right")).to_have_attribute("aria-pressed", "true")
    page.mouse.click(*point(page, "shot", 500))
    page.get_by_role("button", name="✗ Wrong").click()
    expect_starts(page, "shot", [0, 100, 200, 300, 400])
    page.mouse.click(*point(page, "shot", 100))
    page.get_by_role("button", name="+1 frame").click()
    page.get_by_role("button", name="+1 frame").click()
    expect_starts(page, "shot", [0, 102, 200, 300, 400])
    page.get_by_role("button", name="Save 3 changes").click()
    expect(page.locator(MESSAGE)).to_contain_text("Saved")

    found = list(video.client.segments(video.id, level="shot"))
    assert [one["start_frame"] for one in found] == [0, 102, 200, 300, 400]
    assert [one["start_boundary"]["locked"] for one in found] == [False, True, False, True, False]


def test_the_keyboard_alone_is_enough(video: Corrected, new_page: NewPage) -> None:
    page = new_page(video.url).page
    expect(cells(page, "shot")).to_have_count(6)
    press = page.keyboard.press
    press("e")
    press("2")
    press("]")
    press("Alt+ArrowRight")
    press("Alt+ArrowRight")
    expect_starts(page, "scene", [0, 202, 400])
    press("Alt+Shift+ArrowLeft")
    expect_starts(page, "scene", [0, 177, 400])
    press("F2")
    expect(page.get_by_role("dialog", name="Name of scene 2").get_by_label("Name")).to_be_focused()
    page.keyboard.type("By key")
    press("Enter")
    expect(cells(page, "scene").nth(1)).to_have_text("By key")
    press("Shift+ArrowDown")
    press("Delete")
    expect_starts(page, "scene", [0, 177])
    press("Control+z")
    press("ArrowRight")
    press("s")
    expect_starts(page, "scene", [0, 177, 400, 401])
    press("Control+s")
    expect(page.locator(MESSAGE)).to_contain_text("Saved")

    assert video.starts("scene") == [0, 177, 400, 401]
    press("e")
    expect(page.get_by_role("group", name="Edit")).to_be_hidden()


def test_in_the_list_keys_mean_the_row_that_has_the_focus(page: Page) -> None:
    page.get_by_role("tab", name="Scenes").click()
    page.locator(".segment-row").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_role("dialog", name="Name of scene 2").get_by_label("Name").fill("From the list")
    page.keyboard.press("Enter")
    row = page.locator(".segment-row").nth(1)
    expect(row).to_contain_text("From the list")
    expect(row).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Delete")

    expect_starts(page, "scene", [0, 200])
    expect(cells(page, "scene").nth(1)).to_have_text("From the list")


def test_a_finger_drags_a_boundary(video: Corrected, new_page: NewPage) -> None:
    page = new_page(video.url, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True).page
    edit(page)
    touch = page.context.new_cdp_session(page)

    def send(type_: str, *frames: float) -> None:
        at = [dict(zip("xy", point(page, "scene", frame), strict=True)) for frame in frames]
        touch.send("Input.dispatchTouchEvent", {"type": type_, "touchPoints": at})

    send("touchStart", 200)
    for frame in (215, 230, 245, 260):
        send("touchMove", frame)
    expect(page.locator(".drag-view")).to_be_visible()
    send("touchEnd")
    expect(page.get_by_role("button", name="Save 1 change")).to_be_enabled()
    starts = cells(page, "scene").evaluate_all("cells => cells.map(cell => Number(cell.dataset.start))")
    assert starts[1] == pytest.approx(10.4, abs=0.2)


def test_discarding_asks_and_shows_the_result_again(page: Page) -> None:
    drag(page, "scene", 200, 250)
    page.get_by_role("button", name="Discard").click()
    page.get_by_role("button", name="Keep editing").click()
    expect_starts(page, "scene", [0, 250, 400])
    page.get_by_role("button", name="Discard").click()
    page.get_by_role("dialog").get_by_role("button", name="Discard").click()

    expect_starts(page, "scene", STARTS["scene"])
    expect(page.get_by_role("group", name="Edit")).to_be_hidden()
