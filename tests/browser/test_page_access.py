"""The page where the API needs a key: it asks once, keeps only a session, and goes on where it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import NewPage, Site
from tests.support.api.video import FakeVideo

KEY = f"sk_0123456789ab_{'k' * 43}"
SHOTS = '.tl-segment[data-level="shot"]'
Analysed = Callable[..., FakeVideo]


def test_the_page_asks_for_a_key_and_keeps_a_session_instead(
    site: Site, analysed: Analysed, new_page: NewPage
) -> None:
    video = analysed()
    site.api.key = KEY
    watched = new_page(site.page_of(video))
    page = watched.page
    dialog = page.get_by_role("dialog", name="Sign in")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")

    dialog.get_by_label("API key").fill("my password")
    dialog.get_by_role("button", name="Sign in").click()
    expect(dialog.get_by_role("alert")).to_contain_text("not a key")
    dialog.get_by_label("API key").fill(KEY[:-1] + "x")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("This key is not known here")
    dialog.get_by_label("API key").fill(KEY)
    page.keyboard.press("Enter")

    expect(dialog).to_have_count(0)
    expect(page.locator(SHOTS)).to_have_count(6)
    expect(page.locator(".library-link")).to_have_count(1)
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    kept = page.evaluate("() => JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
    assert KEY not in kept
    assert not any(KEY in url for url in watched.urls)

    page.reload()
    expect(page.locator(SHOTS)).to_have_count(6)
    page.get_by_role("button", name="Sign out").click()
    expect(dialog).to_be_visible()
    assert watched.errors == []


def test_a_session_that_ends_during_an_upload_is_opened_again(
    site: Site, new_page: NewPage, clip: Path
) -> None:
    page = new_page(site.url).page
    expect(page.get_by_text("No videos yet")).to_be_visible()
    site.api.key = KEY

    page.locator("#upload-files").set_input_files(clip)
    dialog = page.get_by_role("dialog", name="Sign in")
    dialog.get_by_label("API key").fill(KEY)
    page.keyboard.press("Enter")

    page.wait_for_url("**/?v=*")
    (upload,) = site.api.uploads.values()
    assert upload["data"] == clip.read_bytes()


def test_a_key_that_may_only_read_is_offered_no_editing(
    site: Site, analysed: Analysed, new_page: NewPage
) -> None:
    site.api.key = KEY
    site.api.scopes = ["read"]
    page = new_page(site.page_of(analysed())).page
    page.get_by_label("API key").fill(KEY)
    page.keyboard.press("Enter")
    expect(page.locator(SHOTS)).to_have_count(6)
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()

    expect(page.get_by_role("button", name="Edit", exact=True)).to_be_hidden()
    page.keyboard.press("e")
    page.keyboard.press("s")
    page.get_by_role("button", name="Boundary", exact=True).click()
    expect(page.get_by_role("region", name="Boundary")).to_be_visible()
    expect(page.get_by_role("button", name="✓ Right")).to_be_hidden()
    expect(page.get_by_role("group", name="Edit")).to_be_hidden()
