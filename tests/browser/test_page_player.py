"""Timeline, list and keyboard move the player to where a segment begins, in a real Chromium."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import CUTS_S, NewPage, Site
from tests.support.api.video import FakeVideo
from tests.support.browser import READ_FRAME_NUMBER, numbered_clip
from tests.support.media import Sound, make_media

VIDEO = "video"


def cells(level: str) -> str:
    return f'.tl-segment[data-level="{level}"]'


def shown_frame(page: Page) -> int:
    """The number that the frame on the screen carries."""
    page.wait_for_function("() => { const v = document.querySelector('video'); return !v.seeking; }")
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    number: int = page.locator(VIDEO).evaluate(READ_FRAME_NUMBER)
    return number


def position(page: Page) -> float:
    seconds: float = page.locator(VIDEO).evaluate("video => video.currentTime")
    return seconds


def wait_for_picture(page: Page) -> None:
    page.wait_for_function("() => document.querySelector('video')?.readyState >= 2")


def test_h264_plays(site: Site, analysed: Callable[..., FakeVideo], new_page: NewPage) -> None:
    page = new_page(site.page_of(analysed())).page
    wait_for_picture(page)

    page.get_by_role("button", name="Play").click()

    page.wait_for_function("() => document.querySelector('video').currentTime > 0.3")
    head = page.locator(".tl-playhead").evaluate("e => new DOMMatrix(getComputedStyle(e).transform).m41")
    assert head > 0


def test_a_click_on_a_shot_shows_its_first_frame(
    site: Site, analysed: Callable[..., FakeVideo], new_page: NewPage
) -> None:
    page = new_page(site.page_of(analysed())).page
    wait_for_picture(page)

    for place, start_s in reversed(list(enumerate(CUTS_S[:-1]))):
        page.locator(f'{cells("shot")}[data-index="{place}"]').dispatch_event("click")

        assert shown_frame(page) == round(start_s * 24)
        assert position(page) == pytest.approx(start_s, abs=1e-5)


@pytest.mark.parametrize("name", ["late.mkv", "late.webm"])
def test_files_whose_clock_starts_late(
    site: Site, analysed: Callable[..., FakeVideo], new_page: NewPage, tmp_path: Path, name: str
) -> None:
    codec = "libvpx-vp9" if name.endswith("webm") else "libx264"
    video = analysed(shift_s=3.0)
    late = replace(video, file=numbered_clip(tmp_path / name, start_s=3, codec=codec))
    site.api.videos[video.document["id"]] = late
    page = new_page(site.page_of(video)).page
    wait_for_picture(page)

    page.locator(f'{cells("shot")}[data-index="4"]').click()

    assert shown_frame(page) == 72
    expect(page.locator(".clock").first).to_have_text("0:00:06.000")


def test_typing_does_not_move_the_player(
    site: Site, analysed: Callable[..., FakeVideo], new_page: NewPage
) -> None:
    page = new_page(site.page_of(analysed())).page
    wait_for_picture(page)

    page.get_by_label("Search moments by words, and videos by name").press_sequentially("23 l")

    expect(page.get_by_label("Search moments by words, and videos by name")).to_have_value("23 l")
    expect(page.get_by_role("tab", name="Shots")).to_have_attribute("aria-selected", "true")
    assert position(page) == 0


def test_the_list_seeks_and_follows(
    site: Site, analysed: Callable[..., FakeVideo], new_page: NewPage
) -> None:
    page = new_page(site.page_of(analysed())).page
    wait_for_picture(page)

    page.locator(".segment-row").nth(3).click()

    assert shown_frame(page) == 49
    expect(page.locator(".segment-row[aria-current]")).to_have_attribute("data-index", "3")
    expect(page.locator(f"{cells('shot')}.active")).to_have_attribute("data-index", "3")


def test_hovering_tells_kind_and_evidence(
    site: Site, analysed: Callable[..., FakeVideo], new_page: NewPage
) -> None:
    page = new_page(site.page_of(analysed())).page

    page.locator(f'{cells("scene")}[data-index="1"]').hover()

    tip = page.get_by_role("tooltip")
    expect(tip).to_contain_text("0:00:01.000 – 0:00:03.000")
    expect(tip).to_contain_text("cut")
    expect(tip).to_contain_text("Confidence93 %")
    expect(tip).to_contain_text("Picture97 %")
    expect(tip).to_contain_text("Sound41 %")


def test_zooming_keeps_the_playhead_in_place(
    site: Site, analysed: Callable[..., FakeVideo], new_page: NewPage
) -> None:
    page = new_page(site.page_of(analysed())).page
    wait_for_picture(page)
    page.locator(f'{cells("shot")}[data-index="4"]').click()
    place = "() => document.querySelector('.tl-playhead').getBoundingClientRect().left"
    before = page.evaluate(place)

    page.get_by_role("button", name="Zoom in").click()

    page.wait_for_function("() => document.querySelector('.tl-inner').offsetWidth > innerWidth")
    assert page.evaluate(place) == pytest.approx(before, abs=2)
    page.keyboard.press("0")
    page.wait_for_function("() => document.querySelector('.tl-inner').offsetWidth < innerWidth")


def test_a_file_the_browser_cannot_play(
    site: Site, analysed: Callable[..., FakeVideo], new_page: NewPage, tmp_path: Path
) -> None:
    film = numbered_clip(tmp_path / "old.mpg", fps=25, frames=50, codec="mpeg2video")
    video = analysed("old.mpg", file=film)
    page = new_page(site.page_of(video)).page

    expect(page.locator(".screen-message")).to_contain_text("This browser cannot play this file")
    page.locator(f'{cells("shot")}[data-index="4"]').click()

    expect(page.locator(".clock").first).to_have_text("0:00:03.000")
    expect(page.locator(".still")).to_be_visible()
    expect(page.locator(f"{cells('shot')}.active")).to_have_attribute("data-index", "4")


def test_the_sound_is_shown_by_kind(
    site: Site, analysed: Callable[..., FakeVideo], new_page: NewPage
) -> None:
    """Speech, then music, then digital silence, then nothing measured: a quarter of the film each."""
    video = analysed()
    heard = {
        "speech": (1.0, 0.0, 0.0, None),
        "music": (0.0, 1.0, 0.0, None),
        "loudness": (-20.0, -20.0, None, None),
    }
    curves = [{"name": name, "unit": "", "min": values, "max": values} for name, values in heard.items()]
    video.signals = {"revision": 1, "start_s": 0.0, "end_s": CUTS_S[-1], "points": 4, "curves": curves}
    page = new_page(site.page_of(video)).page
    expect(page.locator(".tl-names")).to_contain_text("Loudness")

    colours = page.wait_for_function(
        """() => {
            const canvas = document.querySelector(".tl-sound");
            const at = [1, 3, 5, 7].map(eighth => [...canvas.getContext("2d").getImageData(
                Math.floor(canvas.width * eighth / 8), canvas.height / 2, 1, 1).data]);
            return at[3][3] === 0 && at;
        }"""
    )

    speech, music, silence, _ = colours.json_value()
    assert speech == [47, 127, 214, 255]
    assert music == [221, 138, 44, 255]
    assert silence == [207, 213, 223, 255]


def test_sound_alone_is_drawn_in_place_of_the_picture(
    site: Site, analysed: Callable[..., FakeVideo], new_page: NewPage, tmp_path: Path
) -> None:
    """Speech in the first half, music in the second."""
    sound = Sound((("noise", CUTS_S[-1]),), codec="libopus")
    video = analysed("podcast.ogg", file=make_media(tmp_path / "podcast.ogg", sound, form="ogg"))
    video.segments["shot"] = []
    video.document["media"] |= {
        "video_codec": None,
        "audio_codec": "opus",
        "width": 0,
        "height": 0,
        "fps": 10.0,
    }
    heard = {"speech": (1.0, 0.0), "music": (0.0, 1.0), "loudness": (-20.0, -10.0)}
    curves = [{"name": name, "unit": "", "min": values, "max": values} for name, values in heard.items()]
    video.signals = {"revision": 1, "start_s": 0.0, "end_s": CUTS_S[-1], "points": 2, "curves": curves}
    page = new_page(site.page_of(video)).page

    expect(page.get_by_text("opus, no picture")).to_be_visible()
    expect(page.get_by_text("1 chapter, 3 scenes")).to_be_visible()
    picture = page.get_by_role("img", name="Loudness and kinds of sound")
    expect(picture).to_be_visible()
    expect(page.locator(".screen-message")).to_be_hidden()
    expect(page.get_by_role("tab", name="Shots")).to_be_hidden()
    expect(page.get_by_role("tab", name="Scenes")).to_have_attribute("aria-selected", "true")
    expect(page.locator(cells("scene"))).to_have_count(3)
    expect(page.locator(".tl-names")).not_to_contain_text("Shots")
    expect(page.get_by_role("button", name="Clips")).to_be_hidden()
    page.get_by_role("button", name="Adjust").click()
    expect(page.get_by_label("Scenes", exact=True)).to_be_visible()
    expect(page.get_by_label("Shots", exact=True)).to_be_hidden()
    page.get_by_role("button", name="Discard").click()
    page.get_by_text("Export", exact=True).click()
    expect(page.locator(".menu-list .unavailable")).to_have_text(
        [
            *(f"{name}needs a picture" for name in ("EDL", "OTIO", "FCPXML", "XML", "Markers", "Keyframes")),
            *(f"{name}needs words" for name in ("SRT", "Captions", "Text")),
        ]
    )

    bars = page.wait_for_function(
        """() => {
            const canvas = document.querySelector(".sound-bars");
            const ratio = window.devicePixelRatio;
            const at = (share) => Math.floor(Math.floor(canvas.clientWidth * share / 4) * 4 * ratio) + 1;
            const context = canvas.getContext("2d");
            const column = (share) => context.getImageData(at(share), 0, 1, canvas.height).data;
            const of = (data) => {
                const rows = [...Array(canvas.height).keys()].filter((row) => data[4 * row + 3] === 255);
                const middle = 4 * Math.floor(canvas.height / 2);
                return [[...data.slice(middle, middle + 3)], rows.length / canvas.height];
            };
            const found = [of(column(0.25)), of(column(0.75))];
            return found[0][1] > 0 && found;
        }"""
    )
    (speech, quiet), (music, loud) = bars.json_value()
    assert (speech, music) == ([47, 127, 214], [221, 138, 44])
    assert (quiet, loud) == pytest.approx((40 / 55, 50 / 55), abs=0.03)

    box = picture.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator(".clock").first).to_have_text(re.compile(r"^0:00:02\.[45]"))
    page.get_by_role("button", name="Play (space)").click()
    page.wait_for_function("() => document.querySelector('video').currentTime > 2.6")


def test_a_picture_comes_back_after_sound_alone(
    site: Site, analysed: Callable[..., FakeVideo], new_page: NewPage
) -> None:
    alone = analysed("podcast.mp3")
    alone.segments["shot"] = []
    alone.document["media"] |= {"video_codec": None, "audio_codec": "mp3", "width": 0, "height": 0}
    analysed("film.mp4")
    page = new_page(site.page_of(alone)).page
    expect(page.get_by_text("No curves were kept of this sound.")).to_be_visible()

    page.get_by_role("link", name="film.mp4").click()

    expect(page.get_by_role("heading", name="film.mp4")).to_be_visible()
    expect(page.locator(".sound-picture")).to_be_hidden()
    expect(page.get_by_role("tab", name="Shots")).to_be_visible()
    expect(page.locator(cells("shot"))).to_have_count(6)
    expect(page.get_by_role("button", name="Clips")).to_be_visible()


@pytest.mark.parametrize(
    ("told", "ratio"),
    [
        ({"width": 320, "height": 180}, 16 / 9),
        ({"width": 180, "height": 320, "rotation": 90}, 9 / 16),
        ({"width": 720, "height": 576, "pixel_aspect": "64:45"}, 16 / 9),
    ],
)
def test_the_screen_and_the_stills_have_the_shape_of_the_picture(
    told: dict[str, Any], ratio: float, site: Site, analysed: Callable[..., FakeVideo], new_page: NewPage
) -> None:
    video = analysed()
    video.document["media"] |= told
    page = new_page(site.page_of(video), viewport={"width": 800, "height": 900}).page

    still = page.locator(".tl-film img").first
    expect(still).to_be_attached()
    box = still.evaluate("image => [image.clientWidth, image.parentElement.clientHeight]")
    assert box[0] / box[1] == pytest.approx(ratio, rel=0.05)
    shape = page.locator(".screen").evaluate("screen => getComputedStyle(screen).aspectRatio")
    assert float(shape.split("/")[0]) == pytest.approx(ratio, abs=0.001)
