"""The list of segments: narrowed, as a grid and as a table, and segments chosen in it, cut and exported."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import NewPage, Site
from tests.support.api.shapes import segment, sentence, words
from tests.support.api.video import FakeVideo

MANY = 3000
SOUNDS = ["speech", "music", "speech", "silence"]


@pytest.fixture
def video(analysed: Callable[..., FakeVideo]) -> FakeVideo:
    """Twelve shots of 0.4 s, but the last one, which has 0.6 s."""
    video = analysed()
    video.segments["shot"] = [
        segment(
            "shot",
            place,
            place * 0.4,
            5.0 if place == 11 else (place + 1) * 0.4,
            label=SOUNDS[place % 4],
            role="intro" if place == 0 else "content",
            keywords=["harbour"] if place == 6 else [],
        )
        for place in range(12)
    ]
    for place in (3, 7):
        video.segments["shot"][place]["start_boundary"]["kind"] = "dissolve"
    video.words = words("done", 1.0, [sentence("The old bridge over there.", 1.7, 0.05)])
    return video


@pytest.fixture
def page(site: Site, video: FakeVideo, new_page: NewPage) -> Page:
    page = new_page(site.page_of(video)).page
    expect(rows(page)).to_have_count(12)
    return page


def rows(page: Page) -> Locator:
    return page.locator(".segment-row")


def listed(page: Page) -> list[int]:
    """Places of the segments that have an element, in the order of the page."""
    found: list[int] = rows(page).evaluate_all("rows => rows.map(row => Number(row.dataset.index))")
    return found


def chosen(page: Page) -> list[int]:
    found: list[int] = rows(page).evaluate_all(
        "rows => rows.filter(row => row.ariaSelected === 'true').map(row => Number(row.dataset.index))"
    )
    return found


def expect_listed(page: Page, places: list[int], count: str) -> None:
    expect(page.locator(".list-count")).to_have_text(count)
    assert listed(page) == places


def filtered(page: Page) -> Locator:
    """The fields that narrow the list."""
    page.get_by_role("button", name="Filter", exact=True).click()
    return page.get_by_role("group", name="Filter segments")


def test_kind_label_role_words_and_length_narrow_the_list(page: Page) -> None:
    fields = filtered(page)
    fields.get_by_label("Begins with").select_option("dissolve")
    expect_listed(page, [3, 7], "2 of 12")
    fields.get_by_label("Begins with").select_option("")
    fields.get_by_label("Label").select_option(label="speech (6)")
    expect_listed(page, [0, 2, 4, 6, 8, 10], "6 of 12")
    fields.get_by_label("Role").select_option("content")
    expect_listed(page, [2, 4, 6, 8, 10], "5 of 12")
    fields.get_by_label("Words").fill("Harbour")
    expect_listed(page, [6], "1 of 12")

    fields.get_by_role("button", name="Clear filter").click()
    expect(page.locator(".list-count")).to_be_empty()
    assert listed(page)[:6] == list(range(6))
    expect(fields.get_by_label("Label")).to_have_value("")

    fields.get_by_label("Words").fill("bridge")
    expect_listed(page, [4], "1 of 12")
    fields.get_by_label("Words").fill("")
    fields.get_by_label("at least").fill("0:00.5")
    fields.get_by_label("at least").press("Enter")
    expect_listed(page, [11], "1 of 12")
    fields.get_by_label("at least").fill("long")
    fields.get_by_label("at least").press("Enter")
    expect(fields.get_by_label("at least")).to_have_attribute("aria-invalid", "true")
    expect_listed(page, [11], "1 of 12")
    fields.get_by_label("at most").fill("0.3")
    fields.get_by_label("at most").press("Enter")
    expect(page.get_by_text("None of 12 shots meets the filter.")).to_be_visible()


def test_all_that_are_listed_are_chosen_and_cut(site: Site, page: Page) -> None:
    fields = filtered(page)
    fields.get_by_label("Label").select_option("music")
    fields.get_by_role("button", name="Choose these 3 shots").click()
    bar = page.get_by_role("group", name="Chosen segments")
    expect(bar).to_contain_text("3 shots chosen")

    fields.get_by_label("Label").select_option("speech")
    expect(bar).to_contain_text("3 shots chosen, 3 not listed")
    bar.get_by_role("button", name="Cut…").click()
    pane = page.get_by_role("group", name="Cut into files")
    expect(pane.get_by_label("Which of them")).to_have_value("only")
    expect(pane.get_by_label("Cut the")).to_have_value("shot")
    pane.get_by_role("button", name="Cut 3 clips").click()
    expect(pane.get_by_role("listitem")).to_contain_text("3 shots, exact")

    pane.get_by_label("Which of them").select_option("all")
    pane.get_by_role("button", name="Cut 12 clips").click()
    expect(pane.get_by_role("listitem")).to_have_count(2)
    assert site.api.taken_out.orders == [
        {"level": "shot", "mode": "exact", "select": {"indices": [1, 5, 9]}, "max_clips": 3},
        {"level": "shot", "mode": "exact", "select": {}, "max_clips": 12},
    ]


def test_the_chosen_ones_are_exported_by_formats_that_can(page: Page) -> None:
    for place in (1, 2, 3, 7):
        rows(page).nth(place).locator(".row-tick").click()
    page.get_by_role("group", name="Chosen segments").get_by_role("button", name="Export…").click()
    menu = page.locator(".menu-list")
    expect(menu.get_by_label("Segments")).to_be_focused()
    expect(menu.get_by_label("Level")).to_be_disabled()
    expect(menu.locator(".unavailable")).to_have_text(
        ["Pagewhole video only", "YouTubewhole video only"] + [f"{name}whole video only" for name in WORDS]
    )

    with page.expect_download() as download:
        menu.get_by_role("link", name="EDL").click()
    asked = download.value.path().read_text(encoding="utf-8")
    assert asked.splitlines() == ["format=edl", "level=shot", "segments=1-3,7", "revision=1"]

    page.locator(".menu summary").click()
    menu.get_by_label("Segments").select_option("all")
    with page.expect_download() as download:
        menu.get_by_role("link", name="CSV").click()
    assert download.value.path().read_text(encoding="utf-8").splitlines() == ["format=csv"]


WORDS = ["SRT", "Captions", "Text"]


def test_one_segment_is_cut_from_its_boundary(site: Site, page: Page) -> None:
    rows(page).nth(4).press("Enter")
    page.get_by_role("region", name="Boundary").get_by_role("button", name="Cut…").click()
    page.get_by_role("group", name="Cut into files").get_by_role("button", name="Cut 1 clip").click()
    expect(page.locator(".clip-orders li")).to_have_count(1)
    assert site.api.taken_out.orders[0]["select"] == {"indices": [4]}


def test_keys_alone_choose_cut_and_let_go(site: Site, page: Page) -> None:
    rows(page).first.focus()
    for key in ["ArrowDown", "Shift+ArrowDown", "Shift+ArrowDown"]:
        page.keyboard.press(key)
    expect(page.get_by_role("group", name="Chosen segments")).to_contain_text("3 shots chosen")
    assert chosen(page) == [1, 2, 3]
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("x")
    expect(page.get_by_role("group", name="Chosen segments")).to_contain_text("3 shots chosen")
    assert chosen(page) == [1, 2, 4]
    expect(rows(page).nth(4)).to_be_focused()
    page.keyboard.press("Control+a")
    expect(page.get_by_role("group", name="Chosen segments")).to_contain_text("12 shots chosen")

    page.get_by_role("button", name="Choose none").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("group", name="Chosen segments")).to_be_hidden()
    assert chosen(page) == []


def test_without_a_focused_row_the_key_chooses_the_segment_at_the_position(page: Page) -> None:
    page.keyboard.press("]")
    expect(page.locator(".clock").first).to_have_text("0:00:00.400")
    page.keyboard.press("x")
    expect(page.get_by_role("group", name="Chosen segments")).to_contain_text("1 shot chosen")
    assert chosen(page) == [1]


def test_a_click_with_shift_chooses_what_is_listed_between_and_one_with_control_one_more(page: Page) -> None:
    filtered(page).get_by_label("Label").select_option("speech")
    rows(page).nth(1).locator(".row-tick").click()
    rows(page).nth(3).click(modifiers=["Shift"])
    rows(page).nth(5).click(modifiers=["ControlOrMeta"])
    assert chosen(page) == [2, 4, 6, 10]
    expect(page.locator(".tl-segment.chosen")).to_have_count(4)
    expect(page.locator(".clock").first).to_have_text("0:00:00.000")


def test_a_grid_shows_stills_and_its_arrows_go_in_two_directions(page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})  # two of a line
    page.get_by_role("button", name="Grid").click()
    cells = page.get_by_role("listbox").get_by_role("option")
    expect(cells).to_have_count(12)
    first, second, third = (cells.nth(place).bounding_box() for place in (0, 1, 2))
    assert first is not None
    assert second is not None
    assert third is not None
    assert first["y"] == second["y"] < third["y"]
    assert first["x"] == third["x"] < second["x"]
    expect(cells.nth(0)).to_contain_text("0:00:00")

    page.get_by_role("button", name="Table").focus()
    page.keyboard.press("Tab")
    expect(cells.nth(0)).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(cells.nth(1)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(cells.nth(3)).to_be_focused()
    page.keyboard.press("Shift+ArrowLeft")
    assert chosen(page) == [2, 3]
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Boundary")).to_contain_text("shot 3", ignore_case=True)


def test_a_table_is_sorted_by_its_heads(page: Page) -> None:
    page.get_by_role("button", name="Table").click()
    table = page.get_by_role("grid", name="List of shots")
    expect(table).to_have_attribute("aria-rowcount", "13")
    length = table.get_by_role("columnheader", name="Length")
    table.get_by_role("button", name="Start").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(length).to_have_attribute("aria-sort", "ascending")
    assert listed(page)[-1] == 11
    page.keyboard.press("Enter")
    expect(length).to_have_attribute("aria-sort", "descending")
    assert listed(page)[:3] == [11, 0, 1]
    expect(length.get_by_role("button")).to_be_focused()
    expect(table.get_by_role("row").nth(1)).to_contain_text("0:00:04.400")
    expect(table.get_by_role("row").nth(1)).to_have_attribute("aria-rowindex", "2")

    rows(page).first.press("Shift+ArrowDown")
    assert sorted(chosen(page)) == [0, 11]
    page.get_by_role("button", name="List", exact=True).click()
    assert listed(page)[:6] == list(range(6))


def test_only_rows_in_view_exist_whatever_is_shown(site: Site, video: FakeVideo, new_page: NewPage) -> None:
    step = 5 / MANY
    video.segments["shot"] = [
        segment("shot", place, place * step, (place + 1) * step, start_frame=place, end_frame=place + 1)
        for place in range(MANY)
    ]
    page = new_page(site.page_of(video)).page
    expect(page.get_by_role("tab", name="Shots")).to_contain_text(str(MANY))
    for layout in ("List", "Grid", "Table"):
        page.get_by_role("button", name=layout, exact=True).click()
        expect(rows(page).first).to_be_visible()
        assert rows(page).count() < 80
        page.locator(".segment-list").evaluate("list => { list.scrollTop = list.scrollHeight; }")
        expect(page.locator(f'.segment-row[data-index="{MANY - 1}"]')).to_be_in_viewport()
        assert rows(page).count() < 80
    rows(page).last.press("Control+a")
    expect(page.get_by_role("group", name="Chosen segments")).to_contain_text("3,000 shots chosen")


def test_what_is_only_tried_is_neither_cut_nor_exported(video: FakeVideo, page: Page) -> None:
    rows(page).nth(1).locator(".row-tick").click()
    page.get_by_role("button", name="Adjust").click()
    page.get_by_role("group", name="Adjust the segmentation").get_by_label("Scenes", exact=True).fill("0.8")
    expect(page.locator('.tl-segment[data-level="scene"]')).to_have_count(12)

    bar = page.get_by_role("group", name="Chosen segments")
    expect(bar.get_by_role("button", name="Cut…")).to_be_disabled()
    expect(bar.get_by_role("button", name="Export…")).to_be_disabled()
    page.locator(".menu summary").click()
    expect(page.locator(".menu-list").get_by_label("Segments")).to_be_hidden()


def test_segments_of_a_video_in_work_cannot_be_chosen(
    site: Site, analysed: Callable[..., FakeVideo], new_page: NewPage
) -> None:
    video = analysed(done=False)
    site.api.progress(video, 1, 4, 3)
    page = new_page(site.page_of(video)).page
    expect(rows(page)).to_have_count(3)
    rows(page).nth(1).press("x")
    rows(page).nth(1).locator(".row-tick").click()
    expect(page.get_by_role("group", name="Chosen segments")).to_be_hidden()
    site.api.progress(video, 2, 4, 4)
    expect(rows(page)).to_have_count(4)
    assert chosen(page) == []


def test_what_is_chosen_stays_chosen_in_the_next_result_where_it_still_is(
    site: Site, video: FakeVideo, page: Page
) -> None:
    for place in (2, 3, 8):
        rows(page).nth(place).locator(".row-tick").click()
    joined = video.segments["shot"]
    later: list[dict[str, Any]] = [
        shot | {"index": place} for place, shot in enumerate(joined[:3] + joined[4:])
    ]
    video.segments["shot"] = later
    site.api.change(video, revision=2)
    expect(page.get_by_role("group", name="Chosen segments")).to_contain_text("2 shots chosen")
    assert chosen(page) == [2, 7]


def test_black_and_credits_can_be_left_out_of_what_is_cut(
    site: Site, analysed: Callable[..., FakeVideo], new_page: NewPage
) -> None:
    video = analysed()
    roles = ["black", "content", "content", "credits"]
    shots = [segment("shot", n, n, n + 1, role=role) for n, role in enumerate(roles)]
    video.segments |= {"shot": shots, "scene": [segment("scene", 0, 0, 4, role="content")]}
    page = new_page(site.page_of(video)).page
    page.get_by_role("button", name="Clips").click()
    pane = page.get_by_role("group", name="Cut into files")
    without = pane.get_by_label("without black, bars, slates and credits")
    expect(without).to_be_hidden()  # no scene is left out
    pane.get_by_label("Cut the").select_option("shot")
    expect(pane.get_by_role("button", name="Cut 4 clips")).to_be_enabled()
    without.check()
    pane.get_by_role("button", name="Cut 2 clips").click()
    expect(pane.get_by_role("listitem")).to_have_count(1)
    (order,) = site.api.taken_out.orders
    assert order["select"] == {"not_roles": ["black", "bars", "slate", "credits"]}


def test_what_is_chosen_is_exported_and_cut_by_its_numbers_in_the_result_that_is_shown(
    site: Site, video: FakeVideo, page: Page
) -> None:
    for place in (2, 8):
        rows(page).nth(place).locator(".row-tick").click()
    bar = page.get_by_role("group", name="Chosen segments")
    bar.get_by_role("button", name="Export…").click()
    edl = page.locator(".menu-list").get_by_role("link", name="EDL")
    expect(edl).to_have_attribute("href", re.compile(r"segments=2%2C8&revision=1$"))

    shots = video.segments["shot"]
    first = [shots[0] | {"end_s": 0.2, "end_frame": 5}, shots[0] | {"start_s": 0.2, "start_frame": 5}]
    video.segments["shot"] = [
        shot | {"index": place} for place, shot in enumerate([*first, *shots[1:]])
    ]  # both are still there, a place later
    site.api.change(video, revision=2)
    expect(edl).to_have_attribute("href", re.compile(r"segments=3%2C9&revision=2$"))
    page.locator(".menu summary").click()
    bar.get_by_role("button", name="Cut…").click()
    page.get_by_role("button", name="Cut 2 clips").click()
    expect(page.get_by_role("list", name="Clips").get_by_role("listitem")).to_have_count(1)
    assert site.api.taken_out.orders[0]["select"] == {"indices": [3, 9]}
    assert site.api.taken_out.revisions == ["2"]
