"""Videos over HTTP: listing, showing, stopping, removing; and what holds for every answer."""

from __future__ import annotations

import base64
import json

import pytest

from tests.support.api import running as support
from tests.support.api.running import Api, finish_work, put_shots, start_work

api = support.running_api
JSON = {"Content-Type": "application/json"}


def test_pages_are_stable_while_videos_arrive(api: Api) -> None:
    mark = "paged"
    made = [api.make(filename=f"{mark} {number}.mp4") for number in range(5)]

    first = api.client.get("/videos", params={"q": mark, "limit": 2}).json()
    api.make(filename=f"{mark} late.mp4")
    second = api.client.get("/videos", params={"q": mark, "limit": 2, "cursor": first["next_cursor"]}).json()
    third = api.client.get("/videos", params={"q": mark, "limit": 2, "cursor": second["next_cursor"]}).json()

    seen = [video["id"] for page in (first, second, third) for video in page["items"]]
    assert seen == made[::-1]
    assert third["next_cursor"] is None


def test_the_list_can_be_narrowed_to_a_state(api: Api) -> None:
    cancelled = api.make(filename="narrow 1.mp4")
    api.make(filename="narrow 2.mp4")
    api.client.post(f"/videos/{cancelled}/cancel")

    found = api.client.get("/videos", params={"state": "cancelled", "q": "NARROW"}).json()["items"]

    assert [video["id"] for video in found] == [cancelled]


def cursor(*key: str) -> str:
    """As the list makes it, with a forged key inside."""
    return base64.urlsafe_b64encode(json.dumps(key, separators=(",", ":")).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("params", "status", "code"),
    [
        ({"cursor": "nonsense"}, 400, "bad_cursor"),
        ({"cursor": cursor("2026-01-05T10:00:00+00:00", "\x00")}, 400, "bad_cursor"),
        ({"cursor": cursor("2026-01-05T10:00:00+00:00", "\ud800")}, 400, "bad_cursor"),
        ({"cursor": cursor("yesterday", "a")}, 400, "bad_cursor"),
        ({"limit": 0}, 422, "invalid_request"),
        ({"limit": 100_000}, 422, "invalid_request"),
        ({"state": "asleep"}, 422, "invalid_request"),
        ({"q": "a\x00b"}, 422, "invalid_request"),
    ],
)
def test_a_wrong_listing_is_refused(api: Api, params: dict, status: int, code: str) -> None:
    answer = api.client.get("/videos", params=params)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_progress_counts_frames_where_they_are_known(api: Api) -> None:
    video_id = api.make()
    epoch = start_work(api, video_id)
    put_shots(api, video_id, 0)
    api.services.jobs.record_progress(video_id, epoch, 1)

    by_chunks = api.client.get(f"/videos/{video_id}").json()
    api.services.cache.set_progress(video_id, {"fraction": 0.4, "eta_s": 12.0})
    by_frames = api.client.get(f"/videos/{video_id}").json()
    finish_work(api, video_id, epoch)
    done = api.client.get(f"/videos/{video_id}").json()

    assert by_chunks["state"] == "running"
    assert by_chunks["media"] == support.MEDIA
    assert by_chunks["progress"]["fraction"] == 0.25
    assert by_chunks["progress"]["chunks_done"] == 1
    assert by_chunks["progress"]["chunks_total"] == 4
    assert by_frames["progress"]["fraction"] == 0.4
    assert by_frames["progress"]["eta_s"] == 12.0
    assert done["progress"] == {"fraction": 1.0, "chunks_done": 4, "chunks_total": 4, "eta_s": None}
    assert (done["state"], done["revision"]) == ("done", 1)


def test_what_is_missing_in_the_file_is_told(api: Api) -> None:
    warning = {"code": "truncated", "message": "It is cut off.", "missing_frames": None, "missing_s": 2.5}
    video_id = api.make()
    video = support.claim(api.services.jobs, video_id)
    before = api.client.get(f"/videos/{video_id}").json()
    api.services.jobs.record_media(video_id, video.lease_epoch, support.MEDIA, 4, "t1", [warning])
    planned = api.client.get(f"/videos/{video_id}").json()
    finish_work(api, video_id, video.lease_epoch, {"warnings": [warning]})

    done = api.client.get(f"/videos/{video_id}").json()
    document = api.client.get(f"/videos/{video_id}/export", params={"format": "json"}).json()

    assert before["warnings"] == []
    assert planned["warnings"] == done["warnings"] == document["warnings"] == [warning]


