"""Files that this browser cannot play, and their proxies: asked for, followed, played at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage, Site
from tests.browser.test_page_boundary import FPS, at_boundary, frames
from tests.browser.test_page_player import VIDEO, cells, position, shown_frame, wait_for_picture
from tests.support.api.video import FakeVideo
from tests.support.browser import numbered_clip

Json = dict[str, Any]


def proxy(state: str, fraction: float = 0.0, message: str | None = None) -> Json:
    error = None if message is None else {"code": "proxy_failed", "message": message}
    return {"state": state, "fraction": fraction, "bytes": None, "error": error}


def asked(site: Site, video: FakeVideo) -> int:
    return site.api.requests.count(f"POST /api/v1/videos/{video.document['id']}/proxy")


def said(page: Page, text: str) -> None:
    expect(page.locator(".screen-message")).to_contain_text(text)


@pytest.fixture
def old(site: Site, analysed: Callable[..., FakeVideo], tmp_path: Path) -> Callable[..., FakeVideo]:
    """Makes a video whose file is MPEG-2."""

    def make(**more: Any) -> FakeVideo:
        film = numbered_clip(tmp_path / "old.mpg", fps=25, frames=50, codec="mpeg2video")
        video = analysed("old.mpg", file=film, **more)
        video.document["media"]["video_codec"] = "mpeg2video"
        return video

    return make


def test_a_proxy_is_made_and_played_where_one_was(
    site: Site, old: Callable[..., FakeVideo], new_page: NewPage, clip: Path
) -> None:
    video = old()
    page = new_page(f"{site.page_of(video)}&t=1").page
    said(page, "This browser cannot play this file (mpeg2video). Being made playable… 0 %")
    expect(page.locator(".still")).to_be_visible()
    expect(page.locator(".clock").first).to_have_text("0:00:01.000")
    page.locator(f'{cells("shot")}[data-index="3"]').click()
    expect(page.locator(".clock").first).to_contain_text("0:00:02.04")

    video.document["proxy"] = proxy("running", 0.4)
    said(page, "Being made playable… 40 %")
    video.proxy = clip
    video.document["proxy"] = proxy("ready", 1.0)

    wait_for_picture(page)
    assert shown_frame(page) == 49
    expect(page.locator(".screen-message")).to_be_hidden()
    expect(page.locator(".still")).to_be_hidden()
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("() => document.querySelector('video').currentTime > 2.2")
    assert asked(site, video) == 1


def test_a_clock_that_starts_late_is_that_of_the_segments(
    site: Site, old: Callable[..., FakeVideo], new_page: NewPage, clip: Path
) -> None:
    """A proxy's clock begins with the first frame, whatever that of the file does."""
    video = old(shift_s=3.0)
    video.document["media"]["start_s"] = 3.0
    video.proxy = clip
    video.document["proxy"] = proxy("ready", 1.0)
    page = new_page(f"{site.page_of(video)}&t=6").page
    wait_for_picture(page)

    assert shown_frame(page) == 72
    expect(page.locator(".clock").first).to_have_text("0:00:06.000")
    page.locator(f'{cells("shot")}[data-index="1"]').click()

    assert shown_frame(page) == 1
    assert page.locator(VIDEO).evaluate("video => video.currentTime") < 1


def test_before_the_segments_it_waits(site: Site, old: Callable[..., FakeVideo], new_page: NewPage) -> None:
    video = old(done=False, state="running")
    page = new_page(site.page_of(video)).page
    said(page, "It is made playable after its segments are there.")
    assert asked(site, video) == 0

    site.api.finish(video)

    said(page, "Being made playable… 0 %")
    assert asked(site, video) == 1


def test_a_failure_says_why_and_can_be_tried_again(
    site: Site, old: Callable[..., FakeVideo], new_page: NewPage
) -> None:
    video = old()
    page = new_page(site.page_of(video)).page
    said(page, "Being made playable… 0 %")

    video.document["proxy"] = proxy("failed", message="No frame of it decodes.")
    said(page, "It could not be made playable: No frame of it decodes.")
    page.get_by_role("button", name="Try again").click()

    said(page, "Being made playable… 0 %")
    assert asked(site, video) == 2


def test_a_visit_does_not_have_one_made_anew_that_failed(
    site: Site, old: Callable[..., FakeVideo], new_page: NewPage
) -> None:
    video = old()
    video.document["proxy"] = proxy("failed", message="No frame of it decodes.")
    page = new_page(site.page_of(video)).page
    said(page, "It could not be made playable: No frame of it decodes.")
    assert asked(site, video) == 0

    page.get_by_role("button", name="Try again").click()

    said(page, "Being made playable… 0 %")
    assert asked(site, video) == 1


