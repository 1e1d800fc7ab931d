"""Words become part of a video's result: a revision of their own, for every result, once, under the lease."""

from __future__ import annotations

from typing import Any

import pytest

from cluster.stores.postgres.jobs import Jobs
from cluster.stores.postgres.video import Video
from cluster.stores.postgres.words.job import TranscriptJob
from tests.integration.stores.test_transcripts import claim, finish_video, queued, transcript_in
from tests.support.servers.stores import create_video, execute, finish_words


def test_a_result_without_the_words_that_are_there_gets_them(jobs: Jobs) -> None:
    """It was computed while the words were still being recognised."""
    job = transcript_in(jobs, "running")
    jobs.resegment(job.id, {"scene_sensitivity": 0.9}, "default")
    assert jobs.transcripts.record(job.id, job.lease_epoch, model="m", groups_done=2, groups_total=2)
    assert jobs.transcripts.finish(job.id, job.lease_epoch)
    finish_video(jobs, job.id, "t1")

    again = jobs.transcripts.get(job.id)
    assert (again.state, again.model, again.tracks_hash, again.groups_done) == ("queued", "m", "t1", 2)


def test_words_of_another_kind_are_recognised_later(jobs: Jobs) -> None:
    video_id = create_video(jobs, settings={"words": "speech"}).id
    finish_video(jobs, video_id, video="h264")
    job = claim(jobs)
    assert job is not None
    assert jobs.transcripts.record(video_id, job.lease_epoch, model="m", groups_done=1, groups_total=1)
    assert finish_words(jobs, video_id, job.lease_epoch)

    jobs.resegment(video_id, {"words": "all"}, "default")
    finish_video(jobs, video_id, video="h264", with_words=True)

    again = jobs.transcripts.get(video_id)
    assert (again.state, again.wanted, again.model, again.timeline_id) == ("queued", "all", "m", None)


def running(jobs: Jobs) -> tuple[TranscriptJob, Video]:
    job = transcript_in(jobs, "running")
    return job, jobs.get(job.id)


def test_words_become_a_revision_of_the_video(jobs: Jobs) -> None:
    job, video = running(jobs)
    assert video.timeline_id is not None

    assert jobs.transcripts.revise(
        job.id, job.lease_epoch, base=video.timeline_id, revision=2, timeline_id="with words"
    )
    assert jobs.transcripts.finish(job.id, job.lease_epoch)

    now = jobs.get(job.id)
    assert (now.state, now.revision, now.newest_revision, now.timeline_id) == ("done", 2, 2, "with words")
    assert (now.settings, now.finished_at) == (video.settings, video.finished_at)
    assert [(one.revision, one.origin) for one in jobs.revisions.list_all(job.id)] == [
        (2, "words"),
        (1, "settings"),
    ]
    assert jobs.transcripts.get(job.id).state == "done"


def test_without_words_there_is_no_new_revision(jobs: Jobs) -> None:
    job, video = running(jobs)
    assert video.timeline_id is not None

    assert jobs.transcripts.revise(
        job.id, job.lease_epoch, base=video.timeline_id, revision=2, timeline_id=None
    )
    assert jobs.transcripts.finish(job.id, job.lease_epoch)

    assert jobs.get(job.id) == video
    assert jobs.transcripts.get(job.id).state == "done"


def test_words_of_an_older_result_are_not_shown_and_made_again(jobs: Jobs) -> None:
    job, video = running(jobs)
    assert video.timeline_id is not None
    jobs.resegment(job.id, {"scene_sensitivity": 0.9}, "default")
    newer = finish_video(jobs, job.id)

    assert jobs.transcripts.revise(
        job.id, job.lease_epoch, base=video.timeline_id, revision=2, timeline_id="late"
    )
    assert jobs.get(job.id) == newer
    assert jobs.transcripts.finish(job.id, job.lease_epoch)

    assert jobs.transcripts.get(job.id).state == "queued"
    assert claim(jobs) is not None


def test_while_the_video_is_in_work_its_words_make_no_revision(jobs: Jobs) -> None:
    job, video = running(jobs)
    assert video.timeline_id is not None
    jobs.resegment(job.id, {"scene_sensitivity": 0.9}, "default")

    assert jobs.transcripts.revise(
        job.id, job.lease_epoch, base=video.timeline_id, revision=2, timeline_id="early"
    )

    assert jobs.get(job.id).timeline_id == video.timeline_id
    assert jobs.transcripts.finish(job.id, job.lease_epoch)
    finish_video(jobs, job.id)
    assert jobs.transcripts.get(job.id).state == "queued"


def test_a_result_that_came_while_they_ended_is_not_forgotten(jobs: Jobs) -> None:
    """The holder saw the video in work and had nothing to revise; the video is done before the words are."""
    job, _ = running(jobs)
    jobs.resegment(job.id, {"scene_sensitivity": 0.9}, "default")
    finish_video(jobs, job.id)

    assert jobs.transcripts.finish(job.id, job.lease_epoch)

    assert jobs.transcripts.get(job.id).state == "queued"


