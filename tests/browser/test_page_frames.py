"""A film of a variable frame rate, as phones record: corrections name the frames that are seen."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import groupby, pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import NewPage, Site
from tests.support.api.shapes import Json
from tests.support.api.video import FakeVideo
from tests.support.browser import CLIP_SIZE, READ_FRAME_NUMBER
from tests.support.media import Picture, make_media

TICKS_PER_S = 90_000
FRAMES = 120
STARTS = {"shot": (0, 60), "scene": (0, 60), "chapter": (0,)}
READ_CANVAS = READ_FRAME_NUMBER.replace("video.videoWidth", "video.width").replace(
    "video.videoHeight", "video.height"
)


def _times() -> list[int]:
    """Starts of all frames and the end, in ticks: in the dark a phone takes a third of the frames.

    The clock of its file begins late.
    """
    pts = [126_000]
    for frame in range(FRAMES):
        dark = 20 <= frame < 40 or 70 <= frame < 75 or frame >= 110
        pts.append(pts[-1] + (9000 if dark else 3000) + frame * 37 % 101)
    return pts


PTS = _times()
SECONDS = [pts / TICKS_PER_S for pts in PTS]


def told() -> Json:
    """The API's answer."""
    steps = [after - before for before, after in pairwise(PTS)]
    runs = [[step, len(list(same))] for step, same in groupby(steps)]
    base = {"time_base": [1, TICKS_PER_S], "frames": FRAMES, "first_frame": 0, "first_pts": PTS[0]}
    return base | {"runs": runs, "next_frame": None}


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("phone") / "phone.mp4"
    picture = Picture(shots=(60, 60), size=CLIP_SIZE, gop=30, time_of=lambda k: Fraction(PTS[k], TICKS_PER_S))
    return make_media(path, picture)


@pytest.fixture
def video(site: Site, analysed: Callable[..., FakeVideo], film: Path) -> FakeVideo:
    video = analysed("phone.mp4", file=film)
    lasts_s = SECONDS[-1] - SECONDS[0]
    media = {"start_s": SECONDS[0], "duration_s": lasts_s, "fps": FRAMES / lasts_s}
    video.document["media"] |= media | {"variable_frame_rate": True}
    for level, starts in STARTS.items():
        kept = video.segments[level][: len(starts)]
        for segment, start, end in zip(kept, starts, [*starts[1:], FRAMES], strict=True):
            segment |= {
                "start_frame": start,
                "end_frame": end,
                "start_s": SECONDS[start],
                "end_s": SECONDS[end],
            }
            segment["start_boundary"] |= {"from_s": SECONDS[start], "to_s": SECONDS[start]}
        video.segments[level] = kept
    video.frames = told()
    return video


@pytest.fixture
def page(site: Site, video: FakeVideo, new_page: NewPage) -> Page:
    page = new_page(site.page_of(video)).page
    page.wait_for_function("() => document.querySelector('video')?.readyState >= 2")
    expect(page.locator('.tl-segment[data-level="shot"]')).to_have_count(2)
    return page


def see(page: Page, frame: int) -> int:
    """Let the player show a frame, up to 96; the number that is seen in the picture.

    In a file whose clock starts late, Chromium seeks only to the file's length, so not to its last frames.
    """
    page.locator("video").evaluate(
        """(video, time) => new Promise(resolve => {
            video.addEventListener("seeked", resolve, { once: true });
            video.currentTime = time;
        })""",
        (SECONDS[frame] + SECONDS[frame + 1]) / 2,
    )
    return seen(page)


def seen(page: Page) -> int:
    number: int = page.locator("video").evaluate(READ_FRAME_NUMBER)
    return number


def expect_shown(page: Page, frame: int) -> None:
    """Waits until the player has come to a frame, which then is the one that is seen."""
    page.wait_for_function(
        """([from, to]) => {
            const video = document.querySelector("video");
            return !video.seeking && video.currentTime >= from && video.currentTime < to;
        }""",
        arg=[SECONDS[frame], SECONDS[frame + 1]],
    )
    assert seen(page) == frame


def starts(page: Page) -> list[float]:
    cells = page.locator('.tl-segment[data-level="shot"]')
    return sorted(cells.evaluate_all("cells => cells.map(cell => Number(cell.dataset.start))"))


@pytest.mark.parametrize("frame", [1, 10, 20, 33, 47, 66, 72, 95])
def test_s_at_the_playhead_names_the_frame_that_is_seen(page: Page, video: FakeVideo, frame: int) -> None:
    assert see(page, frame) == frame
    page.keyboard.press("s")
    expect(page.locator('.tl-segment[data-level="shot"]')).to_have_count(3)
    assert starts(page) == pytest.approx(sorted([SECONDS[0], SECONDS[60], SECONDS[frame]]), abs=1e-6)
    page.keyboard.press("Control+s")
    expect(page.locator(".edit-message")).to_contain_text("Saved")

    [body] = video.corrected
    assert [start["start_frame"] for start in body["shots"]] == sorted([60, frame])