def test_frames_beside_a_boundary_come_from_the_proxy(
    site: Site, old: Callable[..., FakeVideo], new_page: NewPage, clip: Path
) -> None:
    """Of a file that the browser cannot read, and whose clock starts late."""
    video = old(shift_s=3.0)
    video.document["media"]["start_s"] = 3.0
    for segment in (segment for level in video.segments.values() for segment in level):
        segment["start_frame"], segment["end_frame"] = (
            round((segment[end] - 3.0) * FPS) for end in ("start_s", "end_s")
        )
    page = new_page(site.page_of(video)).page
    said(page, "Being made playable… 0 %")
    x, y = at_boundary(page, 3)
    page.mouse.click(x + 2, y)
    expect(page.get_by_text("This browser cannot read the frames of this file")).to_be_visible()

    video.proxy = clip
    video.document["proxy"] = proxy("ready", 1.0)

    expect(page.locator(".frames canvas")).to_have_count(4)
    assert frames(page) == [47, 48, 49, 50]


def test_one_that_makes_room_while_it_plays_plays_on_when_it_is_there_again(
    site: Site, old: Callable[..., FakeVideo], new_page: NewPage, clip: Path
) -> None:
    video = old()
    video.proxy = clip
    video.document["proxy"] = proxy("ready", 1.0)
    page = new_page(site.page_of(video)).page
    wait_for_picture(page)
    page.get_by_role("combobox", name="Speed").select_option("0.25")
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("() => document.querySelector('video').currentTime > 0.5")

    video.proxy, video.document["proxy"] = None, None
    page.locator(VIDEO).evaluate("video => { video.dispatchEvent(new Event('error')); }")
    said(page, "Being made playable… 0 %")
    shown = page.locator(".clock").first.inner_text()
    assert shown > "0:00:00.500"
    video.proxy = clip
    video.document["proxy"] = proxy("ready", 1.0)

    page.wait_for_function(
        "() => { const v = document.querySelector('video'); return v.readyState >= 2 && !v.paused; }"
    )
    assert position(page) > 0.5


def test_one_that_has_made_room_for_others_is_asked_for_anew(
    site: Site, old: Callable[..., FakeVideo], new_page: NewPage, clip: Path
) -> None:
    video = old()
    video.document["proxy"] = proxy("ready", 1.0)
    page = new_page(site.page_of(video)).page
    page.wait_for_function("() => document.querySelector('video')?.src.endsWith('/proxy')")

    video.document["proxy"] = None
    said(page, "Being made playable… 0 %")
    video.proxy = clip
    video.document["proxy"] = proxy("ready", 1.0)

    wait_for_picture(page)
    assert shown_frame(page) == 0


def test_sound_that_is_left_out_comes_with_the_proxy(
    site: Site, analysed: Callable[..., FakeVideo], new_page: NewPage, clip: Path
) -> None:
    """Browsers play a picture beside AC-3 without a sound, and without an error."""
    video = analysed()
    video.document["media"]["audio_codec"] = "ac3"
    page = new_page(site.page_of(video)).page
    said(
        page,
        "This browser plays only the picture of this file, not its sound (ac3). Being made playable… 0 %",
    )
    wait_for_picture(page)
    expect(page.locator(".still")).to_be_hidden()

    video.proxy = clip
    video.document["proxy"] = proxy("ready", 1.0)

    expect(page.locator(".screen-message")).to_be_hidden()
    assert page.locator(VIDEO).evaluate("video => video.src").endswith("/proxy")


def test_another_video_does_not_get_the_proxy(
    site: Site,
    old: Callable[..., FakeVideo],
    analysed: Callable[..., FakeVideo],
    new_page: NewPage,
    clip: Path,
) -> None:
    other = analysed("other.mp4")
    video = old()
    page = new_page(site.page_of(video)).page
    said(page, "Being made playable")

    page.get_by_role("link", name="other.mp4").click()
    wait_for_picture(page)
    video.proxy = clip
    video.document["proxy"] = proxy("ready", 1.0)

    expect(page.locator(".screen-message")).to_be_hidden()
    assert page.locator(VIDEO).evaluate("video => video.src").endswith(f"/{other.document['id']}/media")
    assert asked(site, other) == 0
