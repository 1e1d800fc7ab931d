"""What a person sees while a video is uploaded, analysed, refused, lost sight of and found again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage, Site
from tests.support.api.video import FakeVideo

SHOTS = '.tl-segment[data-level="shot"]'
Analysed = Callable[..., FakeVideo]


def only_upload(site: Site) -> FakeVideo:
    (video,) = site.api.videos.values()
    return video


def test_from_the_file_to_the_final_timeline(
    site: Site, analysed: Analysed, new_page: NewPage, clip: Path
) -> None:
    template = analysed(done=False)
    site.api.videos.clear()
    page = new_page(site.url).page
    expect(page.get_by_role("heading", name="See how a video is made")).to_be_visible()

    page.get_by_role("region", name="Upload").get_by_label("Kind of video").select_option("film")
    page.locator("#upload-files").set_input_files(clip)

    page.wait_for_url("**/?v=*")
    video = only_upload(site)
    assert video.document["settings"] == {"preset": "film"}
    (upload,) = site.api.uploads.values()
    assert upload["data"] == clip.read_bytes()
    expect(page.locator(".status .badge")).to_have_text("Queued")

    video.segments = template.segments | {"shot": template.segments["shot"][2:]}
    site.api.change(video, state="running", media=template.document["media"])
    for done, found in ((1, 2), (2, 4)):
        site.api.progress(video, done, 4, found)
        expect(page.locator(SHOTS)).to_have_count(found)
    expect(page.locator(".story")).to_have_text("50 % · a few seconds left · 4 shots so far")

    video.segments = template.segments
    site.api.finish(video)
    expect(page.locator(".status .badge")).to_have_text("Done")
    for level, count in {"shot": 6, "scene": 3, "chapter": 1}.items():
        expect(page.locator(f'.tl-segment[data-level="{level}"]')).to_have_count(count)
    expect(page.get_by_text("1 chapter, 3 scenes, 6 shots")).to_be_visible()
    starts = page.locator(SHOTS).evaluate_all("cells => cells.map(cell => Number(cell.dataset.start))")
    assert starts == [shot["start_s"] for shot in video.segments["shot"]]


def test_what_is_missing_in_a_file_is_told_beside_the_video(
    site: Site, analysed: Analysed, new_page: NewPage
) -> None:
    texts = ["The file is cut off: its picture ends after 4.0 s of 9.0 s.", "<b>The file is damaged.</b>"]
    warnings = [
        {"code": code, "message": text, "missing_frames": None, "missing_s": 5.0}
        for code, text in zip(("truncated", "damaged"), texts, strict=True)
    ]
    video = analysed(done=False, warnings=warnings[:1])
    page = new_page(site.page_of(video)).page
    told = page.get_by_role("list", name="What is missing in the file")
    expect(told.get_by_role("listitem")).to_have_text(texts[:1])
    expect(told).to_be_visible()

    site.api.change(video, warnings=warnings)
    expect(told.get_by_role("listitem")).to_have_text(texts)

    whole = analysed("whole.mp4")
    page.goto(site.page_of(whole))
    expect(page.locator(".status .badge")).to_have_text("Done")
    expect(told).to_be_hidden()


def test_without_events_polling_does(site: Site, analysed: Analysed, new_page: NewPage) -> None:
    video = analysed(done=False)
    site.api.events_work = False
    site.api.progress(video, 1, 4, 1)
    page = new_page(site.page_of(video)).page
    expect(page.locator(SHOTS)).to_have_count(1)

    site.api.progress(video, 3, 4, 5)
    expect(page.locator(SHOTS)).to_have_count(5)
    site.api.finish(video)
    expect(page.locator(".status .badge")).to_have_text("Done")


def page_that_uploads(site: Site, new_page: NewPage, clip: Path) -> Page:
    """A page whose only part is on its way until the test lets it come."""
    site.api.holds_parts = True
    page = new_page(site.url).page
    page.locator("#upload-files").set_input_files(clip)
    expect(page.get_by_text("the server is storing it")).to_be_visible()
    return page


def test_an_interrupted_part_is_resumed_where_it_broke(site: Site, new_page: NewPage, clip: Path) -> None:
    site.api.break_next_part = True
    page = new_page(site.url).page

    page.locator("#upload-files").set_input_files(clip)

    page.wait_for_url("**/?v=*")
    (upload,) = site.api.uploads.values()
    assert upload["data"] == clip.read_bytes()
    assert any(request.startswith("HEAD ") for request in site.api.requests)


def test_an_upload_that_the_server_has_forgotten_begins_anew(
    site: Site, new_page: NewPage, clip: Path
) -> None:
    page = page_that_uploads(site, new_page, clip)
    later = page.context.new_page()
    page.close()
    site.api.uploads.clear()
    site.api.holds_parts = False

    later.goto(site.url)
    later.locator("#upload-files").set_input_files(clip)

    later.wait_for_url("**/?v=*")
    assert any(request.startswith("HEAD ") for request in site.api.requests)


def test_a_video_that_takes_time_to_make_is_waited_for(site: Site, new_page: NewPage, clip: Path) -> None:
    site.api.looks_until_made = 2
    page = new_page(site.url).page

    page.locator("#upload-files").set_input_files(clip)

    page.wait_for_url("**/?v=*")
    assert len(site.api.uploads) == 1


def test_several_files_queue_up_and_one_can_be_stopped(
    site: Site, new_page: NewPage, clip: Path, tmp_path: Path
) -> None:
    second, third = tmp_path / "second.mp4", tmp_path / "third.mp4"
    for copy in (second, third):
        copy.write_bytes(clip.read_bytes() + copy.name.encode())
    site.api.holds_parts = True
    page = new_page(site.url).page

    page.locator("#upload-files").set_input_files([clip, second, third])
    page.get_by_role("button", name="Stop the upload of second.mp4").click()
    expect(page.get_by_role("button", name="Stop the upload of second.mp4")).to_have_count(0)
    site.api.holds_parts = False

    library = page.get_by_label("Videos", exact=True)
    expect(library.get_by_role("link", name="third.mp4")).to_be_visible()
    assert [video.document["filename"] for video in site.api.videos.values()] == ["numbers.mp4", "third.mp4"]
    expect(page.locator(".video-name")).to_have_text("numbers.mp4")


def test_stopping_a_running_upload_removes_it_from_the_server(
    site: Site, new_page: NewPage, clip: Path
) -> None:
    page = page_that_uploads(site, new_page, clip)

    with page.expect_response(lambda answer: answer.request.method == "DELETE"):
        page.get_by_role("button", name="Stop the upload of numbers.mp4").click()

    assert site.api.uploads == {}
    expect(page.locator(".upload-item")).to_have_count(0)


def test_a_refused_upload_says_why(site: Site, new_page: NewPage, clip: Path) -> None:
    site.api.refuse_uploads = "Files of up to 5 bytes are taken."
    page = new_page(site.url).page

    page.locator("#upload-files").set_input_files(clip)

    expect(page.get_by_role("alert")).to_have_text("Files of up to 5 bytes are taken.")
    assert "?v=" not in page.url


def test_a_failed_video_says_why_and_can_be_tried_again(site: Site, new_page: NewPage) -> None:
    sentence = "This is not a video. Upload a file such as MP4 or MKV."
    video = site.api.add("notes.txt", "failed", error={"code": "not_media", "message": sentence})
    page = new_page(site.page_of(video)).page
    expect(page.locator(".failure")).to_have_text(sentence)
    expect(page.locator(".timeline")).to_be_hidden()

    page.get_by_role("button", name="Retry").click()

    expect(page.locator(".status .badge")).to_have_text("Queued")
    expect(page.locator(".failure")).to_be_hidden()


def test_cancel_and_delete(site: Site, analysed: Analysed, new_page: NewPage) -> None:
    video = analysed(done=False)
    site.api.progress(video, 1, 4, 2)
    page = new_page(site.page_of(video)).page

    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".status .badge")).to_have_text("Cancelled")
    expect(page.locator(SHOTS)).to_have_count(2)

    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Keep it").click()
    assert site.api.videos
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="See how a video is made")).to_be_visible()
    assert not site.api.videos


def test_a_lost_connection_is_told_and_recovers(site: Site, analysed: Analysed, new_page: NewPage) -> None:
    video = analysed(done=False)
    site.api.progress(video, 1, 4, 1)
    page = new_page(site.page_of(video)).page
    expect(page.locator(SHOTS)).to_have_count(1)

    site.api.away = True
    expect(page.locator(".banner")).to_contain_text("The server does not answer")
    site.api.finish(video)
    site.api.away = False

    expect(page.locator(".banner")).to_have_text("Connected again.")
    expect(page.locator(SHOTS)).to_have_count(6)


def test_reload_another_browser_and_the_history_show_the_same(
    site: Site, analysed: Analysed, new_page: NewPage
) -> None:
    first, second = analysed("first.mp4"), analysed("second.mp4")
    page = new_page(site.page_of(first)).page
    name = page.locator(".video-name")
    expect(name).to_have_text("first.mp4")

    page.reload()
    expect(name).to_have_text("first.mp4")
    page.get_by_label("Videos", exact=True).get_by_role("link", name="second.mp4").click()
    expect(name).to_have_text("second.mp4")
    assert page.url == site.page_of(second)
    page.go_back()
    expect(name).to_have_text("first.mp4")
    page.go_forward()
    expect(name).to_have_text("second.mp4")

    other = new_page(page.url).page
    expect(other.locator(".video-name")).to_have_text("second.mp4")
    expect(other.locator(SHOTS)).to_have_count(6)


def test_an_address_that_leads_nowhere(site: Site, new_page: NewPage) -> None:
    page = new_page(f"{site.url}/?v=0123456789abcdef").page

    expect(page.get_by_role("heading", name="There is no video at this address")).to_be_visible()
    page.get_by_role("button", name="To the start").click()
    expect(page.get_by_role("heading", name="See how a video is made")).to_be_visible()


def test_the_list_is_searched_by_name(site: Site, analysed: Analysed, new_page: NewPage) -> None:
    for number in range(33):
        analysed(f"rushes-{number:02d}.mp4")
    analysed("holiday.mp4")
    page = new_page(site.url).page
    links = page.get_by_label("Videos", exact=True).get_by_role("link")
    expect(page.get_by_text("34 videos", exact=True)).to_be_visible()

    page.get_by_label("Search moments by words, and videos by name").fill("HOLI")
    expect(links).to_have_count(1)
    page.get_by_label("Search moments by words, and videos by name").fill("nothing like it")
    expect(page.get_by_text("No video is called like “nothing like it”.")).to_be_visible()


def test_a_search_that_the_server_refuses_says_why(site: Site, analysed: Analysed, new_page: NewPage) -> None:
    analysed("holiday.mp4")
    page = new_page(site.url).page
    expect(page.get_by_label("Videos", exact=True).get_by_role("link")).to_have_count(1)

    page.get_by_label("Search moments by words, and videos by name").fill("x" * 201)

    expect(page.get_by_text("String should have at most 200 characters")).to_be_visible()


def test_names_are_text(site: Site, analysed: Analysed, new_page: NewPage) -> None:
    name = '<img src=x onerror="window.hacked=1">&amp;.mp4'
    video = analysed(name)
    video.segments["scene"][1]["label"] = name
    page = new_page(site.page_of(video)).page

    expect(page.locator(".video-name")).to_have_text(name)
    page.locator('.tl-segment[data-level="scene"][data-index="1"]').hover()
    expect(page.get_by_role("tooltip")).to_contain_text(name)
    assert page.evaluate("window.hacked") is None


def test_only_our_origin_is_asked_and_nothing_breaks(
    site: Site, analysed: Analysed, new_page: NewPage
) -> None:
    opened = new_page(site.page_of(analysed()))
    expect(opened.page.locator(SHOTS)).to_have_count(6)
    opened.page.locator(f"{SHOTS} >> nth=2").hover()

    assert opened.foreign(site.url) == []
    assert opened.errors == []
    policy = opened.page.request.get(site.url).headers["content-security-policy"]
    assert "default-src 'self'" in policy


def test_of_gradio_only_the_frame_can_be_reached(site: Site, new_page: NewPage) -> None:
    ask = new_page(site.url).page.request

    upload = {"files": {"name": "a.mp4", "mimeType": "video/mp4", "buffer": b"x" * 100}}
    answers = [
        ask.post(f"{site.url}/gradio_api/upload", multipart=upload),
        *(ask.post(f"{site.url}/gradio_api/{name}", data={}) for name in ("reset", "queue/join", "run/x")),
        *(ask.get(f"{site.url}/{name}") for name in ("gradio_api/heartbeat/x", "gradio_api/info", "config")),
        ask.get(f"{site.url}/monitoring"),
    ]

    assert [answer.status for answer in answers] == [404] * len(answers)
    assert ask.post(site.url, data={}).status == 405
    assert ask.head(site.url).status == 200


def test_it_fits_every_window_and_every_control_has_a_name(
    site: Site, analysed: Analysed, new_page: NewPage
) -> None:
    page = new_page(site.page_of(analysed())).page
    expect(page.locator(SHOTS)).to_have_count(6)

    for width in (390, 820, 1440):
        page.set_viewport_size({"width": width, "height": 844})
        for part in ("video", SHOTS, ".segment-row", ".library-link"):
            expect(page.locator(part).first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, input, select, summary, a")]
            .filter(e => !(e.ariaLabel || e.textContent.trim() || e.labels?.length)).map(e => e.outerHTML)"""
    )
    assert nameless == []


