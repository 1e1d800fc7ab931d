"""What one does with a result on the whole stack: learn from it, cut parts of it, look after the library."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage
from tests.support.stack.correcting import STARTS, Corrected, cells, make_film
from tests.support.stack.correcting_fixtures import video

__all__ = ["video"]

MADE_MS = 240_000
"""For clips to be cut and settings to be found, on a busy machine."""


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_film(tmp_path_factory.mktemp("film") / "in hand.mp4")


@pytest.fixture
def page(video: Corrected, new_page: NewPage) -> Page:
    page = new_page(video.url).page
    expect(cells(page, "shot")).to_have_count(len(STARTS["shot"]))
    return page


def test_a_corrected_video_teaches_settings_that_become_a_preset(video: Corrected, page: Page) -> None:
    page.get_by_role("checkbox", name=re.compile("^Choose in hand")).first.check()
    page.locator(".library-chosen").get_by_role("button", name="Learn").click()
    dialog = page.get_by_role("dialog", name="Settings from corrections")
    keep = dialog.get_by_role("button", name="Keep as a preset")
    expect(dialog.get_by_role("status")).not_to_contain_text("Looking for", timeout=MADE_MS)
    expect(dialog.get_by_role("alert")).to_be_hidden()
    if keep.is_visible():
        dialog.get_by_label("Name of the preset").fill("of-one-film")
        keep.click()
        expect(dialog).to_contain_text("Kept as “of-one-film”")
        assert "of-one-film" in {one["name"] for one in video.client.presets()}


def test_the_list_is_narrowed_and_what_is_chosen_is_cut(video: Corrected, page: Page) -> None:
    page.get_by_role("tab", name=re.compile("^Shots")).click()
    page.get_by_role("button", name="Filter", exact=True).click()
    fields = page.get_by_role("group", name="Filter segments")
    fields.get_by_label("at least").fill("0:03")
    fields.get_by_label("at least").press("Enter")
    expect(page.locator(".list-count")).to_have_text(f"{len(STARTS['shot'])} of {len(STARTS['shot'])}")
    page.locator(".segment-row").first.click(modifiers=["Control"])
    bar = page.get_by_role("group", name="Chosen segments")
    expect(bar).to_contain_text("1 shot chosen")
    bar.get_by_role("button", name="Cut…").click()
    pane = page.get_by_role("group", name="Cut into files")
    pane.get_by_role("button", name="Cut 1 clip").click()
    expect(pane.get_by_role("link", name=re.compile("zip", re.IGNORECASE)).first).to_be_visible(
        timeout=MADE_MS
    )

    (order,) = video.client.clips(video.id)
    assert order["progress"]["total"] == 1


def test_whatever_is_open_the_picture_keeps_its_room(page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 720})
    for name in ("Adjust", "Revisions", "Clips", "Boundary"):
        page.get_by_role("button", name=name, exact=True).click()
        picture = page.locator("video").bounding_box()
        assert picture is not None
        assert picture["height"] >= 240, name


def test_the_library_finds_chooses_and_deletes(video: Corrected, page: Page) -> None:
    search = page.get_by_role("searchbox").first
    search.fill("in hand")
    row = page.locator(f'.library-row[data-id="{video.id}"]')
    expect(row).to_be_visible()
    row.get_by_role("checkbox").check()
    page.locator(".library-chosen").get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("^Delete")).click()

    expect(row).to_have_count(0)
    assert video.id not in {one["id"] for one in video.client.videos()}


def test_the_cluster_shows_what_works(page: Page) -> None:
    page.get_by_role("link", name="Cluster", exact=True).click()
    expect(page.get_by_role("heading", name="Cluster", exact=True)).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("segmenter-0"))).to_be_visible()
    for server in ("PostgreSQL", "RabbitMQ", "MongoDB", "Redis"):
        expect(page.get_by_text(f"{server} answers")).to_be_visible()
