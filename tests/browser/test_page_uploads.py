"""Uploads over the real API: many at once, paused, left by a reload, refused early, oddly named."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import NewPage, RealSite, Site

MIB = 1 << 20
VIDEO_HEAD = b"\x00\x00\x00\x18ftypmp42"


def video_file(path: Path, size: int = 2000) -> Path:
    """A file that begins like MP4; whole parts of it differ."""
    path.write_bytes(VIDEO_HEAD + bytes(number % 251 for number in range(size - len(VIDEO_HEAD))))
    return path


class Line:
    """The page's line to the upload server: parts after the first `parts` are held until it is mended."""

    def __init__(self, page: Page, parts: int) -> None:
        self.left = parts
        self.held: list[Route] = []
        self.offsets: list[int] = []
        page.route("**/api/v1/uploads/*", self._on)

    def _on(self, route: Route) -> None:
        if route.request.method != "PATCH":
            route.continue_()
        elif self.left > 0:
            self.left -= 1
            self.offsets.append(int(route.request.headers["upload-offset"]))
            route.continue_()
        else:
            self.held.append(route)

    def mend(self) -> None:
        """Let everything through; what was held breaks off, unless the page has given it up."""
        self.left = 1000
        for route in self.held:
            with suppress(PlaywrightError):
                route.abort()


def uploads_of(site: RealSite) -> list[str]:
    """What came to the upload server, without the queries."""
    return [path for path in site.asked if urlsplit(path).path.startswith("/api/v1/uploads")]


def test_forty_files_leave_the_library_in_view_and_stop_together(
    real_site: RealSite, new_page: NewPage, tmp_path: Path
) -> None:
    files = [video_file(tmp_path / f"many {number:02d}.mp4") for number in range(40)]
    page = new_page(real_site.url, viewport={"width": 1440, "height": 900}).page
    Line(page, 0)

    page.locator("#upload-files").set_input_files(files)
    items = page.locator(".upload-item")
    expect(items).to_have_count(40)
    expect(page.locator(".upload-total")).to_contain_text("0 of 40")
    assert page.evaluate("document.documentElement.scrollHeight") <= 900
    assert page.locator(".upload-list").evaluate("list => list.scrollHeight > list.clientHeight")
    expect(page.get_by_label("Search moments by words, and videos by name")).to_be_in_viewport()
    box = page.locator(".library").bounding_box()
    assert box is not None
    assert box["height"] > 300

    page.get_by_role("button", name="Stop all").click()
    expect(items).to_have_count(0)
    expect(page.locator(".upload-total")).to_be_hidden()


def test_after_a_reload_the_same_file_goes_on(real_site: RealSite, new_page: NewPage, tmp_path: Path) -> None:
    film = video_file(tmp_path / "long film.mp4", 3 * MIB + 123)
    page = new_page(real_site.url).page
    page.on("dialog", lambda dialog: dialog.accept())
    line = Line(page, 1)
    page.locator("#upload-files").set_input_files(film)
    expect(page.locator(".upload-note")).to_contain_text("of 3.1 MB")
    page.wait_for_function("() => JSON.parse(Object.values({...localStorage})[0] ?? '{}').sentBytes > 0")

    page.reload()
    page.wait_for_selector("body[data-ready]")
    left = page.locator(".upload-left")
    expect(left).to_contain_text("1 upload is unfinished. Choose or drop the file again to go on.")
    expect(left.locator(".filename")).to_have_text("long film.mp4")
    expect(left).to_contain_text("33 %")
    line.mend()
    page.locator("#upload-files").set_input_files(film)

    page.wait_for_url("**/?v=*")
    expect(left).to_be_hidden()
    assert line.offsets[:2] == [0, MIB], "what was stored is not sent again"
    video_id = page.url.partition("?v=")[2]
    assert real_site.api.client.get(f"/videos/{video_id}/media").content == film.read_bytes()
    assert page.evaluate("Object.keys(localStorage).length") == 0


def test_what_is_left_can_be_forgotten(real_site: RealSite, new_page: NewPage, tmp_path: Path) -> None:
    page = new_page(real_site.url).page
    page.on("dialog", lambda dialog: dialog.accept())
    Line(page, 1)
    page.locator("#upload-files").set_input_files(video_file(tmp_path / "unwanted.mp4", 2 * MIB))
    page.wait_for_function("() => JSON.parse(Object.values({...localStorage})[0] ?? '{}').sentBytes > 0")
    page.reload()

    with page.expect_response(lambda answer: answer.request.method == "DELETE") as deleted:
        page.get_by_role("button", name="Forget the upload of unwanted.mp4").click()

    assert deleted.value.status == 204
    expect(page.locator(".upload-left")).to_be_hidden()
    page.reload()
    page.wait_for_selector("body[data-ready]")
    expect(page.locator(".upload-left")).to_be_hidden()


