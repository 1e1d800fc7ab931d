"""axe-core finds nothing on any state of the page, in both colour schemes, in a wide and a narrow window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import NewPage, RealSite, Site
from tests.support.api import installation as made
from tests.support.api.fake import FakeVideo
from tests.support.api.running import MEDIA, done_video
from tests.support.api.shapes import frame_times, moment, sentence, words
from tests.support.axe import violations

WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
KEY = f"sk_0123456789ab_{'k' * 43}"
Analysed = Callable[..., FakeVideo]


class Looks:
    """Looks at one state after the other, and keeps what is found."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def at(self, page: Page, state: str) -> None:
        """Every fault that the page has as it stands, by colour scheme and width."""
        for size in (NARROW, WIDE):
            page.set_viewport_size(size)  # type: ignore[arg-type]
            for scheme in ("dark", "light"):
                page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
                self.found += [
                    f"{state}, {scheme}, {size['width']} px: {fault['id']} ({fault['impact']}), {node}"
                    for fault in violations(page)
                    for node in fault["nodes"]
                ]


@pytest.fixture
def looks() -> Looks:
    return Looks()


def test_a_fault_would_be_found(new_page: NewPage, looks: Looks) -> None:
    page = new_page("about:blank", wait=False).page
    page.set_content("<h4 style='color: #bbb; background: white'>Light</h4>")
    looks.at(page, "bad")

    for fault in ("color-contrast (serious)", "page-has-heading-one (moderate)", "region (moderate)"):
        assert any(fault in found for found in looks.found)


def test_before_anything_is_there(site: Site, new_page: NewPage, looks: Looks, tmp_path: Path) -> None:
    held: list[Route] = []
    page = new_page("about:blank", wait=False).page
    page.route("**/bundle.js", lambda route: held.append(route))
    page.goto(site.url)
    expect(page.locator("#skeleton")).to_be_visible()
    looks.at(page, "loading")
    for route in held:
        route.continue_()
    page.wait_for_selector("body[data-ready]")
    looks.at(page, "empty library")

    page.get_by_role("searchbox").fill("bridge")
    expect(page.locator(".found [role=status]")).to_have_text("No moment has these words.")
    looks.at(page, "nothing found")
    page.get_by_role("searchbox").fill("")

    (tmp_path / "no video.zip").write_bytes(b"PK\x03\x04" + bytes(50))
    page.locator("#upload-files").set_input_files(tmp_path / "no video.zip")
    expect(page.locator(".upload-item[data-state=failed]")).to_be_visible()
    looks.at(page, "refused")

    page.get_by_role("button", name="Keyboard shortcuts").click()
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    looks.at(page, "keyboard help")
    assert looks.found == []


def test_while_a_video_is_on_its_way(
    site: Site, analysed: Analysed, new_page: NewPage, looks: Looks, clip: Path, tmp_path: Path
) -> None:
    template = analysed(done=False)
    site.api.videos.clear()
    site.api.holds_parts = True
    page = new_page(site.url).page
    second = tmp_path / "second.mp4"
    second.write_bytes(clip.read_bytes() + b"2")
    page.locator("#upload-files").set_input_files([clip, second])
    expect(page.get_by_role("button", name="Stop all")).to_be_visible()
    looks.at(page, "uploading")

    site.api.holds_parts = False
    page.wait_for_url("**/?v=*")
    video = next(iter(site.api.videos.values()))
    expect(page.locator(".status .badge")).to_have_text("Queued")
    looks.at(page, "queued")

    video.segments = template.segments
    warnings = [
        {"code": "truncated", "message": "The file is cut off.", "missing_frames": 3, "missing_s": None}
    ]
    site.api.change(video, state="running", media=template.document["media"], warnings=warnings)
    site.api.progress(video, 1, 4, 3)
    expect(page.locator('.tl-segment[data-level="shot"]')).to_have_count(3)
    looks.at(page, "running")

    error = {"code": "analysis_crashed", "message": "The analysis broke off."}
    site.api.change(video, state="failed", error=error)
    expect(page.locator(".failure")).to_be_visible()
    looks.at(page, "failed")

    unreadable = site.api.add(
        "text.mp4", "failed", error={"code": "not_media", "message": "This is no video."}
    )
    page.goto(site.page_of(unreadable))
    expect(page.locator(".failure")).to_be_visible()
    looks.at(page, "no video")

    page.goto(f"{site.url}/?v={'0' * 32}")
    expect(page.get_by_role("heading", name="There is no video at this address")).to_be_visible()
    looks.at(page, "unknown address")
    assert looks.found == []