def test_a_revision_that_was_committed_is_not_made_twice(jobs: Jobs) -> None:
    """The answer of the first write was lost."""
    job, video = running(jobs)
    assert video.timeline_id is not None
    for _ in range(2):
        assert jobs.transcripts.revise(
            job.id, job.lease_epoch, base=video.timeline_id, revision=2, timeline_id="with words"
        )

    assert jobs.transcripts.finish(job.id, job.lease_epoch)
    assert len(jobs.revisions.list_all(job.id)) == 2
    assert jobs.transcripts.get(job.id).state == "done"


def test_an_earlier_revision_that_was_chosen_meanwhile_gets_words_of_its_own(jobs: Jobs) -> None:
    """The timeline is the one that the words were made for, and another revision has its number."""
    job, video = running(jobs)
    assert video.timeline_id is not None
    jobs.resegment(job.id, {"scene_sensitivity": 0.9}, "default")
    newer = finish_video(jobs, job.id)
    jobs.revisions.choose(job.id, 1)

    assert jobs.transcripts.revise(
        job.id, job.lease_epoch, base=video.timeline_id, revision=2, timeline_id="late"
    )
    assert [one.timeline_id for one in jobs.revisions.list_all(job.id)] == [
        newer.timeline_id,
        video.timeline_id,
    ]
    assert jobs.transcripts.finish(job.id, job.lease_epoch)
    assert jobs.transcripts.get(job.id).state == "queued"


def test_words_off_and_on_again_are_not_cancelled_for_good(jobs: Jobs) -> None:
    job, _ = running(jobs)
    jobs.resegment(job.id, {"words": "off"}, "default")
    finish_video(jobs, job.id)
    jobs.resegment(job.id, {}, "default")
    finish_video(jobs, job.id)

    assert not jobs.transcripts.acknowledge_cancel(job.id, job.lease_epoch)
    again = jobs.transcripts.get(job.id)
    assert (again.state, again.cancel_requested) == ("queued", False)


def test_fewer_words_cost_nothing(jobs: Jobs) -> None:
    video_id = create_video(jobs).id
    finish_video(jobs, video_id, video="h264")
    job = claim(jobs)
    assert job is not None
    names = {"model": "m", "reader": "r"}
    assert jobs.transcripts.record(video_id, job.lease_epoch, **names, groups_done=1, groups_total=1)
    assert finish_words(jobs, video_id, job.lease_epoch)

    jobs.resegment(video_id, {"words": "speech"}, "default")
    video = finish_video(jobs, video_id, video="h264", with_words=True)

    after = jobs.transcripts.get(video_id)
    assert (after.state, after.wanted, after.timeline_id) == ("done", "all", video.timeline_id)


def test_a_holder_that_was_replaced_makes_no_revision(jobs: Jobs) -> None:
    job = transcript_in(jobs, "running, lease expired")
    video = jobs.get(job.id)
    assert claim(jobs) is not None
    assert video.timeline_id is not None

    assert not jobs.transcripts.revise(
        job.id, job.lease_epoch, base=video.timeline_id, revision=2, timeline_id="late"
    )
    assert jobs.get(job.id) == video


def test_speech_is_recognised_once_there_is_a_model(jobs: Jobs) -> None:
    without, of_screen, with_model = (queued(jobs), queued(jobs), queued(jobs))
    for job in (without, of_screen, with_model):
        claimed = claim(jobs)
        assert claimed is not None
        model = "m" if job is with_model else None
        assert jobs.transcripts.record(
            job.id, claimed.lease_epoch, model=model, groups_done=0, groups_total=0
        )
        assert finish_words(jobs, job.id, claimed.lease_epoch)
    execute(jobs, "UPDATE transcripts SET wanted = 'screen' WHERE id = %(id)s", id=of_screen.id)
    assert jobs.transcripts.get(without.id).waits_for_model

    assert jobs.transcripts.queue_unheard() == [without.id]

    assert jobs.transcripts.get(without.id).state == "queued"
    assert jobs.transcripts.get(of_screen.id).state == jobs.transcripts.get(with_model.id).state == "done"


REFERENCE = {"tracks_hash": "t1", "model": "m", "reader": "r"}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, REFERENCE),
        ({"scene_sensitivity": 0.9}, REFERENCE),
        ({"words": "speech"}, {**REFERENCE, "reader": None}),
        ({"words": "screen"}, {**REFERENCE, "model": None}),
        ({"words": "off"}, {}),
        ({"audio_stream": 2}, {}),
    ],
)
def test_a_result_has_the_words_that_its_settings_ask_for(
    jobs: Jobs, settings: dict[str, Any], expected: dict[str, Any]
) -> None:
    job = transcript_in(jobs, "running")
    names = {"model": "m", "reader": "r"}
    assert jobs.transcripts.record(job.id, job.lease_epoch, **names, groups_done=1, groups_total=1)
    assert jobs.transcripts.get(job.id).stored({}) == {}, "not all of them are there"
    assert finish_words(jobs, job.id, job.lease_epoch)

    assert jobs.transcripts.get(job.id).stored(settings) == expected