def test_a_boundary_that_is_moved_by_a_frame_and_by_a_second_shows_its_frame(page: Page) -> None:
    page.get_by_role("button", name="Edit", exact=True).click()
    page.keyboard.press("]")
    for key, frame in (("Alt+ArrowLeft", 59), ("Alt+ArrowRight", 60), ("Alt+Shift+ArrowLeft", 37)):
        page.keyboard.press(key)
        expect_shown(page, frame)


def test_a_drag_shows_and_names_the_frames_beside_the_boundary(page: Page, video: FakeVideo) -> None:
    page.get_by_role("button", name="Edit", exact=True).click()
    expect(page.locator(".edit-bar")).to_be_visible()
    row = page.locator('.tl-row[data-level="shot"]').bounding_box()
    assert row is not None
    px_per_s = row["width"] / (SECONDS[-1] - SECONDS[0])
    x_of = [row["x"] + (second - SECONDS[0]) * px_per_s for second in SECONDS]
    y = row["y"] + row["height"] / 2
    page.mouse.move(x_of[60], y)
    page.mouse.down()
    page.mouse.move(x_of[50], y, steps=3)
    page.keyboard.down("Alt")
    page.mouse.move((x_of[30] + x_of[31]) / 2 - 2, y, steps=3)
    view = page.locator(".drag-view")
    expect(view).to_have_attribute("data-frame", "30")
    canvases = view.locator("canvas")
    assert [canvases.nth(side).evaluate(READ_CANVAS) for side in (0, 1)] == [29, 30]
    expect(view).to_contain_text("frame 30")
    page.mouse.up()
    page.keyboard.up("Alt")
    expect(view).to_be_hidden()
    assert starts(page)[1] == pytest.approx(SECONDS[30], abs=1e-6)


def assert_pictures(page: Page, frames: list[int]) -> None:
    """The second shot's boundary comes to show these frames: first by an estimate, then by their times."""
    page.keyboard.press("]")
    page.get_by_role("button", name="Boundary", exact=True).click()
    names = [f"{side} · {frame}" for side, frame in zip(["before"] * 2 + ["after"] * 2, frames, strict=True)]
    expect(page.locator(".frame figcaption")).to_have_text(names)
    expect(page.locator(".frames")).to_have_attribute("data-state", "read")
    shown = f"[...document.querySelectorAll('.frames canvas')].map({READ_CANVAS})"
    page.wait_for_function(f"frames => {shown}.join() === frames.join()", arg=frames)


def test_the_pictures_of_a_boundary_are_those_of_the_frames_that_are_named(page: Page) -> None:
    assert_pictures(page, [58, 59, 60, 61])


def test_a_dissolve_has_the_pictures_before_and_after_it(page: Page, video: FakeVideo) -> None:
    extent = {"kind": "dissolve", "from_s": SECONDS[25], "to_s": SECONDS[72]}
    video.segments["shot"][1]["start_boundary"] |= extent
    page.reload()
    expect(page.locator('.tl-segment[data-level="shot"]')).to_have_count(2)
    assert_pictures(page, [23, 24, 72, 73])


def test_without_the_times_nothing_is_corrected_until_they_are_there(page: Page, video: FakeVideo) -> None:
    video.frames = None
    assert see(page, 33) == 33
    page.keyboard.press("s")
    alert = page.get_by_role("alert").filter(has_text="exact time of every frame")
    expect(alert).to_contain_text("What was measured is not stored any more.")
    assert len(starts(page)) == 2
    video.frames = told()
    alert.get_by_role("button", name="Try again").click()
    expect(page.locator(".edit-tools")).to_be_visible()
    expect(alert).to_be_hidden()
    page.keyboard.press("s")
    expect(page.locator('.tl-segment[data-level="shot"]')).to_have_count(3)
    assert starts(page)[1] == pytest.approx(SECONDS[33], abs=1e-6)


def test_keys_that_are_pressed_while_the_draft_is_opened_wait_for_it(page: Page) -> None:
    held: list[Route] = []
    page.route("**/frames", lambda route: held.append(route))
    page.keyboard.press("e")
    button = page.get_by_role("button", name="Edit", exact=True)
    expect(button).to_have_attribute("aria-busy", "true")
    for key in ("]", "Alt+ArrowRight", "Alt+ArrowRight"):
        page.keyboard.press(key)
    assert len(starts(page)) == 2
    [asked] = held
    asked.continue_()
    expect(page.get_by_role("button", name="Save 1 change")).to_be_enabled()
    expect(button).to_have_attribute("aria-busy", "false")
    assert starts(page)[1] == pytest.approx(SECONDS[62], abs=1e-6)


def test_steps_show_each_frame_once(page: Page, site: Site, video: FakeVideo) -> None:
    page.keyboard.press("]")
    with page.expect_response(lambda answer: answer.url.endswith("/frames")):
        page.keyboard.press("ArrowRight")
    see(page, 17)
    for frame in (18, 19, 20, 21, 22):
        page.keyboard.press("ArrowRight")
        expect_shown(page, frame)
