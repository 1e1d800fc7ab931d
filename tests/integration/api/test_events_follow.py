"""Following a video over server-sent events beyond its end: what others do to it is told as well."""

from __future__ import annotations

from cluster.stores.postgres.words.job import TranscriptJob
from serve_app.videos import feeds
from tests.integration.api.test_events import finish, listening, report
from tests.support.api import running as support
from tests.support.api.running import Api, done_video, finish_work, start_work
from tests.support.servers.stores import finish_words

api = support.running_api

NOTICED_WITHIN_S = 2.0


def test_changes_are_noticed_within_the_time_that_is_promised() -> None:
    """A wait is one interval of the row, and of the stream before it."""
    ended = feeds.ENDED_ROW_INTERVAL_S + feeds.ENDED_STREAM_INTERVAL_S
    running = feeds.ROW_INTERVAL_S + feeds.STREAM_INTERVAL_S

    assert max(ended, running) <= NOTICED_WITHIN_S


def test_who_follows_hears_of_a_retry_and_of_the_next_end(api: Api) -> None:
    video_id = api.make()
    api.client.post(f"/videos/{video_id}/cancel")

    with listening(api, video_id, follow=True) as listener:
        ended = listener.until("done", state="cancelled")
        api.client.post(f"/videos/{video_id}/retry")
        listener.until("state", state="queued")
        epoch = start_work(api, video_id)
        api.services.cache.publish_event(video_id, "state", {"state": "running"})
        listener.until("state", state="running")
        report(api, video_id, epoch, 0)
        listener.until("progress", fraction=0.25)
        finish(api, video_id, epoch)
        again = listener.until("done", state="done")

    assert [event.type for event in ended] == ["state", "progress", "words", "done"]
    assert [event.type for event in again].count("done") == 1


def test_a_video_segmented_anew_from_outside_is_told_without_its_earlier_progress(api: Api) -> None:
    video_id = done_video(api)

    with listening(api, video_id, follow=True) as listener:
        listener.until("done")
        api.client.post(f"/videos/{video_id}/resegment", json={"settings": {"scene_sensitivity": 0.9}})
        queued = listener.until("state", state="queued")[-1]
        finish_work(api, video_id, start_work(api, video_id), revision=2)
        done = listener.until("done", revision=2)[-1]

    assert queued.data["progress"]["fraction"] < 1
    assert done.data["settings"]["scene_sensitivity"] == 0.9


def test_a_revision_that_nobody_announced_is_told_with_its_segments(api: Api) -> None:
    video_id = done_video(api)
    api.client.post(f"/videos/{video_id}/resegment", json={"settings": {"scene_sensitivity": 0.9}})
    finish_work(api, video_id, start_work(api, video_id), revision=2)

    with listening(api, video_id, follow=True) as listener:
        listener.until("done", revision=2)
        api.services.jobs.revisions.choose(video_id, 1)  # as another program would, past the API
        told = listener.until("segments", state="final", revision=1)
        listener.until("done", revision=1)

    assert ("state", 1) in [(event.type, event.data.get("revision")) for event in told]


def test_the_deletion_of_a_video_that_is_done_ends_the_stream(api: Api) -> None:
    video_id = done_video(api)

    with listening(api, video_id, follow=True) as listener:
        listener.until("done")
        api.client.delete(f"/videos/{video_id}")
        rest = list(listener.heard())

    assert [(event.type, event.data) for event in rest] == [("deleted", {"id": video_id})]
    with api.client.stream("GET", f"/videos/{video_id}/events?follow=true") as answer:
        assert answer.status_code == 404


def test_a_stream_that_does_not_follow_ends_also_where_another_follows(api: Api) -> None:
    video_id = api.make()

    with listening(api, video_id, follow=True) as following:
        following.until("progress")
        with listening(api, video_id) as plain:
            plain.until("progress")
            finish(api, video_id, start_work(api, video_id))
            rest = list(plain.heard())
        following.until("done")
        with listening(api, video_id) as late:
            at_once = list(late.heard())
        api.client.post(f"/videos/{video_id}/resegment", json={})
        following.until("state", state="queued")
        with listening(api, video_id) as again:
            first = again.until("progress")
            finish_work(api, video_id, start_work(api, video_id), revision=2)
            second = list(again.heard())

    assert rest[-1].type == at_once[-1].type == second[-1].type == "done"
    assert first[0].data["state"] == "queued"
    assert second[-1].data["revision"] == 2


def test_words_are_told_from_their_queue_to_their_end(api: Api) -> None:
    video_id = done_video(api)
    transcripts = api.services.jobs.transcripts

    with listening(api, video_id, follow=True) as listener:
        first = listener.until("words")[-1]
        job = claim_words(api, video_id)
        assert transcripts.record(job.id, job.lease_epoch, model="m", groups_done=1, groups_total=4)
        listener.until("words", state="running", fraction=0.25)
        assert transcripts.fail(job.id, job.lease_epoch, "speech_model_broken", "It is damaged.")
        failed = listener.until("words", state="failed")[-1]
        api.client.post(f"/videos/{video_id}/transcript/retry")
        listener.until("words", state="queued")
        job = claim_words(api, video_id)
        assert transcripts.record(job.id, job.lease_epoch, model="m", groups_done=4, groups_total=4)
        assert finish_words(api.services.jobs, job.id, job.lease_epoch)
        listener.until("words", state="done", fraction=1.0)

    assert first.data == {"state": "queued", "fraction": 0.0, "error": None}
    assert failed.data["error"] == {"code": "speech_model_broken", "message": "It is damaged."}


def test_who_does_not_follow_hears_nothing_of_words(api: Api) -> None:
    with listening(api, done_video(api)) as listener:
        assert "words" not in [event.type for event in listener.heard()]


def claim_words(api: Api, video_id: str) -> TranscriptJob:
    """The words of other tests' videos wait, too."""
    while (job := api.services.jobs.transcripts.claim("bridge", 60.0, 5)) is not None:
        if job.id == video_id:
            return job
    raise AssertionError(f"the words of {video_id} do not wait")