def test_a_result_from_before_there_were_warnings_has_none(api: Api) -> None:
    video_id = support.done_video(api)

    assert api.client.get(f"/videos/{video_id}").json()["warnings"] == []
    assert api.client.get(f"/videos/{video_id}/export", params={"format": "json"}).json()["warnings"] == []


def test_a_failure_is_told_with_its_reason(api: Api) -> None:
    video_id = api.make()
    epoch = start_work(api, video_id)
    api.services.jobs.fail(video_id, epoch, "not_media", "The file is not a video.")

    video = api.client.get(f"/videos/{video_id}").json()

    assert video["state"] == "failed"
    assert video["error"] == {"code": "not_media", "message": "The file is not a video."}


def test_a_failed_video_can_be_tried_again_and_a_running_one_cannot(api: Api) -> None:
    video_id = api.make()
    epoch = start_work(api, video_id)

    too_early = api.client.post(f"/videos/{video_id}/retry")
    api.services.jobs.fail(video_id, epoch, "decode_failed", "It broke.")
    again = api.client.post(f"/videos/{video_id}/retry")

    assert (too_early.status_code, too_early.json()["code"]) == (409, "conflict")
    assert again.status_code == 202
    assert (again.json()["state"], again.json()["error"]) == ("queued", None)


def test_a_video_that_is_done_can_be_segmented_anew(api: Api) -> None:
    video_id = support.done_video(api)

    again = api.client.post(
        f"/videos/{video_id}/resegment", json={"preset": "talk", "settings": {"min_scene_s": 7}}
    )
    meanwhile = api.client.get(f"/videos/{video_id}/segments").json()
    twice = api.client.post(f"/videos/{video_id}/resegment", json={})
    start_work(api, video_id)
    at_work = api.client.get(f"/videos/{video_id}/segments").json()

    assert again.status_code == 202
    video = again.json()
    assert (video["state"], video["attempt"], video["revision"]) == ("queued", 0, 1)
    assert (video["settings"]["preset"], video["settings"]["min_scene_s"]) == ("talk", 7)
    assert video["progress"]["fraction"] < 1
    assert meanwhile == at_work
    assert (meanwhile["state"], meanwhile["revision"], len(meanwhile["items"])) == ("final", 1, 26)
    assert (twice.status_code, twice.json()["code"]) == (409, "conflict")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b'{"settings": {"min_scene_s": -1}}', 422, "invalid_settings"),
        (b'{"preset": "opera"}', 422, "invalid_settings"),
        (b'{"settings": {"from_s": 7, "to_s": 7}}', 422, "invalid_settings"),
        (b'{"settings": {"from_s": 1000}}', 422, "invalid_settings"),  # behind its end
        (b'{"settings": {"from_s": 1000}, "dry_run": true}', 422, "invalid_settings"),
        (b'{"settings": {"scenes": 2.5}}', 422, "invalid_settings"),
        (b'{"settings": {"ignore": [10, 10, 200, 80]}}', 422, "invalid_settings"),
        (b'{"min_scene_s": 5}', 422, "invalid_request"),
        (b"[]", 422, "invalid_request"),
        (b"{", 400, "bad_json"),
        (b"", 400, "bad_json"),
        (b'{"preset": "' + bytes(70_000) + b'"}', 413, "too_large"),
    ],
)
def test_wrong_wishes_leave_a_video_done(api: Api, body: bytes, status: int, code: str) -> None:
    video_id = support.done_video(api)

    answer = api.client.post(f"/videos/{video_id}/resegment", content=body, headers=JSON)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert api.client.get(f"/videos/{video_id}").json()["state"] == "done"


