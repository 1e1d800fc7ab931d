"""With the keyboard alone a video is uploaded, corrected, exported and deleted."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage, Site
from tests.support.api.shapes import frame_times, segment

MOST_STOPS = 80
"""Of the Tab key, through the whole page."""

FOCUSED = """() => {
    const { activeElement: element } = document;
    const outlined = (one) => {
        const { outlineStyle, outlineWidth } = getComputedStyle(one);
        return outlineStyle !== "none" && parseFloat(outlineWidth) > 0;
    };
    const name = element.getAttribute("aria-label") ?? element.textContent.trim();
    const shows = [element, element.nextElementSibling].some((one) => one && outlined(one));
    return { name, id: element.id, shows };
}"""


def reach(page: Page, wanted: str) -> None:
    """Press Tab until an element of this id, or whose name begins so, has the focus, and shows it."""
    passed = []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        passed.append(focused["name"])
        if focused["id"] == wanted or focused["name"].startswith(wanted):
            assert focused["shows"], f"{wanted} does not show that it has the focus"
            return
    raise AssertionError(f"{wanted} is not reached, but {passed}")


def analyse(site: Site) -> None:
    """What the cluster does to the one video."""
    (video,) = site.api.videos.values()
    bounds = {"shot": [0, 1, 2, 3, 4, 5], "scene": [0, 2, 4, 5], "chapter": [0, 5]}
    for level, times in bounds.items():
        video.segments[level] = [
            segment(level, place, start, end, label=f"{level} {place}")
            for place, (start, end) in enumerate(pairwise(times))
        ]
    media = {"duration_s": 5.0, "width": 384, "height": 216, "fps": 25.0, "frames": 125, "rotation": 0}
    media |= {"variable_frame_rate": False, "video_codec": "h264", "audio_codec": None, "start_s": 0.0}
    video.frames = frame_times(125)
    site.api.change(video, media=media)
    site.api.finish(video)


def test_from_the_upload_to_the_deletion(site: Site, new_page: NewPage, clip: Path) -> None:
    page = new_page(site.url).page
    press = page.keyboard.press
    # Before the first key: Playwright tells the browser without waiting, and a later key would overtake it.
    page.on("filechooser", lambda chooser: chooser.set_files(clip))

    reach(page, "Skip to the timeline")
    press("Enter")
    expect(page.locator("#upload-files")).to_be_focused()
    press("Enter")
    page.wait_for_url("**/?v=*")
    analyse(site)
    expect(page.locator(".status .badge")).to_have_text("Done")
    expect(page.locator('.tl-segment[data-level="scene"]')).to_have_count(3)
    expect(page.get_by_role("button", name="Edit", exact=True)).to_be_visible()

    reach(page, "Edit")
    press("Enter")
    expect(page.get_by_role("button", name="Close", exact=True)).to_be_visible()
    press("2")
    press("]")
    press("Alt+ArrowRight")
    press("F2")
    expect(page.get_by_role("dialog").get_by_label("Name")).to_be_focused()
    page.keyboard.type("The pier")
    press("Enter")
    expect(page.locator('.tl-segment[data-level="scene"]').nth(1)).to_have_text("The pier")
    press("Control+s")
    expect(page.locator(".edit-message")).to_have_text("Saved as revision 2.")
    press("e")
    expect(page.get_by_role("group", name="Edit")).to_be_hidden()

    reach(page, "Export")
    press("Enter")
    reach(page, "export-level")
    page.keyboard.type("Scenes")
    reach(page, "CSV")
    with page.expect_download() as download:
        press("Enter")
    assert download.value.path().read_text("utf-8").splitlines() == ["format=csv", "level=scene"]
    (video,) = site.api.videos.values()
    assert [(one["start_frame"], one["label"]) for one in video.segments["scene"]] == [
        (0, "scene 0"),
        (51, "The pier"),
        (100, "scene 2"),
    ]

    reach(page, "Delete")
    press("Enter")
    expect(page.get_by_role("dialog").get_by_role("button", name="Keep it")).to_be_focused()
    reach(page, "Delete")
    press("Enter")
    expect(page.get_by_role("heading", name="See how a video is made")).to_be_visible()
    assert site.api.videos == {}
