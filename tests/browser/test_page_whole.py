"""The page on the whole stack: a real upload, real analysis, and what a person does with the result."""

from __future__ import annotations

import re
import zipfile
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage
from tests.support.api.shapes import Json
from tests.support.browser import READ_FRAME_NUMBER
from tests.support.media import Picture, Sound, make_media

ANALYSIS_MS = 240_000
SHOTS = '.tl-segment[data-level="shot"]'
BADGE = ".status .badge"
AT_28_S = re.compile(r"^0:00:(27\.9[89]|28\.0[01])\d$")
"""The time at the pointer, to the pixel: browsers scroll by whole ones."""

WATCH_STATUS = """() => {
    window.seen = [];
    const look = () => window.seen.push([
        document.querySelector(".status .badge").textContent,
        document.querySelector(".story").textContent,
        document.querySelectorAll('.tl-segment[data-level="shot"]').length,
    ]);
    new MutationObserver(look).observe(document.querySelector(".status"),
        { subtree: true, childList: true, characterData: true, attributes: true });
}"""


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty seconds of unlike pictures in three chunks, with sound."""
    path = tmp_path_factory.mktemp("film") / "whole stack.mp4"
    picture = Picture(shots=(140, 110, 170, 90, 200, 150, 140), size=(320, 180), gop=50)
    return make_media(path, picture, Sound(parts=((440.0, 15.0), ("noise", 15.0), ("silence", 10.0))))


@pytest.fixture(scope="module")
def finished(stack_url: str, film: Path, browser_page: Page) -> str:
    """The address of the film's page after it was uploaded there and analysed."""
    browser_page.goto(stack_url)
    browser_page.wait_for_selector("body[data-ready]")
    browser_page.evaluate(WATCH_STATUS)
    browser_page.locator("#upload-files").set_input_files(film)
    browser_page.wait_for_url("**/?v=*")
    expect(browser_page.locator(BADGE)).to_have_text("Done", timeout=ANALYSIS_MS)
    return browser_page.url


def test_shots_appear_while_the_analysis_goes_on(finished: str, browser_page: Page) -> None:
    seen = browser_page.evaluate("window.seen")

    assert any(state == "Analysing" and "so far" in story and shots > 0 for state, story, shots in seen)


def test_the_three_rows_tile_the_film(finished: str, new_page: NewPage) -> None:
    page = new_page(finished).page
    expect(page.locator(BADGE)).to_have_text("Done")
    expect(page.locator(SHOTS).nth(3)).to_be_visible()

    for level in ("shot", "scene", "chapter"):
        row = page.locator(f'.tl-segment[data-level="{level}"]')
        spans = row.evaluate_all("cells => cells.map(c => [Number(c.dataset.start), Number(c.dataset.end)])")
        assert spans[0][0] == pytest.approx(0, abs=0.001)
        assert all(end == start for (_, end), (start, _) in pairwise(spans))
        assert spans[-1][1] == pytest.approx(40, abs=0.1)


def test_a_click_on_a_segment_seeks_the_player(finished: str, new_page: NewPage) -> None:
    page = new_page(finished).page
    page.wait_for_function("() => document.querySelector('video')?.readyState >= 2")
    cell = page.locator(SHOTS).nth(2)
    start_s = float(cell.get_attribute("data-start") or "nan")
    assert start_s > 0

    cell.click()

    page.wait_for_function("() => !document.querySelector('video').seeking")
    position = page.locator("video").evaluate("video => video.currentTime")
    assert position == pytest.approx(start_s, abs=0.001)


def shots_of(page: Page, finished: str) -> list[Json]:
    """What the API says of the film's shots."""
    origin, _, video_id = finished.partition("/?v=")
    answer = page.request.get(f"{origin}/api/v1/videos/{video_id}/segments?level=shot")
    items: list[Json] = answer.json()["items"]
    return items


def shown_frame(page: Page) -> int:
    page.wait_for_function("() => !document.querySelector('video').seeking")
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    number: int = page.locator("video").evaluate(READ_FRAME_NUMBER)
    return number


def test_the_timeline_is_zoomed_at_the_pointer_and_dragged(finished: str, new_page: NewPage) -> None:
    page = new_page(finished).page
    page.wait_for_function("() => document.querySelector('video')?.readyState >= 2")
    box = page.locator(".tl-row[data-level=shot]").bounding_box()
    assert box is not None
    x, y = box["x"] + 0.7 * box["width"], box["y"] + 10
    page.mouse.move(x, y)
    told = page.locator(".tl-pointer span")
    expect(told).to_have_text(AT_28_S)

    for _ in range(5):
        page.mouse.wheel(0, -120)
    page.wait_for_function("() => document.querySelector('.tl-inner').offsetWidth > 1.5 * innerWidth")
    page.mouse.move(x, y + 1)
    expect(told).to_have_text(AT_28_S)

    page.mouse.down()
    page.mouse.move(x - 200, y, steps=6)
    page.mouse.up()
    expect(told).to_have_text(AT_28_S)
    expect(page.locator(".clock").first).to_have_text("0:00:00.000")


