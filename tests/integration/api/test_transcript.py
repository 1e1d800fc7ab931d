"""What is said, over HTTP: its state, its words, its exports, and how it is stopped and begun again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cluster.client import Client
from cluster.contract.protocol import API_PREFIX
from cluster.stores.postgres.words.job import TranscriptJob
from tests.support.api import running as support
from tests.support.api.running import Api, done_video, start_work
from tests.support.servers.stores import finish_words

api = support.running_api

WORDS = [
    {"start_s": 1.0, "end_s": 1.4, "text": "We", "probability": 0.9},
    {"start_s": 1.4, "end_s": 2.0, "text": "meet.", "probability": 0.8},
]
TRANSCRIPT = {
    "language": "en",
    "model": "m",
    "sentences": [
        {
            "start_s": 1.0,
            "end_s": 2.0,
            "text": "We meet.",
            "language": "en",
            "speaker": None,
            "topic": None,
            "words": WORDS,
        }
    ],
}


NOTHING = {
    "state": "none",
    "fraction": 0.0,
    "error": None,
    "revision": 0,
    "transcript": None,
    "screen_text": None,
}


def claim(api: Api, video_id: str) -> TranscriptJob:
    """The claim of this video's transcript; others that wait are claimed and left."""
    while (job := api.services.jobs.transcripts.claim("bridge", 60.0, 5)) is not None:
        if job.id == video_id:
            return job
    raise AssertionError("it does not wait")


def finish(api: Api, video_id: str, document: dict[str, Any] | None) -> None:
    job = claim(api, video_id)
    progress = {"model": "m", "groups_done": 1, "groups_total": 1}
    assert api.services.jobs.transcripts.record(video_id, job.lease_epoch, **progress)
    api.services.results.put_transcript(job.tracks_key, job.tracks_hash, "m", document)
    assert finish_words(api.services.jobs, video_id, job.lease_epoch)


def read(api: Api, video_id: str) -> dict[str, Any]:
    answer = api.client.get(f"/videos/{video_id}/transcript")
    assert answer.status_code == 200
    return dict(answer.json())


def export(api: Api, video_id: str, format_: str) -> Any:
    return api.client.get(f"/videos/{video_id}/export", params={"format": format_})


def test_it_is_told_how_far_it_is(api: Api) -> None:
    video_id = api.make()
    start_work(api, video_id)
    assert read(api, video_id) == NOTHING

    done = done_video(api)
    assert read(api, done)["state"] == "queued"
    job = claim(api, done)
    progress = {"model": "m", "groups_done": 1, "groups_total": 4}
    assert api.services.jobs.transcripts.record(done, job.lease_epoch, **progress)
    assert read(api, done) == {**NOTHING, "state": "running", "fraction": 0.25, "revision": 1}
    assert api.services.jobs.transcripts.fail(done, job.lease_epoch, "speech_model_missing", "Add one.")
    told = read(api, done)
    assert (told["state"], told["error"]["code"]) == ("failed", "speech_model_missing")


def test_words_are_there_when_it_is_done(api: Api) -> None:
    video_id = done_video(api)
    finish(api, video_id, TRANSCRIPT)

    done = {"state": "done", "fraction": 1.0, "revision": 1, "transcript": TRANSCRIPT}
    assert read(api, video_id) == {**NOTHING, **done}
    with Client(api.url.removesuffix(API_PREFIX)) as client:
        assert client.transcript(video_id)["transcript"] == TRANSCRIPT


def test_words_are_exported(api: Api) -> None:
    video_id = done_video(api, filename="talk.mp4")
    finish(api, video_id, TRANSCRIPT)

    srt = export(api, video_id, "srt")
    assert srt.text == "1\n00:00:01,000 --> 00:00:02,000\nWe meet.\n"
    assert 'filename="talk.srt"' in srt.headers["content-disposition"]
    assert export(api, video_id, "captions").text.startswith(
        "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nWe meet."
    )
    assert export(api, video_id, "text").text == "We meet.\n"
    assert json.loads(export(api, video_id, "json").text)["transcript"] == TRANSCRIPT


