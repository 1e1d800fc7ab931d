"""The keys belong to the film, whatever was clicked; what was reached by keyboard can be used by keyboard."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import CUTS_S, NewPage, Site
from tests.support.api.video import FakeVideo
from tests.support.browser import READ_FRAME_NUMBER

PLAYING = "() => !document.querySelector('video').paused"
PAUSED = "() => document.querySelector('video').paused"


@pytest.fixture
def page(site: Site, analysed: Callable[..., FakeVideo], new_page: NewPage) -> Page:
    page = new_page(site.page_of(analysed(settings={"preset": "default"}))).page
    page.wait_for_function("() => document.querySelector('video')?.readyState >= 2")
    expect(page.locator(".segment-row").first).to_be_visible()
    return page


def frame(page: Page) -> int:
    """The number that the frame on the screen carries."""
    page.wait_for_function("() => !document.querySelector('video').seeking")
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    number: int = page.locator("video").evaluate(READ_FRAME_NUMBER)
    return number


def level(page: Page) -> str:
    return page.locator(".tab[aria-selected=true]").get_attribute("data-level") or ""


def test_arrows_step_frames_seconds_and_brackets_boundaries(page: Page) -> None:
    page.keyboard.press("ArrowRight")
    assert frame(page) == 1
    page.keyboard.press("Shift+ArrowRight")
    assert frame(page) == 25
    page.keyboard.press("ArrowLeft")
    assert frame(page) == 24
    page.keyboard.press("Shift+ArrowLeft")
    assert frame(page) == 0

    page.keyboard.press("2")
    page.keyboard.press("]")
    assert frame(page) == round(CUTS_S[2] * 24)
    page.keyboard.press("]")
    assert frame(page) == round(CUTS_S[4] * 24)
    page.keyboard.press("[")
    assert frame(page) == round(CUTS_S[2] * 24)
    page.keyboard.press("3")
    page.keyboard.press("]")
    assert frame(page) == round(CUTS_S[3] * 24)


def test_forty_steps_show_forty_frames(page: Page) -> None:
    for number in range(1, 41):
        page.keyboard.press("ArrowRight")
        assert frame(page) == number
    for number in range(39, -1, -1):
        page.keyboard.press("ArrowLeft")
        assert frame(page) == number


def test_after_a_click_on_a_tab_the_arrows_are_the_films(page: Page) -> None:
    page.get_by_role("tab", name="Scenes").click()

    page.keyboard.press("ArrowRight")

    assert level(page) == "scene"
    assert frame(page) == 1
    page.keyboard.press("]")
    assert frame(page) == round(CUTS_S[2] * 24)


@pytest.mark.parametrize("name", ["Zoom in (+)", "Adjust", "Boundary", "Export", "Mute"])
def test_after_a_click_on_a_button_space_plays_and_does_not_press_again(page: Page, name: str) -> None:
    if name == "Export":
        page.locator(".menu summary").click()
    else:
        page.get_by_role("button", name=name, exact=True).click()
    width = page.evaluate("document.querySelector('.tl-inner').offsetWidth")
    drawer = page.locator("body").get_attribute("data-drawer")

    page.keyboard.press("Space")

    page.wait_for_function(PLAYING)
    assert page.evaluate("document.querySelector('.tl-inner').offsetWidth") == width
    assert page.locator("body").get_attribute("data-drawer") == drawer


def test_a_menu_that_was_chosen_from_gives_the_keys_back(page: Page) -> None:
    page.get_by_label("Speed").click()
    page.get_by_label("Speed").select_option("0.5")

    page.keyboard.press("ArrowRight")

    assert frame(page) == 1
    expect(page.get_by_label("Speed")).to_have_value("0.5")


def test_what_was_reached_by_keyboard_is_used_by_keyboard(page: Page) -> None:
    page.get_by_role("tab", name="Shots").focus()
    page.keyboard.press("ArrowLeft")
    assert level(page) == "scene"
    expect(page.get_by_role("tab", name="Scenes")).to_be_focused()

    before = page.evaluate("document.querySelector('.tl-inner').offsetWidth")
    page.get_by_role("button", name="Zoom in").focus()
    page.keyboard.press("Space")
    page.wait_for_function("before => document.querySelector('.tl-inner').offsetWidth > before", arg=before)
    assert page.evaluate(PAUSED)
    page.get_by_role("button", name="Boundary", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Boundary")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("region", name="Boundary")).to_be_hidden()


def test_the_help_lists_what_the_keys_do(page: Page) -> None:
    page.get_by_role("button", name="Keyboard shortcuts").click()
    dialog = page.get_by_role("dialog", name="Keyboard")
    for told in (
        "One frame back or forward",
        "Previous or next boundary of the chosen level",
        "Next doubtful",
    ):
        expect(dialog).to_contain_text(told, ignore_case=True)

    page.keyboard.press("2")  # a dialog keeps its keys

    assert level(page) == "shot"


def test_the_list_is_one_tab_stop(page: Page) -> None:
    stops = "() => [...document.querySelectorAll('.segment-row')].filter(row => row.tabIndex === 0).length"
    assert page.evaluate(stops) == 1
    for row in ("shot", "scene", "chapter"):
        count = page.locator(f".tl-row[data-level={row}] [tabindex='0']")
        expect(count).to_have_count(1)

    page.locator(".segment-row[tabindex='0']").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".segment-row[data-index='2']")).to_be_focused()
    assert page.evaluate(stops) == 1
    page.keyboard.press("Enter")

    expect(page.get_by_role("region", name="Boundary")).to_contain_text("shot 3", ignore_case=True)
    assert frame(page) == round(CUTS_S[2] * 24)
    expect(page.locator(".segment-row[data-index='2']")).to_have_attribute("aria-selected", "true")
    listbox = page.get_by_role("listbox", name="List of shots")
    expect(listbox.get_by_role("option")).to_have_count(6)


def test_a_long_list_keeps_its_tab_stop_when_it_is_scrolled_away(
    site: Site, analysed: Callable[..., FakeVideo], new_page: NewPage
) -> None:
    video = analysed()
    first = video.segments["shot"][0]
    video.segments["shot"] = [
        {
            **first,
            "index": n,
            "start_s": n / 100,
            "end_s": (n + 1) / 100,
            "start_frame": n,
            "end_frame": n + 1,
        }
        for n in range(500)
    ]
    page = new_page(site.page_of(video)).page
    page.locator(".segment-row[tabindex='0']").focus()
    page.keyboard.press("ArrowDown")
    page.locator("#segment-list").evaluate("list => { list.scrollTop = 20000; }")
    expect(page.locator(".segment-row[data-index='322']")).to_be_visible()
    expect(page.locator(".segment-row[data-index='40']")).to_have_count(0)
    expect(page.locator(".segment-row[data-index='1']")).to_be_focused()

    page.keyboard.press("ArrowDown")

    expect(page.locator(".segment-row[data-index='2']")).to_be_focused()
    expect(page.locator(".segment-row[data-index='2']")).to_be_in_viewport()


def test_the_first_tab_stop_skips_to_the_timeline(page: Page) -> None:
    address = page.url
    page.keyboard.press("Tab")
    link = page.get_by_role("link", name="Skip to the timeline")
    expect(link).to_be_focused()
    expect(link).to_be_in_viewport()

    page.keyboard.press("Enter")

    expect(page.locator("#timeline-scroll")).to_be_focused()
    assert page.url == address


def test_the_clock_is_no_live_region(page: Page) -> None:
    live = page.locator(".transport").evaluate(
        "bar => bar.querySelectorAll('output, [aria-live=polite], [role=status], [role=alert]').length"
    )

    assert live == 0
    expect(page.get_by_role("timer", name="Position")).to_have_text("0:00:00.000")
