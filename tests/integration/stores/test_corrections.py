"""Corrections in PostgreSQL: a revision of their own, made once, kept by what follows, forgotten if asked."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from cluster.stores.mongodb.results import Results
from cluster.stores.mongodb.timeline_ids import timeline_id
from cluster.stores.outdated import drop_outdated
from cluster.stores.postgres.jobs import Jobs
from cluster.stores.postgres.revisions import Revision
from cluster.stores.postgres.video import Video
from tests.integration.stores.test_revisions import finish
from tests.integration.stores.test_transcripts import finish_video, transcript_in
from tests.support.servers.stores import claim, create_video, execute, finish_words, video_in

KEPT: dict[str, Any] = {"locked": {"shot": [{"frame": 100, "kind": "cut"}]}, "removed": {"shot": []}}


def correct(jobs: Jobs, video: Video, *, with_words: bool = False, **values: Any) -> Revision | None:
    number = video.newest_revision + 1
    named: dict[str, Any] = {
        "base": video.revision, "revision": number, "note": "By hand.",
        "corrections": {"exact": True, **KEPT},
        "timeline_id": timeline_id(video.id, f"{number}.x", video.lease_epoch), "with_words": with_words,
    }  # fmt: skip
    return jobs.revisions.correct(video.id, **named | values)


@pytest.fixture
def video(jobs: Jobs) -> Video:
    return finish(jobs, create_video(jobs).id)


def test_they_are_a_revision_and_the_current_one(jobs: Jobs, video: Video) -> None:
    made = correct(jobs, video)

    assert made is not None
    assert (made.revision, made.origin, made.note, made.current) == (2, "human", "By hand.", True)
    now = jobs.get(video.id)
    assert (now.state, now.revision, now.newest_revision, now.timeline_id) == ("done", 2, 2, made.timeline_id)
    assert (now.settings, now.finished_at) == (video.settings, video.finished_at)
    assert jobs.revisions.list_all(video.id)[0] == made
    assert jobs.revisions.corrections(video.id) == KEPT, "the next fusion finds the rest by itself"


def test_of_two_made_at_once_one_is_refused_and_nothing_is_lost(jobs: Jobs, video: Video) -> None:
    first = correct(jobs, video)
    second = correct(jobs, video, timeline_id=f"{video.id}:2.y:1")

    assert first is not None
    assert second is None
    assert jobs.get(video.id).timeline_id == first.timeline_id
    assert len(jobs.revisions.list_all(video.id)) == 2


def test_a_number_that_was_given_away_meanwhile_is_not_used_twice(jobs: Jobs, video: Video) -> None:
    finish(jobs, video.id)
    jobs.revisions.choose(video.id, 1)

    assert correct(jobs, video) is None
    assert correct(jobs, jobs.get(video.id)) is not None


@pytest.mark.parametrize("situation", ["queued", "running", "finalizing", "failed", "cancelled"])
def test_only_what_is_done_is_corrected(jobs: Jobs, situation: str) -> None:
    video = video_in(jobs, situation)

    assert correct(jobs, video) is None
    assert jobs.get(video.id) == video


def test_other_settings_keep_them(jobs: Jobs, video: Video) -> None:
    correct(jobs, video)
    finish(jobs, video.id)

    newest = jobs.revisions.list_all(video.id)[0]
    assert (newest.revision, newest.origin, newest.corrections, newest.note) == (3, "settings", KEPT, None)
    finish(jobs, video.id)
    assert jobs.revisions.corrections(video.id) == KEPT


def test_they_are_forgotten_where_that_is_asked_for(jobs: Jobs, video: Video) -> None:
    correct(jobs, video)
    assert not jobs.resegment(video.id, {}, "default", keep_corrections=False).keep_corrections
    finish_video(jobs, video.id)

    assert jobs.revisions.list_all(video.id)[0].corrections is None
    assert jobs.revisions.corrections(video.id) == {}
    assert jobs.revisions.list_all(video.id)[1].corrections == {"exact": True, **KEPT}
    assert jobs.resegment(video.id, {}, "default").keep_corrections, "only that once"


def test_a_revision_that_is_chosen_again_brings_its_own_back(jobs: Jobs, video: Video) -> None:
    correct(jobs, video)
    jobs.revisions.choose(video.id, 1)
    assert jobs.revisions.corrections(video.id) == {}
    jobs.revisions.choose(video.id, 2)
    assert jobs.revisions.corrections(video.id) == KEPT


def test_words_that_follow_keep_them_and_know_that_all_starts_stay(jobs: Jobs) -> None:
    job = transcript_in(jobs, "running")
    made = correct(jobs, jobs.get(job.id))
    assert made is not None

    assert jobs.transcripts.revise(
        job.id, job.lease_epoch, base=made.timeline_id, revision=3, timeline_id="with words"
    )
    newest = jobs.revisions.list_all(job.id)[0]
    assert (newest.revision, newest.origin) == (3, "words")
    assert newest.corrections == {"exact": True, **KEPT}


def test_words_that_are_in_the_corrected_timeline_follow_it(jobs: Jobs) -> None:
    job = transcript_in(jobs, "done")
    made = correct(jobs, jobs.get(job.id), with_words=True)

    assert made is not None
    after = jobs.transcripts.get(job.id)
    assert (after.state, after.timeline_id) == ("done", made.timeline_id)


def test_words_that_came_while_they_were_made_without_them_are_added_later(jobs: Jobs) -> None:
    job = transcript_in(jobs, "running")
    video = jobs.get(job.id)
    assert finish_words(jobs, job.id, job.lease_epoch)  # all the words that there are, no new revision
    assert correct(jobs, video) is not None

    assert jobs.transcripts.get(job.id).state == "queued"


def test_words_in_work_are_made_again_for_the_corrected_timeline(jobs: Jobs) -> None:
    job = transcript_in(jobs, "running")
    assert correct(jobs, jobs.get(job.id)) is not None

    assert jobs.transcripts.get(job.id).state == "running"
    assert jobs.transcripts.finish(job.id, job.lease_epoch)
    assert jobs.transcripts.get(job.id).state == "queued"


def test_corrections_of_one_lease_that_are_not_kept_leave_no_timeline(jobs: Jobs, results: Results) -> None:
    video = finish(jobs, create_video(jobs).id)
    names = []
    for _ in range(4):
        now = jobs.get(video.id)
        names.append(timeline_id(video.id, f"{now.newest_revision + 1}.x", now.lease_epoch))
        results.put_timeline(names[-1], video.id, now.newest_revision + 1, [], {})
        assert correct(jobs, now) is not None
        drop_outdated(jobs, results, video.id, epoch=now.lease_epoch, revisions_kept=2)

    assert [results.timeline(name) is not None for name in names] == [False, False, True, True]


def test_a_timeline_that_was_stored_too_late_goes_with_the_next_correction(
    jobs: Jobs, results: Results, video: Video
) -> None:
    late, next_one = timeline_id(video.id, "2.late", video.lease_epoch), timeline_id(video.id, "3.soon", 1)
    made = correct(jobs, video)
    assert made is not None
    for name in (late, next_one, made.timeline_id):
        results.put_timeline(name, video.id, made.revision, [], {})
    drop_outdated(jobs, results, video.id, epoch=video.lease_epoch, revisions_kept=2)

    stored = [results.timeline(name) is not None for name in (late, next_one, made.timeline_id)]
    assert stored == [False, True, True]


OLD_WORDS = """
WITH revised AS (
    UPDATE videos SET revision = 3, timeline_id = 'old', newest_revision = 3 WHERE id = %(id)s RETURNING *
)
INSERT INTO revisions (video_id, revision, timeline_id, preset, settings, origin)
SELECT id, revision, timeline_id, preset, settings, 'words' FROM revised
"""
OLD_FINISH = """
WITH finished AS (
    UPDATE videos
    SET state = 'done', revision = 3, timeline_id = 'old', newest_revision = 3, finished_at = now(),
        lease_owner = NULL, lease_expires_at = NULL
    WHERE id = %(id)s RETURNING *
)
INSERT INTO revisions (video_id, revision, timeline_id, preset, settings)
SELECT id, revision, timeline_id, preset, settings FROM finished
"""


def test_words_of_a_bridge_that_knows_no_corrections_are_refused(jobs: Jobs, video: Video) -> None:
    made = correct(jobs, video)
    with pytest.raises(psycopg.errors.RaiseException, match="would undo corrections"):
        execute(jobs, OLD_WORDS, id=video.id)

    assert made is not None
    assert jobs.get(video.id).timeline_id == made.timeline_id
    assert jobs.revisions.list_all(video.id)[0] == made


def test_without_corrections_a_bridge_of_an_earlier_version_adds_its_words(jobs: Jobs, video: Video) -> None:
    execute(jobs, OLD_WORDS, id=video.id)

    assert jobs.get(video.id).timeline_id == "old"


@pytest.mark.parametrize("keep", [True, False])
def test_corrections_go_on_when_such_a_bridge_segments_again(jobs: Jobs, video: Video, keep: bool) -> None:
    correct(jobs, video)
    jobs.resegment(video.id, {}, "default", keep_corrections=keep)
    claim(jobs, video.id)
    execute(jobs, OLD_FINISH, id=video.id)

    assert jobs.revisions.corrections(video.id) == (KEPT if keep else {})


def test_forgetting_is_asked_for_once(jobs: Jobs, video: Video) -> None:
    """An API of an earlier version does not say anew that corrections are kept."""
    jobs.resegment(video.id, {}, "default", keep_corrections=False)
    finish_video(jobs, video.id)

    assert jobs.get(video.id).keep_corrections


def test_one_timeline_is_dropped_alone(jobs: Jobs, results: Results) -> None:
    for name in ("one", "other"):
        results.put_timeline(name, "video", 1, [], {})
    results.drop_timeline("one")
    results.drop_timeline("never there")

    assert (results.timeline("one"), results.timeline("other") is None) == (None, False)
