"""Segments: provisional while the work goes on, final after."""

from __future__ import annotations

import json

import numpy as np
import pytest

from cluster.client import Client
from cluster.contract.protocol import API_PREFIX
from tests.support.api import running as support
from tests.support.api.running import Api, done_video, put_shots, start_work

api = support.running_api


@pytest.fixture(scope="module")
def done(api: Api) -> str:
    return done_video(api, filename="Sintel; a = b.mp4")


def read(api: Api, video_id: str, **params: object) -> dict:
    answer = api.client.get(f"/videos/{video_id}/segments", params=params)
    assert answer.status_code == 200
    return answer.json()


def test_nothing_is_there_before_the_work_begins(api: Api) -> None:
    assert read(api, api.make()) == {"items": [], "next_cursor": None, "state": "provisional", "revision": 0}


def test_shots_are_provisional_while_the_work_goes_on(api: Api) -> None:
    video_id = api.make()
    start_work(api, video_id)
    put_shots(api, video_id, 0)
    put_shots(api, video_id, 1)

    page = read(api, video_id)
    scenes = read(api, video_id, level="scene")

    assert (page["state"], page["revision"]) == ("provisional", 0)
    assert [item["start_s"] for item in page["items"]] == [n * 2.0 for n in range(10)]
    assert page["items"][1]["thumbnail"] == f"/api/v1/videos/{video_id}/thumbnails/55.webp"
    assert scenes["items"] == []


def test_provisional_shots_are_those_of_the_part(api: Api) -> None:
    video_id = api.make(settings={"from_s": 5.0, "to_s": 13.0})
    start_work(api, video_id)
    put_shots(api, video_id, 0)
    put_shots(api, video_id, 1)

    assert [item["start_s"] for item in read(api, video_id)["items"]] == [4.0, 6.0, 8.0, 10.0, 12.0]
    assert [item["start_s"] for item in read(api, video_id, from_s=9, to_s=100)["items"]] == [8.0, 10.0, 12.0]


def test_the_final_tree_has_all_levels(api: Api, done: str) -> None:
    page = read(api, done)

    assert (page["state"], page["revision"], page["next_cursor"]) == ("final", 1, None)
    levels = [item["level"] for item in page["items"]]
    assert (levels.count("shot"), levels.count("scene"), levels.count("chapter")) == (20, 4, 2)
    scene = next(item for item in page["items"] if item["level"] == "scene" and item["index"] == 1)
    names = {"role": "content", "role_confidence": 1.0, "title": None, "title_source": None, "keywords": []}
    stored = support.segment("scene", 1, 10.0, 20.0)  # as before there were names
    assert scene == {**stored, **names, "thumbnail": scene["thumbnail"]}


def test_one_level_in_pages(api: Api, done: str) -> None:
    items: list[dict] = []
    cursor = None
    while True:
        page = read(api, done, level="shot", limit=7, **({"cursor": cursor} if cursor else {}))
        items += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break

    assert [item["index"] for item in items] == list(range(20))


def test_filters(api: Api, done: str) -> None:
    between = read(api, done, level="shot", from_s=9.0, to_s=13.0)
    other = read(api, done, label="music")

    assert [(item["start_s"], item["end_s"]) for item in between["items"]] == [(8, 10), (10, 12), (12, 14)]
    assert other["items"] == []


@pytest.mark.parametrize(
    ("params", "status", "code"),
    [
        ({"level": "act"}, 422, "invalid_request"),
        ({"from_s": "nan"}, 422, "invalid_request"),
        ({"limit": 1001}, 422, "invalid_request"),
        ({"cursor": "x"}, 400, "bad_cursor"),
    ],
)
def test_wrong_filters(api: Api, done: str, params: dict, status: int, code: str) -> None:
    answer = api.client.get(f"/videos/{done}/segments", params=params)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


def export(api: Api, video_id: str, kind: str, **params: str) -> str:
    answer = api.client.get(f"/videos/{video_id}/export", params={"format": kind, **params})
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith("attachment;")
    return answer.content.decode("utf-8")


