"""A try of other settings that the server did not answer is made again when it is back."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.conftest import NewPage, Site
from tests.support.api.video import FakeVideo


def test_a_failed_try_is_made_again(
    site: Site, analysed: Callable[..., FakeVideo], new_page: NewPage
) -> None:
    page = new_page(site.page_of(analysed())).page
    page.get_by_role("button", name="Adjust").click()
    expect(page.get_by_role("group", name="Adjust the segmentation")).to_be_visible()

    site.api.away = True
    page.locator("#tune-scene").fill("0.8")
    expect(page.locator(".tune-note").first).to_contain_text("Try again in a moment")
    expect(page.get_by_role("button", name="Apply")).to_be_disabled()
    site.api.away = False

    expect(page.locator(".tl-segment[data-level='scene']")).to_have_count(6)
    expect(page.get_by_role("button", name="Apply")).to_be_enabled()
