"""Transcripts in the stores: queued by a trigger, worked on under leases, words kept under the tracks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cluster.errors import ConflictError, NotFoundError
from cluster.stores.ids import new_id
from cluster.stores.mongodb.results import Results
from cluster.stores.postgres.jobs import Jobs
from cluster.stores.postgres.video import Video
from cluster.stores.postgres.words.job import TranscriptJob, TranscriptState
from tests.support.servers.stores import claim as claim_video
from tests.support.servers.stores import create_video, execute, finish_words

SITUATIONS = ("queued", "running", "done", "failed", "cancelled", "running, lease expired")
LEASE_S, ATTEMPTS = 60.0, 3
WHY = ("speech_model_missing", "None is there.")

LEGAL_CHANGES: dict[TranscriptState, frozenset[TranscriptState]] = {
    TranscriptState.QUEUED: frozenset(
        {TranscriptState.RUNNING, TranscriptState.CANCELLED, TranscriptState.FAILED}
    ),
    TranscriptState.RUNNING: frozenset(TranscriptState),
    TranscriptState.DONE: frozenset({TranscriptState.QUEUED}),
    TranscriptState.FAILED: frozenset({TranscriptState.QUEUED}),
    TranscriptState.CANCELLED: frozenset({TranscriptState.QUEUED}),
}


def finish_video(
    jobs: Jobs,
    video_id: str,
    tracks_hash: str = "t1",
    audio: str | None = "aac",
    video: str | None = None,
    *,
    with_words: bool = False,
) -> Video:
    """A new result of a video, by default of one with sound alone."""
    epoch = claim_video(jobs, video_id).lease_epoch
    media = {"audio_codec": audio, "video_codec": video}
    assert jobs.record_media(video_id, epoch, media, 1, tracks_hash)
    assert jobs.begin_finalizing(video_id, epoch)
    revision = jobs.get(video_id).newest_revision + 1
    name = f"{video_id}:{revision}:{epoch}"
    assert jobs.finish(video_id, epoch, revision, name, with_words=with_words)
    return jobs.get(video_id)


def queued(jobs: Jobs, **video: Any) -> TranscriptJob:
    video_id = create_video(jobs, **video).id
    finish_video(jobs, video_id)
    return jobs.transcripts.get(video_id)


def claim(jobs: Jobs, grace_s: float = 0.0) -> TranscriptJob | None:
    return jobs.transcripts.claim("bridge-a", LEASE_S, ATTEMPTS, grace_s)


def expire(jobs: Jobs, video_id: str) -> None:
    statement = "UPDATE transcripts SET lease_expires_at = now() - interval '1 s' WHERE id = %(id)s"
    execute(jobs, statement, id=video_id)


def transcript_in(jobs: Jobs, situation: str) -> TranscriptJob:
    job = queued(jobs)
    if situation == "cancelled":
        jobs.transcripts.cancel(job.id)
    elif situation != "queued":
        claimed = claim(jobs)
        assert claimed is not None
        if situation == "done":
            assert finish_words(jobs, job.id, claimed.lease_epoch)
        elif situation == "failed":
            assert jobs.transcripts.fail(
                job.id, claimed.lease_epoch, "speech_model_missing", "None is there."
            )
        elif situation.endswith("expired"):
            expire(jobs, job.id)
    return jobs.transcripts.get(job.id)


def test_a_video_that_is_done_gets_a_transcript(jobs: Jobs) -> None:
    job = queued(jobs, owner="anna")

    assert (job.state, job.tracks_hash, job.model, job.groups_total) == ("queued", "t1", None, None)
    assert (job.media_key, job.tracks_key, job.owner) == (f"videos/{job.id}/source", job.id, "anna")


@pytest.mark.parametrize(
    ("settings", "audio", "video", "wanted"),
    [
        ({}, "aac", "h264", "all"),
        ({}, "aac", None, "speech"),
        ({}, None, "h264", "screen"),
        ({"words": "all"}, "aac", "h264", "all"),
        ({"words": "speech"}, "aac", "h264", "speech"),
        ({"words": "screen"}, "aac", "h264", "screen"),
        ({"words": "off"}, "aac", "h264", None),
        ({"words": "speech"}, None, "h264", None),
        ({"words": "screen"}, "aac", None, None),
    ],
)
def test_what_is_recognised_follows_from_settings_and_streams(
    jobs: Jobs, settings: dict[str, Any], audio: str | None, video: str | None, wanted: str | None
) -> None:
    video_id = create_video(jobs, settings=settings).id
    finish_video(jobs, video_id, audio=audio, video=video)

    job = jobs.transcripts.find(video_id)
    assert (None if job is None else job.wanted) == wanted
    if job is not None:
        execute(jobs, "DELETE FROM transcripts WHERE id = %(id)s", id=video_id)
        assert jobs.transcripts.retry(video_id).wanted == wanted, "one from before it was there"


def test_a_video_that_failed_gets_none(jobs: Jobs) -> None:
    video_id = create_video(jobs).id
    assert jobs.fail(video_id, claim_video(jobs, video_id).lease_epoch, "not_media", "It is no video.")

    with pytest.raises(NotFoundError, match="no transcript"):
        jobs.transcripts.get(video_id)


@pytest.mark.parametrize("situation", SITUATIONS)
def test_other_settings_keep_it_and_another_audio_stream_begins_it_again(jobs: Jobs, situation: str) -> None:
    job = transcript_in(jobs, situation)

    jobs.resegment(job.id, {"scene_sensitivity": 0.9, "decoding": "every"}, "default")
    video = finish_video(jobs, job.id, "t1 of every frame", with_words=job.state == "done")
    kept = jobs.transcripts.get(job.id)
    if job.state in ("failed", "cancelled"):
        assert (kept.state, kept.tracks_hash) == ("queued", "t1 of every frame"), "it is tried again"
    elif job.state == "done":
        assert kept == replace(job, timeline_id=video.timeline_id)
    else:
        assert kept == job

    jobs.resegment(job.id, {"audio_stream": 2}, "default")
    finish_video(jobs, job.id, "t2")
    again = jobs.transcripts.get(job.id)
    assert (again.state, again.tracks_hash, again.attempt, again.error_code) == ("queued", "t2", 0, None)
    assert not jobs.transcripts.finish(job.id, job.lease_epoch), "who worked on the other stream has lost it"


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize(
    ("call", "target"),
    [("claim", "running"), ("finish", "done"), ("fail", "failed"), ("release", "queued"), ("retry", "queued"),
     ("cancel", "cancelled")],
)  # fmt: skip
def test_only_legal_changes_happen(jobs: Jobs, situation: str, call: str, target: str) -> None:
    job = transcript_in(jobs, situation)
    before = job.state

    if call == "claim":
        claim(jobs)
    elif call in ("retry", "cancel"):
        try:
            getattr(jobs.transcripts, call)(job.id)
        except ConflictError:
            assert jobs.transcripts.get(job.id).state is before
    else:
        why = WHY if call == "fail" else ()
        getattr(jobs.transcripts, call)(job.id, job.lease_epoch, *why)

    after = jobs.transcripts.get(job.id)
    if after.state is before:
        return
    assert after.state == (target if call != "finish" else "queued"), "no result of the video has its words"
    assert after.state in LEGAL_CHANGES[before]


@pytest.mark.parametrize("call", ["finish", "fail", "release", "record"])
def test_a_holder_that_was_replaced_writes_nothing(jobs: Jobs, call: str) -> None:
    job = transcript_in(jobs, "running, lease expired")
    taken = claim(jobs)
    assert taken is not None
    values: dict[str, Any] = {
        "fail": {"code": "x", "message": "y"},
        "record": {"model": "m", "groups_done": 1, "groups_total": 2},
    }.get(call, {})

    assert not getattr(jobs.transcripts, call)(job.id, job.lease_epoch, **values)
    assert jobs.transcripts.get(job.id) == taken


def test_owners_take_turns(jobs: Jobs) -> None:
    annas = [queued(jobs, owner="anna").id for _ in range(3)]
    ben = queued(jobs, owner="ben").id
    taken = [job.id for _ in range(4) if (job := claim(jobs)) is not None]

    assert taken == [annas[0], ben, *annas[1:]]


def test_progress_gives_an_attempt_back(jobs: Jobs) -> None:
    job = transcript_in(jobs, "running, lease expired")
    for _ in range(ATTEMPTS - 1):
        claimed = claim(jobs)
        assert claimed is not None
        expire(jobs, job.id)
    assert claim(jobs) is None
    assert jobs.transcripts.reap(ATTEMPTS) == [job.id]
    assert jobs.transcripts.get(job.id).error_code == "attempts_exhausted"

    jobs.transcripts.retry(job.id)
    claimed = claim(jobs)
    assert claimed is not None
    progress = {"model": "m", "groups_done": 1, "groups_total": 9}
    assert jobs.transcripts.record(job.id, claimed.lease_epoch, **progress)
    assert jobs.transcripts.get(job.id).attempt == 1


def test_a_cancellation_reaches_the_holder_and_outlives_it(jobs: Jobs) -> None:
    job = transcript_in(jobs, "running")
    held = (job.id, job.lease_epoch)
    jobs.transcripts.cancel(job.id)

    assert jobs.transcripts.heartbeat([held], LEASE_S) == {held: True}
    assert jobs.transcripts.to_cancel("bridge-a") == {held}
    assert jobs.to_cancel("bridge-a") == set(), "the video of the same id has a lease of its own"
    expire(jobs, job.id)
    assert jobs.transcripts.reap(ATTEMPTS) == [job.id]
    assert jobs.transcripts.get(job.id).state is TranscriptState.CANCELLED


@pytest.mark.parametrize(
    ("situation", "off", "on"),
    [("queued", "cancelled", "queued"), ("done", "done", "queued"), ("failed", "failed", "queued")],
)
def test_words_off_ends_what_waits_and_on_brings_it_back(
    jobs: Jobs, situation: str, off: str, on: str
) -> None:
    job = transcript_in(jobs, situation)
    jobs.resegment(job.id, {"words": "off"}, "default")
    finish_video(jobs, job.id)
    assert jobs.transcripts.get(job.id).state == off

    jobs.resegment(job.id, {}, "default")
    finish_video(jobs, job.id)
    assert jobs.transcripts.get(job.id).state == on


def test_words_off_asks_the_holder_to_stop(jobs: Jobs) -> None:
    job = transcript_in(jobs, "running")
    jobs.resegment(job.id, {"words": "off"}, "default")
    finish_video(jobs, job.id)

    assert jobs.transcripts.to_cancel("bridge-a") == {(job.id, job.lease_epoch)}
    assert jobs.transcripts.acknowledge_cancel(job.id, job.lease_epoch)


def test_one_from_before_begins_when_it_is_asked_for(jobs: Jobs) -> None:
    job = queued(jobs)
    execute(jobs, "DELETE FROM transcripts WHERE id = %(id)s", id=job.id)

    assert jobs.transcripts.retry(job.id).state is TranscriptState.QUEUED
    with pytest.raises(ConflictError):
        jobs.transcripts.retry(job.id)


def test_it_goes_with_its_video(jobs: Jobs) -> None:
    job = queued(jobs)
    jobs.delete(job.id)

    assert jobs.transcripts.find(job.id) is None


ROWS = [
    {
        "index": 0,
        "language": "en",
        "words": [{"start_s": 1.0, "end_s": 1.5, "text": " Hi", "probability": 0.9}],
    }
]
DOCUMENT = {"language": "en", "model": "m", "sentences": [{"start_s": 1.0, "end_s": 1.5, "text": "Hí"}]}


def test_words_are_read_as_they_were_stored(results: Results) -> None:
    key = new_id()
    assert results.get_outline(key, "t1", "m") is None
    assert results.get_transcript(key, "t1", "m") is None

    for _ in range(2):  # the same again changes nothing
        results.put_outline(key, "t1", "m", b"speech", 12, "en")
        results.put_recognised(key, "t1", "m", 11, ROWS)
        results.put_recognised(key, "t1", "m", 2, [])
        results.put_transcript(key, "t1", "m", DOCUMENT)

    assert results.get_outline(key, "t1", "m") == (b"speech", 12, "en")
    assert results.recognised_groups(key, "t1", "m") == {2, 11}
    assert results.recognised(key, "t1", "m") == ROWS
    assert results.get_transcript(key, "t1", "m") == DOCUMENT
    assert results.recognised_groups(key, "t1", "other") == set()


def test_nothing_said_is_stored_as_such(results: Results) -> None:
    key = new_id()
    results.put_outline(key, "t1", "m", b"", 0)
    results.put_transcript(key, "t1", "m", None)

    assert results.get_outline(key, "t1", "m") == (b"", 0, None)
    assert results.get_transcript(key, "t1", "m") is None


def test_words_go_with_the_tracks(results: Results) -> None:
    key, other = new_id(), new_id()
    for one in (key, other):
        results.put_outline(one, "t1", "m", b"speech", 1, "en")
        results.put_recognised(one, "t1", "m", 0, ROWS)
        results.put_transcript(one, "t1", "m", DOCUMENT)

    results.delete_video(key)

    assert results.get_outline(key, "t1", "m") is None
    assert results.recognised(key, "t1", "m") == []
    assert results.get_transcript(key, "t1", "m") is None
    assert results.get_transcript(other, "t1", "m") == DOCUMENT