def test_the_audio_track_is_that_of_the_export(api: Api) -> None:
    sound = {"speech": 0.9, "singing": 0.0, "music": 0.1, "silence": 0.0, "loudness_lufs": -23.0}
    heard = [
        {"start_s": 0.0, "end_s": 8.5, "label": "speech", "audio": sound},
        {"start_s": 8.5, "end_s": 40.0, "label": "silence", "audio": sound | {"loudness_lufs": None}},
    ]
    video_id = done_video(api, {"audio_track": heard})

    assert api.client.get(f"/videos/{video_id}/audio-track").json() == {"items": heard, "revision": 1}
    assert json.loads(export(api, video_id, "json"))["audio_track"] == heard
    with Client(api.url.removesuffix(API_PREFIX)) as client:
        assert client.audio_track(video_id) == heard


def test_a_video_without_sound_has_an_empty_audio_track(api: Api, done: str) -> None:
    assert api.client.get(f"/videos/{done}/audio-track").json()["items"] == []


@pytest.mark.parametrize("path", ["signals", "audio-track", "export?format=json"])
def test_what_needs_the_end_says_so(api: Api, path: str) -> None:
    answer = api.client.get(f"/videos/{api.make()}/{path}")

    assert (answer.status_code, answer.json()["code"]) == (409, "not_ready")
    assert "queued" in answer.json()["detail"]


def test_curves_are_down_sampled_without_losing_a_peak(api: Api) -> None:
    loudness = np.full(400, -30.0, "<f2")
    loudness[123] = -3.0
    cuts = np.full(400, np.nan, "<f2")
    cuts[200:] = 0.25
    curves = {
        "start_s": 0.5,
        "step_s": 0.1,
        "series": [
            {"name": "loudness", "unit": "LUFS", "values": loudness.tobytes()},
            {"name": "shot", "unit": "probability", "values": cuts.tobytes()},
        ],
    }
    video_id = done_video(api, {"curves": curves})

    signals = api.client.get(f"/videos/{video_id}/signals", params={"points": 10}).json()

    assert (signals["start_s"], signals["end_s"], signals["points"]) == (0.5, 40.5, 10)
    by_name = {curve["name"]: curve for curve in signals["curves"]}
    assert by_name["loudness"]["max"] == [-30, -30, -30, -3, -30, -30, -30, -30, -30, -30]
    assert by_name["loudness"]["min"] == [-30] * 10
    assert by_name["shot"]["min"] == [None] * 5 + [0.25] * 5


def test_a_result_without_curves_has_none(api: Api, done: str) -> None:
    signals = api.client.get(f"/videos/{done}/signals").json()

    assert (signals["revision"], signals["points"], signals["curves"]) == (1, 0, [])


@pytest.mark.parametrize(
    "path",
    [
        "segments",
        "segments?level=scene",
        "signals",
        "audio-track",
        "export?format=csv",
        "compare?from=1&to=1",
    ],
)
def test_a_result_that_was_lost_is_told_from_an_empty_one(api: Api, path: str) -> None:
    """As after the loss of MongoDB's data, or when an older backup of them was restored."""
    video_id = done_video(api)
    api.services.results.delete_video(video_id)

    answer = api.client.get(f"/videos/{video_id}/{path}")

    assert (answer.status_code, answer.json()["code"]) == (410, "result_lost")
    assert f"POST /videos/{video_id}/resegment" in answer.json()["detail"]


def test_clips_and_corrections_of_a_lost_result_say_so(api: Api) -> None:
    video_id = done_video(api)
    api.services.results.delete_video(video_id)

    clips = api.client.post(f"/videos/{video_id}/clips", json={"level": "shot"})
    corrections = api.client.put(
        f"/videos/{video_id}/segments", json={"shots": [{"start_frame": 5}]}, headers={"If-Match": '"1"'}
    )

    for answer in (clips, corrections):
        assert (answer.status_code, answer.json()["code"]) == (410, "result_lost")


def test_nothing_that_meets_the_conditions_is_no_loss(api: Api, done: str) -> None:
    assert read(api, done, label="no such label")["items"] == []