def test_a_result(site: Site, analysed: Analysed, new_page: NewPage, looks: Looks) -> None:
    video = analysed()
    shown = [{"start_s": 1.0, "end_s": 2.0, "text": "THE END", "kind": "title", "confidence": 0.9}]
    video.words = words("done", 1.0, [sentence("We meet at the old bridge.", 0.5)], shown=shown)
    site.api.moments = [moment(video.document, "We meet at the old bridge.", 0.5, "bridge")]
    page = new_page(site.page_of(video)).page
    expect(page.locator('.tl-segment[data-level="shot"]')).to_have_count(6)
    looks.at(page, "done, scenes")

    page.get_by_role("tab", name="Words").click()
    looks.at(page, "words")
    page.get_by_role("tab", name="Shots").click()
    page.locator(".segment-row").nth(2).click()
    looks.at(page, "boundary")
    for name in ("Adjust", "Clips"):
        page.get_by_role("button", name=name, exact=True).click()
        expect(page.locator(".pane-title", has_text=name)).to_be_visible()
        looks.at(page, name)

    page.get_by_text("Export", exact=True).click()
    looks.at(page, "exports")
    page.get_by_text("Export", exact=True).click()
    page.get_by_role("button", name="Delete", exact=True).click()
    looks.at(page, "dialog: delete")
    page.get_by_role("button", name="Keep it").click()

    page.get_by_role("searchbox").fill("bridge")
    expect(page.locator(".hit")).to_have_count(1)
    looks.at(page, "search")
    site.api.away = True
    page.get_by_role("searchbox").fill("bridges")
    expect(page.locator(".banner[data-state=lost]")).to_be_visible()
    looks.at(page, "connection lost")
    assert looks.found == []


def test_correcting_and_what_it_teaches(real_site: RealSite, new_page: NewPage, looks: Looks) -> None:
    video_id = done_video(real_site.api, {"media": MEDIA}, filename="corrected.mp4")
    page = new_page("about:blank", wait=False).page
    # No fuser is there to tell them.
    page.route("**/frames", lambda route: route.fulfill(json=frame_times(MEDIA["frames"])))
    page.goto(real_site.page_of(video_id))
    expect(page.locator('.tl-segment[data-level="shot"]')).to_have_count(20)
    page.keyboard.press("e")
    expect(page.get_by_role("button", name="Close", exact=True)).to_be_visible()
    page.keyboard.press("2")
    page.keyboard.press("]")
    page.keyboard.press("Alt+ArrowRight")
    expect(page.get_by_role("button", name="Save 1 change")).to_be_visible()
    looks.at(page, "correcting")
    page.keyboard.press("F2")
    expect(page.get_by_role("dialog", name="Name of scene 2")).to_be_visible()
    looks.at(page, "dialog: name")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Discard").click()
    looks.at(page, "dialog: discard")
    page.get_by_role("button", name="Keep editing").click()
    page.get_by_role("button", name="Revisions", exact=True).click()
    expect(page.locator(".revision-list li")).to_have_count(1)
    looks.at(page, "revisions")

    page.get_by_role("checkbox", name="Choose corrected.mp4").check()
    looks.at(page, "chosen videos")
    counts = {"both": 3, "only_found": 1, "only_corrected": 0, "f1": 0.86}
    learned = {
        "preset": "talk",
        "changed": {"scene_sensitivity": 0.7},
        "settings": {"scene_sensitivity": 0.7, "min_shot_s": 0.5},
        "before": 0.5,
        "after": 0.86,
        "held_out": 0.8,
        "complete": True,
        "videos": [{"video_id": video_id, "before": {"scene": counts}, "after": {"scene": counts}}],
    }
    page.route("**/presets:learn", lambda route: route.fulfill(json=learned))
    page.locator(".library-chosen").get_by_role("button", name="Learn").click()
    dialog = page.get_by_role("dialog", name="Settings from corrections")
    expect(dialog).to_contain_text("0.50 before, 0.86 with these settings")
    looks.at(page, "dialog: learned")
    assert looks.found == []


