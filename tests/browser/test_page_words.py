"""What is said, beside the player: it comes after the segments, follows the playhead, and seeks."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import NewPage, Site
from tests.support.api.shapes import sentence, words
from tests.support.api.video import FakeVideo

LONGEST_POLL_MS = 60_000
"""As in `words.js`."""
LISTENING = """
window.EventSource = class extends EventSource {
  constructor(...given) {
    super(...given);
    this.addEventListener("words", () => { window.toldOfWords = true; });
  }
};
"""
"""Notes that the page got an event of the words."""
TRANSCRIPT = re.compile(r"/transcript$")
SAID = [
    sentence("We meet at the <b>old</b> bridge.", 0.5),
    sentence("Bring a warm coat.", 2.5),
    sentence("It is cold there.", 4.0),
]


def tab(page: Page, name: str = "Words"):  # type: ignore[no-untyped-def]  # Locator
    return page.get_by_role("tab", name=name)


def position(page: Page) -> float:
    seconds: float = page.locator("video").evaluate("video => video.currentTime")
    return seconds


@pytest.fixture
def spoken(analysed: Callable[..., FakeVideo]) -> FakeVideo:
    video = analysed()
    video.words = words("done", 1.0, SAID)
    return video


def test_without_words_there_is_no_tab(
    site: Site, analysed: Callable[..., FakeVideo], new_page: NewPage
) -> None:
    page = new_page(site.page_of(analysed())).page
    expect(tab(page, "Shots")).to_be_visible()

    page.get_by_text("Export", exact=True).click()
    expect(page.get_by_text("needs words")).to_have_count(3)
    expect(tab(page)).to_be_hidden()


def test_words_come_after_the_segments(
    site: Site, analysed: Callable[..., FakeVideo], new_page: NewPage
) -> None:
    video = analysed()
    video.words = words("running", 0.4)
    page = new_page(site.page_of(video)).page
    expect(tab(page)).to_contain_text("40 %")
    tab(page).click()
    expect(page.locator("#transcript")).to_contain_text("being written down: 40 %")

    video.words = words("done", 1.0, SAID)

    expect(page.locator(".sentence")).to_have_count(3)
    expect(tab(page)).to_contain_text("3")


def test_events_tell_how_far_the_words_are_and_when_to_read_them(
    site: Site, analysed: Callable[..., FakeVideo], new_page: NewPage
) -> None:
    video = analysed()
    video.words = words("queued")
    page = new_page(site.page_of(video)).page
    read: list[str] = []
    page.on("request", lambda request: read.append(request.url) if "/transcript" in request.url else None)
    expect(tab(page)).to_be_visible()
    tab(page).click()
    expect(page.locator("#transcript")).to_contain_text("Waiting")
    before = len(read)

    for fraction in (0.2, 0.6):
        video.words = words("running", fraction)
        video.tell("words", {"state": "running", "fraction": fraction, "error": None})
        expect(page.locator("#transcript")).to_contain_text(
            f"being written down: {fraction:.0%}".replace("%", " %")
        )
    while_running = len(read)
    video.words = words("done", 1.0, SAID)
    video.tell("words", {"state": "done", "fraction": 1.0, "error": None})

    expect(page.locator(".sentence")).to_have_count(3)
    # a reading at an interval may come before the first event, none after it
    assert while_running - before <= 1
    assert len(read) == while_running + 1


def test_words_that_cannot_be_read_at_their_end_are_read_again_soon(
    site: Site, analysed: Callable[..., FakeVideo], new_page: NewPage
) -> None:
    video = analysed()
    video.words = words("running", 0.4)
    page = new_page(site.page_of(video)).page
    tab(page).click()
    video.tell("words", {"state": "running", "fraction": 0.6, "error": None})
    expect(page.locator("#transcript")).to_contain_text("60 %")
    page.route(TRANSCRIPT, lambda route: route.fulfill(status=503, body=""), times=1)
    video.words = words("done", 1.0, SAID)
    video.tell("words", {"state": "done", "fraction": 1.0, "error": None})

    # by far sooner than after the long interval between two readings while events tell all
    expect(page.locator(".sentence")).to_have_count(3, timeout=LONGEST_POLL_MS / 2)


def test_words_that_end_while_they_are_read_for_the_first_time_are_read_again(
    site: Site, analysed: Callable[..., FakeVideo], new_page: NewPage
) -> None:
    video = analysed()
    video.words = words("running", 0.4)
    page = new_page(site.url).page
    held: list[Route] = []
    page.route(TRANSCRIPT, lambda route: held.append(route), times=1)
    page.add_init_script(LISTENING)
    with page.expect_request(TRANSCRIPT), page.expect_response(re.compile(r"/events\b")):
        page.goto(site.page_of(video))
    video.tell("words", {"state": "done", "fraction": 1.0, "error": None})
    page.wait_for_function("() => window.toldOfWords")
    held[0].fulfill(json=words("running", 0.4))
    video.words = words("done", 1.0, SAID)

    expect(tab(page)).to_contain_text("3", timeout=LONGEST_POLL_MS / 2)


def test_a_click_on_a_word_seeks_to_it(site: Site, spoken: FakeVideo, new_page: NewPage) -> None:
    page = new_page(site.page_of(spoken)).page
    page.wait_for_function("() => document.querySelector('video')?.readyState >= 2")
    tab(page).click()

    page.locator(".word", has_text="warm").click()

    page.wait_for_function("() => !document.querySelector('video').seeking")
    assert position(page) == pytest.approx(3.0, abs=0.05)
    expect(page.locator(".sentence[aria-current]")).to_contain_text("Bring a warm coat.")


def test_the_text_follows_the_playhead(site: Site, spoken: FakeVideo, new_page: NewPage) -> None:
    page = new_page(site.page_of(spoken)).page
    page.wait_for_function("() => document.querySelector('video')?.readyState >= 2")
    tab(page).click()

    page.evaluate("() => { document.querySelector('video').currentTime = 4.3; }")

    expect(page.locator(".sentence[aria-current]")).to_contain_text("It is cold there.")


def test_text_is_text_and_can_be_selected(site: Site, spoken: FakeVideo, new_page: NewPage) -> None:
    watched = new_page(site.page_of(spoken))
    tab(watched.page).click()

    first = watched.page.locator(".sentence").first
    expect(first).to_contain_text("We meet at the <b>old</b> bridge.")
    first.select_text()

    assert "old" in watched.page.evaluate("() => String(window.getSelection())")
    assert watched.errors == []


def test_tabs_lead_back_to_the_segments_and_arrows_go_round(
    site: Site, spoken: FakeVideo, new_page: NewPage
) -> None:
    page = new_page(site.page_of(spoken)).page
    tab(page).click()
    expect(page.locator("#transcript")).to_be_visible()
    expect(page.locator("#segment-list")).to_be_hidden()
    expect(tab(page)).to_have_attribute("aria-selected", "true")

    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")  # now it was reached by keyboard: the arrows are its own
    expect(tab(page)).to_be_focused()
    page.keyboard.press("ArrowRight")

    expect(tab(page, "Chapters")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#transcript")).to_be_hidden()
    expect(page.locator(".segment-row").first).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(tab(page)).to_be_focused()
    expect(page.locator("#transcript")).to_be_visible()


def test_a_failure_says_why_and_can_be_tried_again(
    site: Site, analysed: Callable[..., FakeVideo], new_page: NewPage
) -> None:
    video = analysed()
    video.words = words("failed", error="No speech model is installed.")
    page = new_page(site.page_of(video)).page
    tab(page).click()
    expect(page.locator("#transcript")).to_contain_text("No speech model is installed.")

    page.get_by_role("button", name="Try again").click()

    expect(page.locator("#transcript")).to_contain_text("when there is room")


def test_another_video_has_words_of_its_own(
    site: Site, spoken: FakeVideo, analysed: Callable[..., FakeVideo], new_page: NewPage
) -> None:
    silent = analysed("silent.mp4")
    page = new_page(site.page_of(spoken)).page
    tab(page).click()
    expect(page.locator(".sentence")).to_have_count(3)

    page.get_by_role("link", name="silent.mp4").click()

    expect(tab(page)).to_be_hidden()
    expect(page.locator("#transcript")).to_be_hidden()
    expect(page.locator(".segment-row").first).to_be_visible()
    assert silent.words is None


def test_exports_of_words_are_offered(site: Site, spoken: FakeVideo, new_page: NewPage) -> None:
    page = new_page(site.page_of(spoken)).page
    expect(tab(page)).to_be_visible()
    page.get_by_text("Export", exact=True).click()

    for format_ in ("srt", "captions", "text"):
        expect(page.locator(f"a[href$='export?format={format_}']")).to_be_visible()


def shown(text: str, start_s: float, kind: str = "slide") -> dict[str, object]:
    box = [0.1, 0.1, 0.5, 0.1]
    return {"start_s": start_s, "end_s": 5.0, "text": text, "probability": 0.9, "box": box, "kind": kind}


def test_text_on_screen_stands_between_what_is_said(
    site: Site, analysed: Callable[..., FakeVideo], new_page: NewPage
) -> None:
    video = analysed()
    lines = [
        shown("The <i>bridge</i>", 2.0, "heading"),
        shown("Built in 1890", 2.1),
        shown("EXIT", 3.0, "other"),
    ]
    video.words = words("done", 1.0, SAID, shown=lines)
    watched = new_page(site.page_of(video))
    page = watched.page
    page.wait_for_function("() => document.querySelector('video')?.readyState >= 2")
    tab(page).click()

    rows = page.locator("#transcript > p")
    expect(rows).to_have_count(4)
    expect(rows.nth(1)).to_contain_text("On screen: The <i>bridge</i> · Built in 1890")
    rows.nth(1).get_by_role("button").click()
    page.wait_for_function("() => !document.querySelector('video').seeking")
    assert position(page) == pytest.approx(2.0, abs=0.05)
    assert watched.errors == []


def test_titles_come_with_the_words(
    site: Site, analysed: Callable[..., FakeVideo], new_page: NewPage
) -> None:
    video = analysed()
    video.words = words("running", 0.4)
    page = new_page(site.page_of(video)).page
    tab(page, "Scenes").click()
    first = page.locator(".segment-row").first
    expect(first).to_be_visible()

    name = {"title": "The old <b>bridge</b>", "title_source": "speech", "keywords": ["old bridge", "coat"]}
    for scene in video.segments["scene"]:
        scene.update(name, role="credits")
    video.document["revision"] += 1
    video.words = words("done", 1.0, SAID, revision=video.document["revision"])

    expect(first).to_contain_text("The old <b>bridge</b>")
    expect(first.locator(".cue")).to_have_text("credits")
    segment = page.locator(".tl-segment[data-level=scene]").first
    expect(segment).to_have_attribute("aria-label", re.compile("The old <b>bridge</b>"))
    segment.hover()
    expect(page.locator("#segment-tooltip")).to_contain_text("credits · old bridge · coat")
