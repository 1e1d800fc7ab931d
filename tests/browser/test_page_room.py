"""Room for the picture, and what can be read: one drawer, a splitter, labels, the tip, numbers of a try."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage, Site
from tests.support.api.shapes import SETTINGS
from tests.support.api.video import FakeVideo

SCENES = '.tl-segment[data-level="scene"]'
PANES = ("Adjust", "Clips", "Boundary")


@pytest.fixture
def video(analysed: Callable[..., FakeVideo]) -> FakeVideo:
    video = analysed(settings=SETTINGS)
    heard = {"transition": [0.1, 0.9], "loudness": [-20.0, -30.0], "speech": [1.0, 0.0]}
    curves = [{"name": name, "unit": "", "min": values, "max": values} for name, values in heard.items()]
    video.signals = {"revision": 1, "start_s": 0.0, "end_s": 5.0, "points": 2, "curves": curves}
    return video


def opened(site: Site, video: FakeVideo, new_page: NewPage, **context: Any) -> Page:
    page = new_page(site.page_of(video), **context).page
    expect(page.locator(SCENES)).to_have_count(3)
    expect(page.locator(".tl-names")).to_contain_text("Loudness")
    return page


@pytest.mark.parametrize("size", [(1280, 720), (1366, 768), (1440, 900), (1920, 1080)])
def test_of_three_panes_one_is_open_and_the_picture_keeps_its_room(
    size: tuple[int, int], site: Site, video: FakeVideo, new_page: NewPage
) -> None:
    page = opened(site, video, new_page, viewport={"width": size[0], "height": size[1]})

    for name in PANES:
        page.get_by_role("button", name=name, exact=True).click()
        for other in PANES:
            expanded = str(other == name).lower()
            expect(page.get_by_role("button", name=other, exact=True)).to_have_attribute(
                "aria-expanded", expanded
            )
        expect(page.locator(".drawer > :visible")).to_have_count(1)
        heights = page.evaluate(
            """() => [".screen", ".panel.timeline", ".drawer"].map(name =>
                document.querySelector(name).getBoundingClientRect().height)"""
        )
        assert heights[0] >= 240
        assert heights[1] >= 240
        drawer = page.locator(".drawer").evaluate("drawer => [drawer.scrollHeight, drawer.clientHeight]")
        assert heights[2] >= 200 or drawer[0] <= drawer[1]  # Clips are short
        assert page.evaluate("document.documentElement.scrollHeight") <= size[1]
        widest = page.locator(".drawer").evaluate("drawer => [drawer.scrollWidth, drawer.clientWidth]")
        assert widest[0] <= widest[1]


def test_a_try_is_not_lost_when_another_pane_is_opened(
    site: Site, video: FakeVideo, new_page: NewPage
) -> None:
    page = opened(site, video, new_page)
    page.get_by_role("button", name="Adjust").click()
    page.get_by_label("Scenes", exact=True).fill("0.8")
    expect(page.locator(SCENES)).to_have_count(6)

    page.get_by_role("button", name="Adjust").click()
    expect(page.get_by_role("group", name="Adjust the segmentation")).to_be_hidden()
    expect(page.locator(SCENES)).to_have_count(6)
    page.get_by_role("button", name="Adjust: a try is shown").click()

    expect(page.get_by_label("Scenes", exact=True)).to_have_value("0.8")
    page.get_by_role("button", name="Discard").click()
    expect(page.locator(SCENES)).to_have_count(3)
    expect(page.locator(".drawer")).to_be_hidden()


def test_list_header_and_keys_follow_a_try(site: Site, video: FakeVideo, new_page: NewPage) -> None:
    page = opened(site, video, new_page)
    page.get_by_role("tab", name="Scenes").click()
    expect(page.locator(".video-facts")).to_contain_text("3 scenes")
    page.get_by_role("button", name="Adjust").click()

    page.get_by_label("Scenes", exact=True).fill("0.8")

    expect(page.get_by_role("tab", name="Scenes")).to_have_text("Scenes6")
    expect(page.locator(".video-facts")).to_contain_text("6 scenes")
    expect(page.locator(".segment-row")).to_have_count(6)
    page.locator("#segment-list").click()
    page.keyboard.press("Home")
    page.keyboard.press("]")
    expect(page.locator(".clock").first).to_have_text("0:00:00.042")
    page.get_by_role("button", name="Discard").click()
    expect(page.get_by_role("tab", name="Scenes")).to_have_text("Scenes3")
    expect(page.locator(".video-facts")).to_contain_text("3 scenes")


def test_the_splitter_gives_height_and_leaves_the_picture_its_own(
    site: Site, video: FakeVideo, new_page: NewPage
) -> None:
    page = opened(site, video, new_page, viewport={"width": 1440, "height": 900})
    splitter = page.get_by_role("separator", name="Height of the timeline")
    height = "() => document.querySelector('.panel.timeline').offsetHeight"
    natural = page.evaluate(height)
    box = splitter.bounding_box()
    assert box is not None
    x, y = box["x"] + 100, box["y"] + 4

    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 60, steps=4)
    page.mouse.up()
    assert page.evaluate(height) == pytest.approx(natural + 60, abs=2)
    page.reload()
    expect(page.locator(SCENES)).to_have_count(3)
    assert page.evaluate(height) == pytest.approx(natural + 60, abs=2)

    splitter.focus()
    for _ in range(30):
        page.keyboard.press("ArrowUp")
    assert page.locator(".screen").evaluate("screen => screen.clientHeight") >= 240
    for _ in range(60):
        page.keyboard.press("ArrowDown")
    assert page.evaluate(height) >= 130
    splitter.dblclick()
    assert page.evaluate(height) == pytest.approx(natural, abs=2)


@pytest.mark.parametrize("width", [390, 1024, 1280])
def test_no_control_of_the_transport_is_cut_off(
    width: int, site: Site, video: FakeVideo, new_page: NewPage
) -> None:
    page = opened(site, video, new_page, viewport={"width": width, "height": 768})

    for name in ("Play", "Mute", "Full screen"):
        button = page.locator(".transport").get_by_role("button", name=name)
        button.scroll_into_view_if_needed()
        box, panel = button.bounding_box(), page.locator(".panel.player").bounding_box()
        assert box is not None
        assert panel is not None
        assert box["x"] + box["width"] <= panel["x"] + panel["width"]
        assert box["y"] + box["height"] <= panel["y"] + panel["height"]
    expect(page.get_by_label("Volume")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_labels_lie_above_transitions_and_can_be_read(
    scheme: str, site: Site, video: FakeVideo, new_page: NewPage
) -> None:
    """By the pixels of the label's own rectangle: what is behind the letters, and the letters."""
    for level in ("shot", "scene", "chapter"):
        for segment in video.segments[level]:
            segment["label"] = "MMMM"
            segment["start_boundary"] |= {
                "kind": "dissolve",
                "from_s": segment["start_s"],
                "to_s": segment["end_s"],
            }
    page = opened(site, video, new_page, color_scheme=scheme)

    ratios = page.evaluate(
        """() => {
            const rgb = (text) => text.match(/[\\d.]+/g).slice(0, 4).map(Number);
            const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
                .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
                .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
            return [...document.querySelectorAll(".tl-segment:not(.narrow) > .tl-label")].map((label) => {
                const style = getComputedStyle(label);
                const extent = label.parentElement.querySelector(".tl-extent");
                const [one, other] = [light(rgb(style.color)), light(rgb(style.backgroundColor))];
                return { opaque: rgb(style.backgroundColor)[3] ?? 1,
                    above: Number(style.zIndex) > Number(getComputedStyle(extent).zIndex),
                    ratio: (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05) };
            });
        }"""
    )
    assert len(ratios) >= 8
    assert all(label["opaque"] == 1 and label["above"] for label in ratios)
    assert min(label["ratio"] for label in ratios) >= 4.5


