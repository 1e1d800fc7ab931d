"""Replicas of page and API are killed under an open page: an upload, a job and an edit go on all the same."""

from __future__ import annotations

import hashlib
import random
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from cluster.client import Client
from tests.browser.conftest import NewPage
from tests.support.media import Picture, make_media
from tests.support.stack.correcting import STARTS, Corrected, drag, expect_starts, make_film
from tests.support.stack.correcting_fixtures import page, video
from tests.support.stack.replicas import kill_replicas
from tests.support.stack.whole import Stack

__all__ = ["page", "video"]

BADGE = ".status .badge"
BACK_MS = 240_000
"""For replicas to be there again, and a film to be analysed, on a busy machine."""
PADDING_BYTES = 12 << 20
UPLOADED_BYTES_S = 2 << 20
"""So slow that the upload is under way when the replicas go."""

SAVED = re.compile("Saved as revision 3|has your changes already")
SAVED_OR_REFUSED = re.compile(rf"{SAVED.pattern}|[Tt]ry again|cannot be reached|not answer|went wrong")


def kill_both(stack: Stack) -> None:
    """Page and API have one replica each; both are killed."""
    assert kill_replicas(stack, "ui") == 1
    assert kill_replicas(stack, "api") == 1


def large(film: Path) -> Path:
    """The film with a box of random bytes at its end, which players pass over."""
    data = random.Random(7).randbytes(PADDING_BYTES)
    film.write_bytes(film.read_bytes() + (len(data) + 8).to_bytes(4, "big") + b"free" + data)
    return film


def throttle(page: Page, upload_bytes_s: float) -> None:
    """Lets the page send no faster than this; -1: as fast as it can."""
    page.context.new_cdp_session(page).send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": upload_bytes_s},
    )


def test_an_upload_and_its_job_go_on(stack: Stack, new_page: NewPage, tmp_path: Path) -> None:
    shots = (140, 110, 170, 90, 200, 150, 140)
    film = large(make_media(tmp_path / "killed under it.mp4", Picture(shots=shots, size=(320, 180), gop=50)))
    page = new_page(stack.url).page
    throttle(page, UPLOADED_BYTES_S)
    page.locator("#upload-files").set_input_files(film)
    expect(page.locator(".upload-item")).to_contain_text(re.compile(r"[1-9]\d? ?%"))
    kill_both(stack)

    throttle(page, -1)
    page.wait_for_url("**/?v=*", timeout=BACK_MS)
    expect(page.locator(BADGE)).to_have_text(re.compile("Waiting|Queued|Analysing|Done"), timeout=BACK_MS)
    kill_both(stack)
    expect(page.locator(BADGE)).to_have_text("Done", timeout=BACK_MS)
    expect(page.locator('.tl-segment[data-level="shot"]')).to_have_count(len(shots))

    with Client(stack.url) as client:
        (video,) = client.videos(q=film.name)
    assert video["sha256"] == hashlib.sha256(film.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_film(tmp_path_factory.mktemp("film") / "edited.mp4")


def test_an_edit_is_kept_and_saved_when_they_are_back(stack: Stack, video: Corrected, page: Page) -> None:
    drag(page, "scene", 200, 250)
    kill_both(stack)
    save = page.get_by_role("button", name="Save 1 change")
    save.click()
    message = page.locator(".edit-message")
    expect(message).to_contain_text(SAVED_OR_REFUSED, timeout=BACK_MS)
    if not SAVED.search(message.inner_text()):
        expect_starts(page, "scene", [0, 250, 400])
        assert video.starts("scene") in (STARTS["scene"], [0, 250, 400]), "answers again"
        save.click()
        expect(message).to_contain_text(SAVED, timeout=BACK_MS)

    assert video.starts("scene") == [0, 250, 400]
    assert video.revision == 3


def test_what_is_not_saved_outlives_the_page_while_they_are_away(
    stack: Stack, video: Corrected, page: Page
) -> None:
    drag(page, "scene", 200, 250)
    page.on("dialog", lambda dialog: dialog.accept())
    kill_both(stack)
    page.set_default_navigation_timeout(BACK_MS)
    page.reload()

    expect(page.get_by_text("1 change of yours is not saved")).to_be_visible(timeout=BACK_MS)
    page.get_by_role("button", name="Go on").click()
    expect_starts(page, "scene", [0, 250, 400])
    page.get_by_role("button", name="Save 1 change").click()
    expect(page.locator(".edit-message")).to_contain_text(SAVED)
    assert video.starts("scene") == [0, 250, 400]
