"""A page that stays open hears what others do to its video after the end, over the real API."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage, RealSite
from tests.support.api.running import done_video, finish_work, segment, start_work

BADGE = ".status .badge"
SHOTS = '.tl-segment[data-level="shot"]'
SCENES = '.tl-segment[data-level="scene"]'


@pytest.fixture
def two_pages(real_site: RealSite, new_page: NewPage) -> tuple[str, Page, Page]:
    """A queued video and two pages, each in a browser of its own, that show it."""
    video_id = real_site.api.make(filename="two pages.mp4")
    first, second = (new_page(real_site.page_of(video_id)).page for _ in range(2))
    for page in (first, second):
        expect(page.locator(BADGE)).to_have_text("Queued")
    return video_id, first, second


def test_a_retry_elsewhere_is_followed_to_its_end(
    real_site: RealSite, two_pages: tuple[str, Page, Page]
) -> None:
    video_id, first, second = two_pages
    first.get_by_role("button", name="Cancel").click()
    for page in (first, second):
        expect(page.locator(BADGE)).to_have_text("Cancelled")

    second.get_by_role("button", name="Retry").click()
    expect(first.locator(BADGE)).to_have_text("Queued")
    epoch = start_work(real_site.api, video_id)
    real_site.api.services.cache.publish_event(video_id, "state", {"state": "running"})
    expect(first.locator(BADGE)).to_have_text("Analysing")
    finish_work(real_site.api, video_id, epoch)

    for page in (first, second):
        expect(page.locator(BADGE)).to_have_text("Done")
        expect(page.locator(SHOTS)).to_have_count(20)


def test_a_deletion_elsewhere_is_told(real_site: RealSite, two_pages: tuple[str, Page, Page]) -> None:
    video_id, first, second = two_pages
    finish_work(real_site.api, video_id, start_work(real_site.api, video_id))
    expect(second.locator(BADGE)).to_have_text("Done")

    first.get_by_role("button", name="Delete", exact=True).click()
    first.get_by_role("dialog").get_by_role("button", name="Delete").click()

    expect(second.get_by_role("heading", name="This video was deleted")).to_be_visible()
    expect(second.locator(".welcome .filename")).to_have_text("two pages.mp4")
    expect(second.get_by_text("Export", exact=True)).to_be_hidden()
    expect(second.locator(f".library-row[data-id='{video_id}']")).to_have_count(0)


def resegmented(site: RealSite, video_id: str) -> None:
    """Another result of the video, asked for by another program: shots of three scenes instead of four."""
    answer = site.api.client.post(
        f"/videos/{video_id}/resegment", json={"settings": {"scene_sensitivity": 0.3}}
    )
    assert answer.status_code == 202
    video = site.api.services.jobs.get(video_id)
    epoch = start_work(site.api, video.id)
    segments = [segment("shot", n, n * 2.0, n * 2.0 + 2, parent=n // 7) for n in range(20)]
    bounds = [0.0, 14.0, 28.0, 40.0]
    segments += [segment("scene", n, bounds[n], bounds[n + 1], parent=0) for n in range(3)]
    segments += [segment("chapter", 0, 0.0, 40.0)]
    timeline_id = f"{video_id}:2:{epoch}"
    document = {"media": {}, "settings": {}, "audio_track": []}
    site.api.services.results.put_timeline(timeline_id, video_id, 2, segments, document)
    assert site.api.services.jobs.begin_finalizing(video_id, epoch)
    assert site.api.services.jobs.finish(video_id, epoch, 2, timeline_id)


def test_another_result_and_the_way_back_are_shown_everywhere(real_site: RealSite, new_page: NewPage) -> None:
    video_id = done_video(real_site.api, filename="revised.mp4")
    first, second = (new_page(real_site.page_of(video_id)).page for _ in range(2))
    for page in (first, second):
        expect(page.locator(SCENES)).to_have_count(4)

    resegmented(real_site, video_id)
    for page in (first, second):
        expect(page.locator(SCENES)).to_have_count(3)

    first.get_by_role("button", name="Revisions").click()
    rows = first.get_by_role("list", name="Revisions").get_by_role("listitem")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("Revision 2")
    expect(rows.nth(0)).to_contain_text("shown")
    expect(rows.nth(0)).to_contain_text("scene sensitivity 0.3")
    rows.nth(1).get_by_role("button", name="Compare").click()
    told = first.locator(".revision-comparison strong")
    expect(told).to_have_text("From revision 1 to 2: 2 added, 3 gone, 0 moved, 0 kept")
    expect(first.get_by_role("list", name="Changes").get_by_role("button")).to_have_count(5)
    first.get_by_label("Level to compare").select_option("shot")
    expect(told).to_have_text("From revision 1 to 2: 0 added, 0 gone, 0 moved, 19 kept")

    rows.nth(1).get_by_role("button", name="Show revision 1").click()
    for page in (first, second):
        expect(page.locator(SCENES)).to_have_count(4)
    expect(rows.nth(1)).to_contain_text("shown")

    real_site.api.client.post(f"/videos/{video_id}/revisions/2/choose")
    for page in (first, second):
        expect(page.locator(SCENES)).to_have_count(3)
    expect(rows.nth(0)).to_contain_text("shown")


def test_without_events_the_page_asks_also_after_the_end(real_site: RealSite, new_page: NewPage) -> None:
    video_id = done_video(real_site.api, filename="silent.mp4")
    page = new_page("about:blank", wait=False).page
    page.route("**/events?**", lambda route: route.fulfill(status=503, body=""))
    page.goto(real_site.page_of(video_id))
    expect(page.locator(SCENES)).to_have_count(4)

    resegmented(real_site, video_id)

    expect(page.locator(SCENES)).to_have_count(3)


def test_where_parts_meet_nothing_begins(real_site: RealSite, new_page: NewPage) -> None:
    video_id = real_site.api.make(filename="in parts.mp4")
    epoch = start_work(real_site.api, video_id)
    for chunk in (0, 2):
        first = [segment("shot", 0, chunk * 10.0, chunk * 10.0 + 6.0)]
        second = [segment("shot", 1, chunk * 10.0 + 6, chunk * 10.0 + 10)]
        real_site.api.services.results.put_chunk(
            video_id, "t1", chunk, start_frame=chunk * 250, end_frame=chunk * 250 + 250, payload=b"tracks",
            shots=first + second,
        )  # fmt: skip
    real_site.api.services.jobs.record_progress(video_id, epoch, 2)
    page = new_page(real_site.page_of(video_id)).page
    kinds = page.locator(SHOTS)
    expect(kinds).to_have_count(4)

    def shown() -> list[str]:
        return list(kinds.evaluate_all("cells => cells.map(cell => cell.dataset.kind)"))

    assert shown() == ["start", "cut", "open", "cut"]
    real_site.api.client.post(f"/videos/{video_id}/cancel")
    real_site.api.services.jobs.acknowledge_cancel(video_id, epoch)
    expect(page.locator(BADGE)).to_have_text("Cancelled")
    assert shown() == ["start", "cut", "open", "cut"]
    kinds.nth(2).hover()
    expect(page.get_by_role("tooltip")).to_contain_text("Still open")
