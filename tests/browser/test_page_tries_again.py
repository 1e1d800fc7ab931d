"""A try of other settings that the server did not answer is made again when it is back."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Route, expect

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


def test_the_proxy_s_own_error_is_an_outage_that_ends_by_itself(
    site: Site, analysed: Callable[..., FakeVideo], new_page: NewPage
) -> None:
    """So answers Serve's proxy, in plain text, when the only replica of the API dies under a request."""
    page = new_page(site.page_of(analysed())).page
    page.get_by_role("button", name="Adjust").click()
    expect(page.get_by_role("group", name="Adjust the segmentation")).to_be_visible()

    def died(route: Route) -> None:
        route.fulfill(status=500, content_type="text/plain", body="Internal Server Error")

    page.route("**/readyz", died)
    page.route("**/resegment", died)

    page.locator("#tune-scene").fill("0.8")
    expect(page.locator(".banner")).to_have_attribute("data-state", "lost")
    page.unroute("**/resegment", died)
    page.unroute("**/readyz", died)

    expect(page.locator(".banner")).to_have_text("Connected again.")
    expect(page.locator(".tl-segment[data-level='scene']")).to_have_count(6)
