"""The menu of exports: a level, closed after the download, refusals, and the page of the result."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.conftest import NewPage, RealSite, Site
from tests.support.api.running import MEDIA, done_video
from tests.support.api.video import FakeVideo


def test_an_export_has_a_level_and_the_menu_closes_behind_it(real_site: RealSite, new_page: NewPage) -> None:
    video_id = done_video(real_site.api, {"media": MEDIA}, filename="exported.mp4")
    page = new_page(real_site.page_of(video_id)).page
    menu = page.locator(".menu")
    menu.locator("summary").click()
    menu.get_by_label("Level").select_option("scene")

    with page.expect_download() as download:
        menu.get_by_role("link", name="CSV").click()

    text = download.value.path().read_text(encoding="utf-8")
    assert len(text.splitlines()) == 5, "a heading and four scenes"
    expect(menu.get_by_role("link", name="CSV")).to_be_hidden()

    menu.locator("summary").click()
    with page.context.expect_page() as opened:
        menu.get_by_role("link", name="Page").click()
    opened.value.wait_for_load_state()
    expect(opened.value.get_by_role("heading", name="exported.mp4")).to_be_visible()
    policy = opened.value.request.get(opened.value.url).headers["content-security-policy"]
    assert "sandbox" in policy
    page.bring_to_front()
    expect(page.locator(".status .badge")).to_have_text("Done")


def test_a_refused_export_says_why_in_the_menu(
    site: Site, analysed: Callable[..., FakeVideo], new_page: NewPage
) -> None:
    site.api.taken_out.refuses = "The result has just been changed: read it again."
    page = new_page(site.page_of(analysed())).page
    menu = page.locator(".menu")
    menu.locator("summary").click()

    menu.get_by_role("link", name="EDL").click()

    expect(menu.get_by_role("alert")).to_have_text("The result has just been changed: read it again.")
    expect(menu.get_by_role("link", name="EDL")).to_be_visible()

    site.api.taken_out.refuses = ""
    with page.expect_download() as download:
        menu.get_by_role("link", name="EDL").click()
    assert download.value.suggested_filename == "asked.txt"
    expect(menu.get_by_role("alert")).to_be_hidden()
    expect(menu.get_by_role("link", name="EDL")).to_be_hidden()