def test_dark_and_light_follow_the_system(site: Site, new_page: NewPage) -> None:
    page = new_page(site.url).page
    background = "getComputedStyle(document.body).backgroundColor"

    page.emulate_media(color_scheme="light")
    assert page.evaluate(background) == "rgb(236, 238, 242)"
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(background) == "rgb(16, 18, 22)"


def test_the_shape_of_pixels_and_the_timecode_are_among_the_facts(
    site: Site, analysed: Analysed, new_page: NewPage
) -> None:
    video = analysed()
    plain = video.document["media"]
    facts = new_page(site.page_of(video)).page.locator(".video-facts")
    expect(facts).to_contain_text("320 × 180 · 24 fps · h264 / no sound")

    told = {"pixel_aspect": "64:45", "timecode": "10:00:00:00"}
    other = analysed("tape.mpg")
    other.document["media"] = plain | told
    facts = new_page(site.page_of(other)).page.locator(".video-facts")

    expect(facts).to_contain_text(
        "320 × 180 (pixels 64:45) · 24 fps · timecode 10:00:00:00 · h264 / no sound"
    )


@pytest.mark.parametrize(
    ("heard", "silent", "told"),
    [
        (1, [None], "h264 / aac"),
        (1, [False, None], "h264 / aac (audio track 1 of 2)"),
        (3, [True, True, False], "h264 / aac (audio track 3 of 3; silent: 1, 2)"),
    ],
)
def test_it_is_told_which_audio_track_is_heard(
    heard: int, silent: list[bool | None], told: str, site: Site, analysed: Analysed, new_page: NewPage
) -> None:
    video = analysed()
    streams = [{"stream": number, "silent": one} for number, one in enumerate(silent, 1)]
    media = video.document["media"] | {"audio_codec": "aac", "audio_stream": heard, "audio_streams": streams}
    site.api.change(video, state="done", media=media)

    facts = new_page(site.page_of(video)).page.locator(".video-facts")

    expect(facts).to_contain_text(f"{told} · ")