@pytest.mark.parametrize("format_", ["srt", "captions", "text"])
def test_before_there_are_words_an_export_says_why(api: Api, format_: str) -> None:
    waiting, stopped, off = done_video(api), done_video(api), done_video(api, settings={"words": "off"})
    api.services.jobs.transcripts.cancel(stopped)

    for video_id, code, told in (
        (waiting, "not_ready", "is queued"),
        (stopped, "no_words", "is cancelled"),
        (off, "no_words", "words: off"),
    ):
        refused = export(api, video_id, format_)
        assert refused.json()["code"] == code
        assert told in refused.json()["detail"]
    assert json.loads(export(api, waiting, "json").text)["transcript"] is None


def test_where_nobody_speaks_the_files_are_empty(api: Api) -> None:
    silent = done_video(api)
    finish(api, silent, None)

    assert read(api, silent)["transcript"] is None
    assert [export(api, silent, name).text for name in ("srt", "captions", "text")] == ["", "WEBVTT\n", ""]


def test_words_of_another_audio_stream_are_not_shown(api: Api) -> None:
    video_id = done_video(api)
    finish(api, video_id, TRANSCRIPT)
    jobs = api.services.jobs
    jobs.database.all(
        b"UPDATE videos SET settings = settings || '{\"audio_stream\": 3}' WHERE id = %(id)s RETURNING id",
        {"id": video_id},
    )

    assert read(api, video_id)["state"] == "none"
    assert export(api, video_id, "srt").json()["code"] == "no_words"


def test_a_revision_without_words_shows_none_and_one_with_words_shows_them_again(api: Api) -> None:
    video_id = done_video(api)
    finish(api, video_id, TRANSCRIPT)
    for words, state in (("off", "none"), ("all", "done")):
        api.services.jobs.database.all(
            b"UPDATE videos SET settings = settings || jsonb_build_object('words', %(words)s::text) "
            b"WHERE id = %(id)s RETURNING id",
            {"id": video_id, "words": words},
        )
        assert read(api, video_id)["state"] == state


def test_a_video_from_before_there_were_transcripts_gets_one(api: Api) -> None:
    video_id = done_video(api)
    jobs = api.services.jobs
    jobs.database.all(b"DELETE FROM transcripts WHERE id = %(id)s RETURNING id", {"id": video_id})
    assert read(api, video_id)["state"] == "none"

    with Client(api.url.removesuffix(API_PREFIX)) as client:
        assert client.retry_transcript(video_id)["state"] == "queued"


def test_it_is_cancelled_and_begun_again(api: Api) -> None:
    video_id = done_video(api)
    with Client(api.url.removesuffix(API_PREFIX)) as client:
        assert client.cancel_transcript(video_id)["state"] == "cancelled"
        assert client.cancel_transcript(video_id)["state"] == "cancelled", "twice is fine"
        assert client.retry_transcript(video_id)["state"] == "queued"
    refused = api.client.post(f"/videos/{video_id}/transcript/retry")
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    assert api.services.jobs.get(video_id).state == "done", "the segments stay"


def test_there_is_nothing_to_cancel_without_one(api: Api) -> None:
    refused = api.client.post(f"/videos/{api.make()}/transcript/cancel")

    assert (refused.status_code, refused.json()["code"]) == (404, "not_found")


SHOWN = {
    "start_s": 1.0,
    "end_s": 3.0,
    "text": "Harbor timetable",
    "probability": 0.99,
    "box": [0.1, 0.2, 0.5, 0.1],
    "kind": "title_card",
}


def test_text_on_screen_is_told_and_what_is_said_waits_for_a_model(api: Api) -> None:
    video_id = done_video(api)
    job = claim(api, video_id)
    progress = {"model": None, "reader": "r", "groups_done": 1, "groups_total": 1}
    assert api.services.jobs.transcripts.record(video_id, job.lease_epoch, **progress)
    api.services.results.put_screen_text(job.tracks_key, job.tracks_hash, "r", [SHOWN])
    assert finish_words(api.services.jobs, video_id, job.lease_epoch)

    told = read(api, video_id)
    assert (told["state"], told["transcript"], told["screen_text"]) == ("queued", None, [SHOWN])
    assert json.loads(export(api, video_id, "json").text)["screen_text"] == [SHOWN]
    with Client(api.url.removesuffix(API_PREFIX)) as client:
        assert client.transcript(video_id)["screen_text"] == [SHOWN]