def test_a_paused_upload_lets_the_next_one_go_first(
    real_site: RealSite, new_page: NewPage, tmp_path: Path
) -> None:
    large, small = video_file(tmp_path / "large.mp4", 3 * MIB), video_file(tmp_path / "small.mp4")
    page = new_page(real_site.url).page
    line = Line(page, 1)
    page.locator("#upload-files").set_input_files([large, small])
    page.wait_for_function("() => JSON.parse(Object.values({...localStorage})[0] ?? '{}').sentBytes > 0")

    page.get_by_role("button", name="Pause the upload of large.mp4").click()
    expect(page.locator(".upload-item").filter(has_text="large")).to_contain_text("Paused · 33 %")
    line.mend()
    library = page.get_by_label("Videos", exact=True)
    expect(library.get_by_role("link", name="small.mp4")).to_be_visible()
    expect(library.get_by_role("link", name="large.mp4")).to_have_count(0)

    page.get_by_role("button", name="Go on with the upload of large.mp4").click()
    expect(library.get_by_role("link", name="large.mp4")).to_be_visible()
    assert next(offset for offset in line.offsets if offset) == MIB


def test_what_is_no_video_is_refused_before_it_is_sent(
    real_site: RealSite, new_page: NewPage, tmp_path: Path
) -> None:
    contents = {
        "notes.txt": b"Remember the milk.\n" * 50,
        "paper.mp4": b"%PDF-1.7\n...",
        "picture.png": b"\x89PNG\r\n\x1a\n" + bytes(50),
        "bundle.zip": b"PK\x03\x04" + bytes(50),
        "empty.mp4": b"",
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    page = new_page(real_site.url).page
    before = len(uploads_of(real_site))

    page.locator("#upload-files").set_input_files([tmp_path / name for name in contents])
    alerts = page.locator(".upload-item[data-state='failed'] .upload-note")
    expect(alerts).to_have_text(
        [
            "This is a file of text, not a video.",
            "This is a PDF document, not a video.",
            "This is a picture (PNG), not a video.",
            "This is a ZIP archive or an office document, not a video.",
            "The file is empty, or it is a folder. Choose the videos in it.",
        ]
    )
    assert len(uploads_of(real_site)) == before

    animation = tmp_path / "animation.gif"
    animation.write_bytes(b"GIF89a" + bytes(100))
    page.locator("#upload-files").set_input_files(animation)
    expect(page.get_by_role("link", name="animation.gif")).to_be_visible()


@pytest.mark.parametrize(
    ("name", "listed"),
    [
        ("می\u200cخواهم.mp4", "می\u200cخواهم.mp4"),
        ("evil\u202e4pm.jpg", "evil4pm.jpg"),
        (f"camera A, {'x' * 80}, take 2.mp4", f"camera A, {'x' * 80}, take 2.mp4"),
    ],
    ids=["joiner", "override", "long"],
)
def test_names_stay_as_they_are_and_cannot_pretend(
    real_site: RealSite, new_page: NewPage, tmp_path: Path, name: str, listed: str
) -> None:
    page = new_page(real_site.url).page
    line = Line(page, 0)
    page.locator("#upload-files").set_input_files(video_file(tmp_path / name))
    shown = page.locator(".upload-item .filename")
    expect(shown).to_have_attribute("dir", "auto")
    expect(shown).to_have_text(name.replace("\u202e", "⟨U+202E⟩"))

    line.mend()
    page.wait_for_url("**/?v=*")
    for place in (".library-row.current .filename", ".video-name .filename"):
        expect(page.locator(place)).to_have_text(listed)
        assert page.locator(place).get_attribute("dir") == "auto"
    end = page.locator(".library-row.current .filename-end")
    assert end.evaluate("end => end.scrollWidth <= end.clientWidth + 1"), "the end of a name is never cut"
    video_id = page.url.partition("?v=")[2]
    assert real_site.api.client.get(f"/videos/{video_id}").json()["filename"] == listed


def test_new_upload_asks_for_files_and_stays_at_the_video(
    real_site: RealSite, new_page: NewPage, tmp_path: Path
) -> None:
    video_id = real_site.api.make(filename="stays.mp4")
    page = new_page(real_site.page_of(video_id)).page
    expect(page.locator(".video-name")).to_have_text("stays.mp4")

    with page.expect_file_chooser() as chooser:
        page.get_by_text("New upload").click()
    assert page.url == real_site.page_of(video_id)

    chooser.value.set_files(video_file(tmp_path / "fresh.mp4"))
    expect(page.locator(".video-name")).to_have_text("fresh.mp4")


def test_a_key_that_may_not_read_is_told_so(site: Site, new_page: NewPage) -> None:
    video = site.api.add("secret.mp4", "done")
    site.api.write_only = True
    page = new_page(site.page_of(video)).page

    expect(page.get_by_role("heading", name="This key may not look at videos")).to_be_visible()
    expect(page.get_by_text("Your key may not list videos.")).to_be_visible()
    expect(page.get_by_text("Loading…")).to_be_hidden()
    asked = len(site.api.requests)
    page.wait_for_timeout(2500)
    assert len(site.api.requests) == asked, "the same refusal is not asked for again and again"


def test_retry_is_not_what_one_is_asked_to_do_where_the_file_is_at_fault(
    site: Site, new_page: NewPage
) -> None:
    fault = {"code": "not_media", "message": "This is not a video."}
    broken = site.api.add("notes.txt", "failed", error=fault)
    crashed = site.api.add("film.mp4", "failed", error={"code": "crashed", "message": "A worker died."})
    page = new_page(site.page_of(broken)).page
    retry = page.get_by_role("button", name="Retry")
    expect(retry).to_be_visible()
    expect(retry).not_to_have_class("button primary")

    page.goto(site.page_of(crashed))
    expect(retry).to_have_class("button primary")