@pytest.mark.parametrize("size", [(1280, 720), (1024, 768)])
def test_the_tip_covers_neither_legend_nor_transport_and_breaks_no_number(
    size: tuple[int, int], site: Site, video: FakeVideo, new_page: NewPage
) -> None:
    for level in ("shot", "scene", "chapter"):
        for segment in video.segments[level]:
            segment["start_boundary"]["confidence"] = 1.0
    page = opened(site, video, new_page, viewport={"width": size[0], "height": size[1]})

    for pane in (None, "Boundary"):
        if pane:
            page.get_by_role("button", name=pane, exact=True).click()
        for level, place in (("chapter", 0), ("scene", 2), ("shot", 4)):
            page.locator(f'.tl-segment[data-level="{level}"][data-index="{place}"]').hover()
            expect(page.get_by_role("tooltip")).to_be_visible()
            covered = page.evaluate(
                """() => { const tip = document.querySelector(".tooltip").getBoundingClientRect();
                    const meets = ({ left, right, top, bottom }) => left < tip.right && tip.left < right
                        && top < tip.bottom && tip.top < bottom;
                    return [".transport", ".tl-bar", ".tl-body", ".drawer"].filter(name =>
                        meets(document.querySelector(name).getBoundingClientRect())); }"""
            )
            assert covered == []
    lines = page.locator(".tooltip .meter-value").evaluate_all(
        "values => values.map(value => [value.textContent, value.offsetHeight])"
    )
    assert lines[0][0] == "100\u00a0%"
    assert all(height < 24 for _, height in lines)


def test_shares_are_rounded_as_in_the_exported_page(site: Site, video: FakeVideo, new_page: NewPage) -> None:
    video.segments["shot"][1]["start_boundary"]["confidence"] = 0.996
    page = opened(site, video, new_page)

    expect(page.locator(".segment-row[data-index='1'] .row-boundary")).to_contain_text("100 %")
    page.locator('.tl-segment[data-level="shot"][data-index="1"]').hover()
    expect(page.get_by_role("tooltip")).to_contain_text("Confidence100 %")
