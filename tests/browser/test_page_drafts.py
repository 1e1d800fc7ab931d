"""Drafts of corrections, on the whole stack: two editors at once, a reload, a lost answer, leaving."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import NewPage
from tests.support.stack.correcting import STARTS, Corrected, drag, expect_starts, make_film
from tests.support.stack.correcting_fixtures import page, video

__all__ = ["page", "video"]

MESSAGE = ".edit-message"
SEGMENTS = re.compile(r"/segments$")


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_film(tmp_path_factory.mktemp("film") / "two editors.mp4")


def test_a_saved_correction_is_shown_to_those_who_look(
    video: Corrected, page: Page, new_page: NewPage
) -> None:
    looking = new_page(video.url).page
    expect_starts(looking, "scene", STARTS["scene"])
    drag(page, "scene", 200, 250)
    page.get_by_role("button", name="Save 1 change").click()

    expect_starts(looking, "scene", [0, 250, 400])


def test_the_changes_of_two_editors_come_together(video: Corrected, page: Page) -> None:
    drag(page, "scene", 200, 250)
    video.save(shots=[{"start_frame": frame} for frame in (100, 200, 300, 400, 450, 500)])

    expect(page.locator(MESSAGE)).to_contain_text("Somebody else has saved revision 3")
    expect_starts(page, "shot", [0, 100, 250, 300, 400, 450, 500])
    page.get_by_role("button", name="Save 1 change").click()
    expect(page.locator(MESSAGE)).to_contain_text("Saved as revision 4")
    assert video.starts("shot") == [0, 100, 250, 300, 400, 450, 500]


def test_who_saves_second_is_told_what_cannot_be_kept_and_chooses(video: Corrected, page: Page) -> None:
    """The second page hears of nothing before it saves: its request is the one that is refused."""
    put = False

    def deaf(route: Route) -> None:
        nonlocal put
        put = put or route.request.method == "PUT"
        if put:
            route.continue_()
        else:
            route.abort()

    drag(page, "scene", 200, 250)
    drag(page, "shot", 500, 520)
    page.route(re.compile(rf"/videos/{video.id}(/events.*|/segments.*)?$"), deaf)
    video.save(
        shots=[{"start_frame": frame} for frame in (100, 300, 400, 500)],
        scenes=[{"start_frame": 400}],
    )
    with page.expect_response(lambda answer: answer.request.method == "PUT") as answered:
        page.get_by_role("button", name="Save 2 changes").click()
    assert answered.value.status == 412

    refused = page.locator(".edit-refused")
    expect(refused.get_by_role("listitem")).to_have_count(1)
    expect(refused).to_contain_text("Move the scene’s start from 0:00:08.000 to 0:00:10.000")
    expect(page.get_by_role("button", name=re.compile("^Save"))).to_be_disabled()
    refused.get_by_role("button", name="Go on with the other 1").click()
    page.get_by_role("button", name="Save 1 change").click()

    expect(page.locator(MESSAGE)).to_contain_text("Saved as revision 4")
    assert video.starts("shot") == [0, 100, 300, 400, 520]
    assert video.starts("scene") == [0, 400]


def test_a_reload_keeps_what_is_not_saved(video: Corrected, page: Page) -> None:
    drag(page, "scene", 200, 250)
    page.get_by_label("Note on this correction").fill("half done")
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()

    expect(page.get_by_text("1 change of yours is not saved")).to_be_visible()
    expect_starts(page, "scene", STARTS["scene"])
    page.get_by_role("button", name="Go on").click()
    expect_starts(page, "scene", [0, 250, 400])
    expect(page.get_by_label("Note on this correction")).to_have_value("half done")
    page.get_by_role("button", name="Save 1 change").click()
    expect(page.locator(MESSAGE)).to_contain_text("Saved")

    page.reload()
    expect_starts(page, "scene", [0, 250, 400])
    expect(page.get_by_text("not saved")).to_be_hidden()


def test_an_answer_that_is_lost_is_no_second_correction(video: Corrected, page: Page) -> None:
    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    drag(page, "scene", 200, 250)
    page.route(SEGMENTS, lose, times=1)
    page.get_by_role("button", name="Save 1 change").click()

    expect(page.locator(MESSAGE)).to_contain_text("The result has your changes already.")
    expect_starts(page, "scene", [0, 250, 400])
    expect(page.get_by_role("button", name="Save")).to_be_disabled()
    assert video.revision == 3


def test_leaving_the_video_asks_first(page: Page) -> None:
    drag(page, "scene", 200, 250)
    page.get_by_role("link", name="Scenestream").click()
    page.get_by_role("dialog").get_by_role("button", name="Stay").click()
    expect_starts(page, "scene", [0, 250, 400])
    page.get_by_role("link", name="Scenestream").click()
    page.get_by_role("dialog").get_by_role("button", name="Leave").click()

    page.wait_for_url(lambda url: "v=" not in url)


def test_the_film_behind_a_dialog_is_not_corrected(page: Page) -> None:
    """Also where the focus is on nothing, as it is in some browsers after a click beside the dialog."""
    drag(page, "scene", 200, 250)
    page.get_by_role("button", name="Keyboard shortcuts").click()
    dialog = page.get_by_role("dialog", name="Keyboard")
    page.evaluate("document.activeElement.blur()")
    assert page.evaluate("document.activeElement === document.body")
    for key in ("Delete", "w", "s", "Control+s", "Control+z"):
        page.keyboard.press(key)
    dialog.get_by_role("button", name="Close").click()

    expect(dialog).to_have_count(0)
    expect_starts(page, "scene", [0, 250, 400])
    expect(page.get_by_role("button", name="Save 1 change")).to_be_enabled()
    page.keyboard.press("Control+z")
    expect_starts(page, "scene", STARTS["scene"])


def test_an_upload_that_ends_does_not_lead_away_from_unsaved_changes(
    video: Corrected, page: Page, film: Path
) -> None:
    drag(page, "scene", 200, 250)
    page.locator("#upload-files").set_input_files(film)

    expect(page.locator(".upload-item")).to_contain_text("show it")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert page.url == video.url
    expect_starts(page, "scene", [0, 250, 400])


def test_a_reload_keeps_what_is_refused_and_what_is_done_beside_it(video: Corrected, page: Page) -> None:
    drag(page, "scene", 200, 250)
    video.save(
        shots=[{"start_frame": frame} for frame in (100, 300, 400, 500)], scenes=[{"start_frame": 400}]
    )
    refused = page.locator(".edit-refused")
    expect(refused).to_contain_text("Move the scene’s start")
    drag(page, "shot", 500, 520)
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()

    expect(page.get_by_text("2 changes of yours are not saved")).to_be_visible()
    page.get_by_role("button", name="Go on").click()
    expect(refused).to_contain_text("Move the scene’s start")
    refused.get_by_role("button", name="Go on with the other 1").click()
    page.get_by_role("button", name="Save 1 change").click()
    expect(page.locator(MESSAGE)).to_contain_text("Saved")
    assert video.starts("shot") == [0, 100, 300, 400, 520]
