"""A video that is done, and whose result the server has lost."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.conftest import NewPage, Site
from tests.support.api.video import FakeVideo

SHOTS = '.tl-segment[data-level="shot"]'


def test_a_result_that_was_lost_is_said_so_and_made_anew(
    site: Site, analysed: Callable[..., FakeVideo], new_page: NewPage
) -> None:
    video = analysed()
    problem = {"code": "result_lost", "title": "lost", "detail": "lost", "status": 410}
    lost = True
    page = new_page(site.url).page
    page.route(
        f"**/videos/{video.document['id']}/segments?**",
        lambda route: route.fulfill(status=410, json=problem) if lost else route.continue_(),
    )
    page.goto(site.page_of(video))

    status = page.get_by_role("region", name="Video", exact=True)
    expect(status.get_by_role("alert")).to_contain_text("The result of this video was lost")
    expect(status.get_by_text("Export")).to_be_hidden()
    lost = False
    status.get_by_role("button", name="Retry").click()

    expect(status.get_by_text("Queued", exact=True)).to_be_visible()
    site.api.finish(video)
    expect(page.locator(SHOTS)).to_have_count(6)
    expect(status.get_by_role("alert")).to_be_hidden()
    expect(status.get_by_role("button", name="Retry")).to_be_hidden()
