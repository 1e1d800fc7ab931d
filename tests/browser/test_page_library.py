"""The list of videos over the real API: thousands of rows, one request a refresh, several deleted."""

from __future__ import annotations

import io
import json
import re

import psycopg
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from cluster.stores.media.keys import keyframe_key
from tests.browser.conftest import NewPage, RealSite, Site
from tests.support.api.running import done_video

MANY = 5_000
LISTED = "/api/v1/videos?"

INSERT_MANY = """
INSERT INTO videos (id, state, filename, bytes, media_key, preset, settings, created_at, media,
                    tracks_key, finished_at, timeline_id, error_code, error_message)
SELECT md5('row' || n), CASE WHEN n %% 10 = 0 THEN 'failed' WHEN n %% 10 = 1 THEN 'cancelled' ELSE 'done' END,
       'rushes ' || lpad(n::text, 4, '0') || '.mp4', 1000, 'none/' || n, 'default', '{"preset": "default"}',
       now() - make_interval(mins => n), jsonb_build_object('duration_s', n, 'width', 640, 'height', 360,
       'fps', 25.0, 'frames', 25 * n, 'variable_frame_rate', false, 'rotation', 0, 'video_codec', 'h264',
       'audio_codec', 'aac'), md5('row' || n), now(), 'none',
       CASE WHEN n %% 10 = 0 THEN 'not_media' END, CASE WHEN n %% 10 = 0 THEN 'This is not a video.' END
FROM generate_series(1, %(many)s) AS n
"""


@pytest.fixture(scope="module")
def crowded(real_site: RealSite) -> RealSite:
    """A library of MANY videos; the newest is "rushes 0001.mp4"."""
    with psycopg.connect(real_site.api.services.settings.postgres_url) as connection:
        connection.execute(INSERT_MANY, {"many": MANY})
    return real_site


def rows_of(page: Page) -> Locator:
    return page.get_by_role("list", name="Videos").get_by_role("listitem")


def scroll_to(page: Page, row: int) -> None:
    page.locator(".library-view").evaluate("(view, row) => { view.scrollTop = row * 70; }", row)


def test_of_thousands_only_those_in_view_are_there(crowded: RealSite, new_page: NewPage) -> None:
    begun = len(crowded.asked)
    page = new_page(crowded.url).page
    expect(page.get_by_text("5,000 videos", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="rushes 0001.mp4")).to_be_visible()

    assert rows_of(page).count() < 80
    assert len([path for path in crowded.asked[begun:] if path.startswith(LISTED)]) == 1

    before = len(crowded.asked)
    scroll_to(page, 4000)
    expect(page.get_by_role("link", name="rushes 4003.mp4")).to_be_visible()
    assert rows_of(page).count() < 80
    expect(rows_of(page).first).to_have_attribute("aria-setsize", "5000")
    assert len([path for path in crowded.asked[before:] if path.startswith(LISTED)]) == 1

    before = len(crowded.asked)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_timeout(1000)
    refreshed = [path for path in crowded.asked[before:] if path.startswith(LISTED)]
    assert len(refreshed) == 1, "a refresh is one request"
    expect(page.get_by_role("link", name="rushes 4003.mp4")).to_be_visible()


def test_it_is_filtered_sorted_and_searched(crowded: RealSite, new_page: NewPage) -> None:
    page = new_page(crowded.url).page
    names = page.locator(".library-name")

    page.get_by_label("Videos in state").select_option("failed")
    expect(page.get_by_text("500 videos", exact=True)).to_be_visible()
    expect(names.first).to_have_text("rushes 0010.mp4")
    page.get_by_label("Order of the videos").select_option("oldest")
    expect(names.first).to_have_text("rushes 5000.mp4")
    page.get_by_label("Videos in state").select_option("")
    page.get_by_label("Order of the videos").select_option("longest")
    expect(names.first).to_have_text("rushes 5000.mp4")
    page.get_by_label("Order of the videos").select_option("name")
    expect(names.first).to_have_text("rushes 0001.mp4")
    page.get_by_label("Search moments by words, and videos by name").fill("rushes 12")
    expect(page.get_by_text("100 videos", exact=True)).to_be_visible()
    expect(names.first).to_have_text("rushes 1200.mp4")
    page.get_by_label("Videos in state").select_option("queued")
    expect(page.get_by_text("No video is called like “rushes 12”.")).to_be_visible()


def test_the_open_video_is_in_view_wherever_it_is(crowded: RealSite, new_page: NewPage) -> None:
    with psycopg.connect(crowded.api.services.settings.postgres_url) as connection:
        (video_id,) = connection.execute("SELECT md5('row3000')").fetchone() or ("",)

    page = new_page(crowded.page_of(video_id)).page

    expect(page.locator(".library-row.current")).to_contain_text("rushes 3000.mp4")
    expect(page.locator(".library-row.current")).to_be_in_viewport()


def test_several_are_chosen_and_deleted_when_that_is_confirmed(
    real_site: RealSite, new_page: NewPage
) -> None:
    for name in (*(f"chosen {number}" for number in range(4)), "another"):
        done_video(real_site.api, filename=f"{name}.mp4")
    page = new_page(real_site.url).page
    page.get_by_label("Search moments by words, and videos by name").fill("chosen")
    expect(rows_of(page)).to_have_count(4)

    page.get_by_role("checkbox", name="Choose chosen 3.mp4").check()
    page.get_by_role("checkbox", name="Choose chosen 1.mp4").click(modifiers=["Shift"])
    bar = page.locator(".library-chosen")
    expect(bar).to_contain_text("3 chosen")
    bar.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog", name="Delete 3 videos?")
    expect(dialog).to_contain_text("chosen 2.mp4")
    dialog.get_by_role("button", name="Keep it").click()
    expect(rows_of(page)).to_have_count(4)
    bar.get_by_role("button", name="Delete").click()
    dialog.get_by_role("button", name="Delete 3").click()

    expect(rows_of(page)).to_have_count(1)
    expect(rows_of(page)).to_contain_text("chosen 0.mp4")
    expect(bar).to_be_hidden()
    left = json.loads(real_site.api.client.get("/videos?q=chosen").text)["items"]
    assert [video["filename"] for video in left] == ["chosen 0.mp4"]


def test_cards_have_state_length_and_a_still(real_site: RealSite, new_page: NewPage) -> None:
    video_id = done_video(real_site.api, filename="still life.mp4")
    picture = io.BytesIO()
    Image.new("RGB", (160, 90), (30, 90, 150)).save(picture, "WEBP")
    real_site.api.services.media.put_stream(keyframe_key(video_id, 5), [picture.getvalue()])
    page = new_page(real_site.url).page
    page.get_by_label("Search moments by words, and videos by name").fill("still life")

    row = rows_of(page).filter(has_text="still life")
    expect(row).to_contain_text("Done")
    expect(row).to_contain_text(re.compile(r"40\.0 s · (just now|\d+ min)"))
    expect(row.locator("img")).to_be_visible()
    assert row.locator("img").evaluate("image => image.naturalWidth") == 160


def test_what_is_said_of_an_empty_library_stands_at_its_top(site: Site, new_page: NewPage) -> None:
    page = new_page(site.url).page
    note = page.get_by_text("No videos yet")
    expect(note).to_be_visible()

    above = page.get_by_label("Order of the videos").bounding_box()
    below = note.bounding_box()
    assert above is not None
    assert below is not None
    assert below["y"] - (above["y"] + above["height"]) < 40