def test_cancelling(api: Api) -> None:
    queued, running, done = api.make(), api.make(), support.done_video(api)
    start_work(api, running)

    assert api.client.post(f"/videos/{queued}/cancel").json()["state"] == "cancelled"
    assert api.client.post(f"/videos/{running}/cancel").json()["state"] == "running"
    assert api.services.jobs.get(running).cancel_requested
    assert api.client.post(f"/videos/{done}/cancel").status_code == 409


def test_deleting_removes_it_everywhere(api: Api) -> None:
    video_id = api.make()
    start_work(api, video_id)
    put_shots(api, video_id, 0)
    api.services.cache.set_progress(video_id, {"fraction": 0.5})

    answer = api.client.delete(f"/videos/{video_id}")

    assert answer.status_code == 204
    for path in ("", "/segments", "/media", "/events", "/signals", "/export?format=json"):
        gone = api.client.get(f"/videos/{video_id}{path}")
        assert (gone.status_code, gone.json()["code"]) == (404, "not_found")
    assert api.client.delete(f"/videos/{video_id}").status_code == 404
    assert not api.services.media.exists(f"videos/{video_id}/source")
    assert not api.services.results.stored_chunks(video_id, "t1")
    assert api.services.cache.get_progress(video_id) is None


def test_unknown_addresses_and_methods_are_problems(api: Api) -> None:
    nowhere = api.client.get("/nowhere")
    wrong_method = api.client.put("/videos")
    bad_id = api.client.get("/videos/x")

    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "no_such_path")
    assert (wrong_method.status_code, wrong_method.json()["code"]) == (405, "method_not_allowed")
    assert wrong_method.headers["allow"] == "GET, POST"
    assert (bad_id.status_code, bad_id.json()["code"]) == (422, "invalid_request")
    assert bad_id.json()["errors"][0]["where"] == "path.video_id"
    assert bad_id.json()["instance"] == "/api/v1/videos/x"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},  # another port of the same host
        {"Origin": "http://127.0.0.1:1"},  # browsers leave the other out where nothing is encrypted
        {"Origin": "null"},
        {"Origin": "http://[bad"},
        {"Origin": "app://page"},
    ],
)
def test_pages_of_other_origins_may_change_nothing(api: Api, headers: dict[str, str]) -> None:
    answer = api.client.delete(f"/videos/{api.make()}", headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")


def test_its_own_page_and_programs_may(api: Api) -> None:
    own = f"http://{api.client.base_url.netloc.decode()}"

    for headers in ({}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {"Origin": own}):
        assert api.client.delete(f"/videos/{api.make()}", headers=headers).status_code == 204


def test_every_answer_is_guarded(api: Api) -> None:
    for answer in (api.client.get("/videos"), api.client.get("/nowhere")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-request-id"]
        assert "access-control-allow-origin" not in answer.headers


def test_the_document_describes_the_contract(api: Api) -> None:
    document = api.client.get("/openapi.json").json()

    assert document == json.loads(json.dumps(api.contract.document)) | {"servers": [{"url": "/api/v1"}]}
    assert set(document["components"]["schemas"]["VideoDocument"]["properties"]) == {
        "id", "state", "filename", "bytes", "sha256", "media", "warnings", "progress", "settings", "priority",
        "revision", "attempt", "error", "created_at", "started_at", "finished_at", "proxy",
    }  # fmt: skip
    assert set(document["components"]["schemas"]["Segment"]["properties"]) == {
        "level", "index", "parent", "start_s", "end_s", "start_frame", "end_frame", "start_pts", "end_pts",
        "start_boundary", "label", "audio", "visual", "keyframe_s", "thumbnail",
        "role", "role_confidence", "title", "title_source", "keywords",
    }  # fmt: skip


@pytest.mark.parametrize("path", ["x", "_1234567", "-1234567", "a" * 129, "12345678%0A"])
def test_what_cannot_be_an_id_is_refused_by_every_route(api: Api, path: str) -> None:
    for rest in ("", "/segments", "/media", "/thumbnails/1.webp"):
        answer = api.client.get(f"/videos/{path}{rest}")

        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