def test_keys_lead_to_a_boundary_and_it_opens_with_its_frames_and_evidence(
    finished: str, new_page: NewPage
) -> None:
    page = new_page(finished, viewport={"width": 1280, "height": 720}).page
    page.wait_for_function("() => document.querySelector('video')?.readyState >= 2")
    expect(page.locator(SHOTS).nth(3)).to_be_visible()
    shot = shots_of(page, finished)[1]
    start = shot["start_frame"]

    page.get_by_role("tab", name="Shots").click()
    page.keyboard.press("]")
    assert shown_frame(page) == start
    page.keyboard.press("ArrowLeft")
    assert shown_frame(page) == start - 1
    page.keyboard.press("]")
    page.keyboard.press("Enter")

    pane = page.get_by_role("region", name="Boundary")
    expect(pane).to_contain_text("shot 2", ignore_case=True)
    expect(page.locator(".frame figcaption")).to_have_text(
        [f"before · {start - 2}", f"before · {start - 1}", f"after · {start}", f"after · {start + 1}"]
    )
    expect(page.locator(".frames")).to_have_attribute("data-state", "read")
    expect(pane).to_contain_text(f"frame {start}")
    confidence = f"{100 * shot['start_boundary']['confidence']:.0f} %"
    expect(pane.locator(".meter").first).to_have_text(f"Confidence{confidence}")
    expect(page.locator(".curves")).to_be_visible()
    for name in ("Adjust", "Clips", "Boundary"):
        page.get_by_role("button", name=name, exact=True).click()
        expect(page.get_by_role("button", name=name, exact=True)).to_have_attribute("aria-expanded", "true")
        assert page.locator(".screen").evaluate("screen => screen.clientHeight") >= 240


def test_a_shot_is_played_alone_to_its_last_frame(finished: str, new_page: NewPage) -> None:
    page = new_page(finished).page
    page.wait_for_function("() => document.querySelector('video')?.readyState >= 2")
    expect(page.locator(SHOTS).nth(3)).to_be_visible()
    shot = shots_of(page, finished)[3]
    page.locator(SHOTS).nth(3).click()
    page.keyboard.press("Enter")

    page.get_by_label("Speed").select_option("2")
    page.get_by_role("button", name="Play this shot").click()
    page.wait_for_function("() => !document.querySelector('video').paused")
    page.wait_for_function("() => document.querySelector('video').paused")

    assert shown_frame(page) == shot["end_frame"] - 1


def test_stills_come_with_the_segments(finished: str, new_page: NewPage) -> None:
    page = new_page(finished).page

    page.wait_for_function(
        "() => [...document.querySelectorAll('.segment-row img')].some(i => i.complete && i.naturalWidth > 0)"
    )


def test_segments_become_files(finished: str, new_page: NewPage) -> None:
    page = new_page(finished).page
    page.get_by_role("button", name="Clips").click()
    page.get_by_label("Cut the").select_option("shot")
    expect(page.locator(SHOTS).nth(3)).to_be_visible()
    shots = page.locator(SHOTS).count()

    page.get_by_role("button", name=f"Cut {shots} clips").click()
    order = page.get_by_role("list", name="Clips").get_by_role("listitem")
    expect(order).to_contain_text("Done", timeout=ANALYSIS_MS)
    with page.expect_download() as download:
        order.get_by_role("link", name="Download zip").click()

    with zipfile.ZipFile(download.value.path()) as archive:
        assert sum(name.endswith(".mp4") for name in archive.namelist()) == shots
    order.get_by_role("button", name="Delete clips").click()
    page.get_by_role("dialog").get_by_role("button", name="Keep it").click()
    expect(order).to_have_count(1)
    order.get_by_role("button", name="Delete clips").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete clips").click()
    expect(order).to_have_count(0)


def test_reload_and_another_browser_keep_the_video(finished: str, new_page: NewPage) -> None:
    page = new_page(finished).page
    expect(page.locator(SHOTS).nth(3)).to_be_visible()
    shots = page.locator(SHOTS).count()

    page.reload()

    expect(page.locator(".video-name")).to_have_text("whole stack.mp4")
    expect(page.locator(SHOTS)).to_have_count(shots)


def test_only_our_origin_is_asked(finished: str, stack_url: str, new_page: NewPage) -> None:
    opened = new_page(finished)
    expect(opened.page.locator(SHOTS).nth(3)).to_be_visible()

    assert opened.foreign(stack_url.rstrip("/")) == []
    assert opened.errors == []


def test_a_file_that_is_no_video(stack_url: str, new_page: NewPage, tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("Remember the milk.\n" * 50)
    page = new_page(stack_url).page

    page.locator("#upload-files").set_input_files(notes)

    sentence = page.locator(".failure:visible, .upload-item[data-state='failed'] .upload-note")
    expect(sentence).to_be_visible(timeout=60_000)
    assert len((sentence.text_content() or "").split()) > 4
