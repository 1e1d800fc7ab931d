"""Corrected videos teach a preset on the page, and it is offered for uploads. What is found is given here: no
fuser runs behind this API."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import NewPage, RealSite
from tests.support.api.running import done_video

COUNTS = {"both": 3, "only_found": 1, "only_corrected": 0, "f1": 0.8571}
FOUND: dict[str, Any] = {
    "preset": "talk",
    "changed": {"scene_sensitivity": 0.7},
    "settings": {"scene_sensitivity": 0.7, "min_shot_s": 0.5},
    "before": 0.5,
    "after": 0.8571,
    "held_out": 0.8,
    "complete": True,
}


def choose(site: RealSite, new_page: NewPage, *names: str) -> tuple[Page, list[str]]:
    """A page on which videos of these names are chosen, and their ids."""
    ids = [done_video(site.api, filename=name) for name in names]
    page = new_page(site.url).page
    for name in names:
        page.get_by_role("checkbox", name=f"Choose {name}").check()
    return page, ids


def learn(page: Page, ids: list[str], asked: list[Any]) -> Locator:
    """Has the chosen videos teach what FOUND says; the dialog, in which it stands then."""

    def answer(route: Route) -> None:
        asked.append(route.request.post_data_json)
        videos = [{"video_id": one, "before": {"scene": COUNTS}, "after": {"scene": COUNTS}} for one in ids]
        route.fulfill(json={**FOUND, "videos": videos})

    page.route("**/presets:learn", answer)
    page.locator(".library-chosen").get_by_role("button", name="Learn").click()
    dialog = page.get_by_role("dialog", name="Settings from corrections")
    expect(dialog).to_contain_text("0.50 before, 0.86 with these settings")
    return dialog


def test_a_preset_is_learned_kept_and_offered(real_site: RealSite, new_page: NewPage) -> None:
    page, ids = choose(real_site, new_page, "lecture 1.mp4", "lecture 2.mp4")
    asked: list[Any] = []
    dialog = learn(page, ids, asked)
    expect(dialog).to_contain_text("scene_sensitivity")
    expect(dialog.get_by_role("row")).to_have_count(3)
    assert asked == [{"videos": ids}]

    name = dialog.get_by_label("Name of the preset")
    name.fill("Our lectures")
    name.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("small letters")
    name.fill("our-lectures")
    dialog.get_by_role("button", name="Keep as a preset").click()
    expect(dialog).to_contain_text("Kept as “our-lectures”")
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_have_count(0)

    kept = json.loads(real_site.api.client.get("/presets/our-lectures").text)
    assert (kept["based_on"], kept["settings"]) == ("talk", FOUND["settings"])
    select = page.get_by_label("Kind of video").first
    select.select_option("our-lectures")
    page.reload()
    expect(select.locator("optgroup option")).to_have_text(["our-lectures"])


def test_a_preset_of_the_same_name_is_replaced_only_when_that_is_wanted(
    real_site: RealSite, new_page: NewPage
) -> None:
    page, ids = choose(real_site, new_page, "news 1.mp4")
    dialog = learn(page, ids, [])
    # Kept by another page after this one has read the names.
    mine = {"based_on": "film", "settings": {"scene_sensitivity": 0.2}}
    real_site.api.client.put("/presets/my-news", json=mine).raise_for_status()
    question = page.get_by_role("dialog", name="Replace your preset “my-news”?")

    dialog.get_by_label("Name of the preset").fill("my-news")
    dialog.get_by_role("button", name="Keep as a preset").click()
    question.get_by_role("button", name="Keep it").click()
    expect(question).to_have_count(0)
    expect(dialog.get_by_label("Name of the preset")).to_be_focused()
    assert real_site.api.client.get("/presets/my-news").json()["settings"] == mine["settings"]

    dialog.get_by_role("button", name="Keep as a preset").click()
    question.get_by_role("button", name="Replace").click()
    expect(dialog).to_contain_text("Kept as “my-news”")
    assert real_site.api.client.get("/presets/my-news").json()["settings"] == FOUND["settings"]


def test_what_was_not_corrected_is_refused_with_the_reason(real_site: RealSite, new_page: NewPage) -> None:
    page, _ = choose(real_site, new_page, "untouched.mp4")

    page.locator(".library-chosen").get_by_role("button", name="Learn").click()

    dialog = page.get_by_role("dialog", name="Settings from corrections")
    expect(dialog.get_by_role("alert")).to_contain_text("was not corrected by hand")
    expect(dialog.get_by_role("button", name="Keep as a preset")).to_be_hidden()