def test_where_a_key_is_asked_for(site: Site, new_page: NewPage, looks: Looks) -> None:
    site.api.key = KEY
    page = new_page(site.url).page
    dialog = page.get_by_role("dialog", name="Sign in")
    dialog.get_by_label("API key").fill("my password")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("not a key")
    looks.at(page, "key asked")

    site.api.write_only = True
    dialog.get_by_label("API key").fill(KEY)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    looks.at(page, "may only write")
    assert looks.found == []


def test_the_list_of_segments_and_the_threshold(
    site: Site, analysed: Analysed, new_page: NewPage, looks: Looks
) -> None:
    video = analysed(
        settings={"preset": "default", "shot_sensitivity": 0.5, "scene_sensitivity": 0.5}
        | {"chapter_sensitivity": 0.5}
    )
    change = [0.0] * 100
    curves = [{"name": "transition", "unit": "", "min": change, "max": change}]
    video.signals = {"revision": 1, "start_s": 0.0, "end_s": 5.0, "points": 100, "curves": curves}
    page = new_page(site.page_of(video)).page
    page.get_by_role("tab", name="Shots").click()
    expect(page.locator(".segment-row")).to_have_count(6)
    page.get_by_role("button", name="Filter", exact=True).click()
    fields = page.get_by_role("group", name="Filter segments")
    fields.get_by_label("Begins with").select_option("cut")
    expect(page.locator(".list-count")).to_have_text("5 of 6")
    for layout in ("Grid", "Table"):
        page.get_by_role("button", name=layout, exact=True).click()
        page.locator(".segment-row").nth(1).click(modifiers=["Control"])
        looks.at(page, f"filtered, {layout}")
    fields.get_by_label("Words").fill("harbour")
    expect(page.locator(".segment-row")).to_have_count(0)
    looks.at(page, "no segment meets the filter")

    page.get_by_role("button", name="Adjust").click()
    line = page.get_by_role("slider", name="Threshold of shots")
    expect(line).to_be_visible()
    line.focus()
    looks.at(page, "threshold")
    assert looks.found == []


def test_the_cluster(site: Site, new_page: NewPage, looks: Looks) -> None:
    video = site.api.add("notes.txt", state="failed").document
    loss = {"actor": "segmenter-3", "node": "gpu-7", "video_id": video["id"]}
    site.api.cluster = made.installation(
        pool=made.pool(
            made.at_work(0, video["id"], 7),
            made.actor(1, "starting"),
            made.actor(9, "lost", error="The device is gone."),
            queued=5,
            history={"step_s": 60.0, "frames_per_s": [0.0, 100.0, 200.0]},
            losses=[loss | {"reason": "it stood still", "ago_s": 130.0}],
        ),
        filenames={video["id"]: "notes.txt"},
        backlog={"seconds": 7200.0, "videos": 2},
        queues=[made.queue("video", 12, 3, priority="batch", oldest_s=3900.0)],
        failures={
            "counts": [{"work": "video", "code": "not_media", "hour": 1, "day": 4}],
            "latest": [made.failed(video, "not_media", "It is no video.", "2026-01-05T10:00:00Z")],
        },
    )
    page = new_page(f"{site.url}/?view=cluster").page
    expect(page.get_by_role("table", name="Failures of the last day")).to_be_visible()
    looks.at(page, "cluster")

    site.api.cluster = made.installation(pool=None, pool_detail="The pool does not run: no Ray.")
    expect(page.get_by_text("The pool of actors does not answer")).to_be_visible()
    looks.at(page, "cluster without a pool")
    site.api.away = True
    expect(page.get_by_text("The connection is lost. What is shown is of")).to_be_visible()
    looks.at(page, "cluster, connection lost")
    assert looks.found == []
