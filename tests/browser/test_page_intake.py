"""What comes in besides single files: folders, addresses, and the preset that a file looks like."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import NewPage, Site

VIDEO_HEAD = b"\x00\x00\x00\x18ftypmp42"
DROP = """async (paths) => {
    const entry = (path, inside) => {
        const file = new File([new Uint8Array([0, 0, 0, 24, 102, 116, 121, 112])], path.split("/").pop());
        return { isFile: true, fullPath: `/${path}`, file: (done, fail) =>
            path.includes("locked") ? fail(new Error("no right to read it")) : done(file) };
    };
    const folder = { isFile: false, fullPath: "/Rushes", createReader: () => {
        const left = [paths.slice(0, 2), paths.slice(2), []];
        return { readEntries: (done) => done(left.shift().map((path) => entry(path))) };
    } };
    const event = new Event("drop", { bubbles: true, cancelable: true });
    event.dataTransfer = { types: ["Files"], files: [], items: [
        { kind: "file", webkitGetAsEntry: () => folder }] };
    document.body.dispatchEvent(event);
}"""
"""A folder that is dropped: Chromium lets no script make one, so its entries are played."""


def media(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(VIDEO_HEAD + bytes(200))
    return path


def named(site: Site) -> list[str]:
    """Names of the videos that were made, in that order."""
    return [str(video.document["filename"]) for video in site.api.videos.values()]


def presets_of(site: Site) -> dict[str, str]:
    return {
        str(video.document["filename"]): str(video.document["settings"]["preset"])
        for video in site.api.videos.values()
    }


def wait_for_videos(page: Page, count: int) -> None:
    expect(page.locator(".library-row")).to_have_count(count)


def test_a_chosen_folder_is_uploaded_in_order_without_what_is_no_video(
    site: Site, new_page: NewPage, tmp_path: Path
) -> None:
    folder = tmp_path / "Rushes"
    for name in ("Day 10/A1.mp4", "Day 2/A1.mp4", "Day 2/B1.mkv"):
        media(folder / name)
    (folder / "notes.txt").write_text("Remember the milk.")
    (folder / "still.png").write_bytes(b"\x89PNG\r\n")
    page = new_page(site.url).page

    page.locator("#upload-folder").set_input_files(folder)

    expect(page.locator(".upload-skipped")).to_have_text("2 files are no videos and are left out.")
    wait_for_videos(page, 3)
    assert named(site) == ["Rushes › Day 2 › A1.mp4", "B1.mkv", "Rushes › Day 10 › A1.mp4"]


def test_a_dropped_folder_is_walked(site: Site, new_page: NewPage) -> None:
    page = new_page(site.url).page

    page.evaluate(DROP, ["Rushes/2.mp4", "Rushes/10.mp4", "Rushes/list.csv", "Rushes/1.mov"])

    expect(page.locator(".upload-skipped")).to_have_text("1 file is no video and is left out.")
    wait_for_videos(page, 3)
    assert named(site) == ["1.mov", "2.mp4", "10.mp4"]


def test_a_file_of_a_folder_that_cannot_be_read_leaves_the_others(site: Site, new_page: NewPage) -> None:
    page = new_page(site.url).page

    page.evaluate(DROP, ["Rushes/1.mp4", "Rushes/locked.mp4", "Rushes/2.mp4"])

    expect(page.locator(".upload-skipped")).to_have_text(
        "1 of the files and folders could not be read. Choose the files instead."
    )
    wait_for_videos(page, 2)
    assert named(site) == ["1.mp4", "2.mp4"]


def test_addresses_are_fetched_by_the_server_and_those_refused_say_why(site: Site, new_page: NewPage) -> None:
    good, private = "https://films.example/one.mp4", "https://10.0.0.1/two.mp4"
    site.api.fetched.refused[private] = "10.0.0.1 is a private address."
    page = new_page(site.url).page
    page.get_by_text("From addresses").click()
    page.get_by_label("Kind of video").first.select_option("talk")
    field = page.get_by_label("Addresses, one a line")
    field.fill(f"{good}\n{private}\n\nfilms.example/three.mp4\n{good}")

    page.get_by_role("button", name="Fetch").click()

    refused = page.locator(".upload-item[data-state='failed'] .upload-note")
    expect(refused).to_have_text(
        ["This is no address: it begins with https:// or http://.", "10.0.0.1 is a private address."]
    )
    expect(field).to_have_value(f"films.example/three.mp4\n{private}")
    assert [item["url"] for item in site.api.fetched.items] == [good, private]
    assert presets_of(site) == {"one.mp4": "talk"}

    row = page.locator(".upload-item").filter(has_text="one.mp4")
    expect(row).to_contain_text("Waiting for its turn")
    site.api.fetched.tell(good, 500_000, 1_000_000)
    expect(row).to_contain_text("50 % of 1.0 MB fetched")
    site.api.fetched.arrived(good)
    expect(row).to_contain_text("Fetched · show it")


def test_of_many_addresses_the_first_video_is_opened(site: Site, new_page: NewPage) -> None:
    addresses = [f"https://films.example/{number}.mp4" for number in range(40)]
    page = new_page(site.url).page
    page.get_by_text("From addresses").click()
    field = page.get_by_label("Addresses, one a line")
    field.fill("\n".join(addresses))
    held: list[Route] = []
    page.route("**/videos:batch", lambda route: held.append(route))
    before = page.evaluate("history.length")
    with page.expect_request("**/videos:batch"):
        page.get_by_role("button", name="Fetch").click()
    expect(field).not_to_be_editable()
    held[0].continue_()

    expect(page.locator(".upload-item")).to_have_count(40)
    expect(field).to_be_editable()
    first = site.api.fetched.videos[addresses[0]]
    expect(page).to_have_url(re.compile(f"v={first.document['id']}$"))
    assert page.evaluate("history.length") == before + 1


def test_a_fetch_that_fails_says_why_in_its_row(site: Site, new_page: NewPage) -> None:
    address = "https://films.example/gone.mp4"
    page = new_page(site.url).page
    page.get_by_text("From addresses").click()
    page.get_by_label("Addresses, one a line").fill(address)
    page.get_by_role("button", name="Fetch").click()
    row = page.locator(".upload-item").filter(has_text="gone.mp4")
    expect(row).to_contain_text("Waiting")
    assert site.api.fetched.items[0]["priority"] == "interactive"

    error = {"code": "source_not_found", "message": "The source has no such file."}
    site.api.change(site.api.fetched.videos[address], state="failed", error=error)

    expect(row.locator(".upload-note")).to_have_text("The source has no such file.")


def test_a_fetch_that_is_cancelled_and_one_that_nobody_may_look_at(site: Site, new_page: NewPage) -> None:
    addresses = [f"https://films.example/{name}.mp4" for name in ("one", "two")]
    page = new_page(site.url).page
    page.get_by_text("From addresses").click()
    page.get_by_label("Addresses, one a line").fill("\n".join(addresses))
    page.get_by_role("button", name="Fetch").click()
    note = {name: page.locator(".upload-item").filter(has_text=f"{name}.mp4") for name in ("one", "two")}
    expect(note["two"]).to_contain_text("Waiting")

    site.api.change(site.api.fetched.videos[addresses[0]], state="cancelled")
    expect(note["one"]).to_contain_text("It was cancelled.")
    site.api.write_only = True
    expect(note["two"]).to_contain_text("Handed in: the server fetches it.")


def test_each_preset_says_what_it_is_for(site: Site, new_page: NewPage) -> None:
    """Also to somebody who comes to the menu before the presets have been read."""
    page = new_page("about:blank", wait=False).page
    held: list[Route] = []
    page.route("**/presets", lambda route: held.append(route))
    with page.expect_request("**/presets"):
        page.goto(site.url)
    page.wait_for_selector("body[data-ready]")
    note = page.locator(".upload-kind-note")
    page.get_by_label("Kind of video").first.focus()
    expect(note).to_be_hidden()
    for route in held:
        route.continue_()
    expect(note).to_contain_text("Anything")

    page.get_by_label("Kind of video").first.select_option("news")

    expect(note).to_contain_text("Bulletins")


def test_a_preset_that_a_file_looks_like_is_offered_not_taken(
    site: Site, new_page: NewPage, tmp_path: Path
) -> None:
    page = new_page(site.url).page
    page.locator("#upload-files").set_input_files(
        [media(tmp_path / name) for name in ("lecture 1.mp4", "plain.mp4", "lecture 2.mp4")]
    )

    offer = page.get_by_role("group", name="Suggestion: Talk")
    expect(offer).to_contain_text("lecture 1.mp4 and 1 more look like the kind Talk: the name has “lecture”.")
    wait_for_videos(page, 1)
    assert presets_of(site) == {"plain.mp4": "default"}, "the others wait for the answer"

    site.api.holds_parts = True
    offer.get_by_role("button", name="Use Talk").press("Enter")

    expect(page.get_by_role("button", name="Stop the upload of lecture 1.mp4")).to_be_focused()
    site.api.holds_parts = False
    wait_for_videos(page, 3)
    expect(offer).to_have_count(0)
    assert presets_of(site) == {"plain.mp4": "default", "lecture 1.mp4": "talk", "lecture 2.mp4": "talk"}


def test_an_offer_is_left_by_a_click_or_by_no_answer(site: Site, new_page: NewPage, tmp_path: Path) -> None:
    page = new_page(site.url).page
    page.locator("#upload-files").set_input_files(media(tmp_path / "lecture 1.mp4"))
    page.get_by_role("button", name="Any video").click()
    wait_for_videos(page, 1)

    page.mouse.move(0, 0)
    page.clock.install()
    page.locator("#upload-files").set_input_files(media(tmp_path / "interview.mp4"))
    expect(page.get_by_role("group", name="Suggestion: Talk")).to_be_visible()
    page.clock.run_for(20_000)

    expect(page.get_by_role("group", name="Suggestion: Talk")).to_have_count(0)
    page.clock.run_for(20_000)
    wait_for_videos(page, 2)
    assert set(presets_of(site).values()) == {"default"}


def test_who_passes_an_offer_by_does_not_hold_it_up(site: Site, new_page: NewPage, tmp_path: Path) -> None:
    page = new_page(site.url).page
    page.clock.install()
    offer = page.get_by_role("group", name="Suggestion: Talk")
    button = offer.get_by_role("button").first
    ways: list[tuple[Callable[[], None], Callable[[], None]]] = [
        (offer.hover, lambda: page.mouse.move(0, 0)),
        (button.focus, button.blur),
    ]
    for number, (come, leave) in enumerate(ways):
        page.locator("#upload-files").set_input_files(media(tmp_path / f"lecture {number}.mp4"))
        come()
        page.clock.run_for(20_000)
        expect(offer).to_be_visible()

        leave()
        page.clock.run_for(20_000)

        expect(offer).to_have_count(0)


def test_a_file_that_cannot_be_looked_at_is_uploaded_unasked(
    site: Site, new_page: NewPage, tmp_path: Path
) -> None:
    opened = new_page(site.url)
    opened.page.evaluate("() => { URL.createObjectURL = () => { throw new Error('no room'); }; }")
    opened.page.locator("#upload-files").set_input_files(media(tmp_path / "plain.mp4"))

    wait_for_videos(opened.page, 1)


def test_who_has_chosen_a_preset_is_not_asked(site: Site, new_page: NewPage, tmp_path: Path) -> None:
    page = new_page(site.url).page
    page.get_by_label("Kind of video").first.select_option("film")

    page.locator("#upload-files").set_input_files(media(tmp_path / "lecture.mp4"))

    wait_for_videos(page, 1)
    assert presets_of(site) == {"lecture.mp4": "film"}


def test_an_upload_that_is_stopped_takes_its_question_along(
    site: Site, new_page: NewPage, tmp_path: Path
) -> None:
    page = new_page(site.url).page
    page.locator("#upload-files").set_input_files(media(tmp_path / "podcast.mp4"))
    expect(page.get_by_role("group", name="Suggestion: Talk")).to_be_visible()

    page.get_by_role("button", name="Stop the upload of podcast.mp4").click()

    expect(page.get_by_role("group", name="Suggestion: Talk")).to_have_count(0)
    assert site.api.uploads == {}
