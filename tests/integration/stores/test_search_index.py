"""The search index: which changes of a video put it into the queue, and how its moments are replaced."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from cluster.errors import UnavailableError
from cluster.stores.postgres.jobs import Jobs
from cluster.stores.postgres.search.moments import Moment
from cluster.stores.postgres.video import Video
from tests.support.servers.stores import claim, create_video, execute, finish_words

LIMIT_S = 60.0


def moment(text: str, **values: Any) -> Moment:
    row: dict[str, Any] = {
        "source": "speech", "start_s": 1.0, "end_s": 2.0, "text": text, "language": "en", "scene": 0,
        "keyframe": 5,
    }  # fmt: skip
    return Moment(**(row | values))


def reading(*texts: str) -> Callable[[Video], Sequence[Moment]]:
    return lambda _: [moment(text) for text in texts]


def update_all(jobs: Jobs, read: Callable[[Video], Sequence[Moment]] = lambda _: ()) -> list[str]:
    """The ids of the videos that were due, in their order."""
    seen: list[str] = []

    def remember(video: Video) -> Sequence[Moment]:
        seen.append(video.id)
        return read(video)

    while jobs.search_index.update_next(remember):
        pass
    return seen


def finish(jobs: Jobs, video_id: str) -> None:
    video = claim(jobs, video_id)
    assert jobs.record_media(video_id, video.lease_epoch, {"audio_codec": "aac"}, 1, "t1")
    revision = video.newest_revision + 1
    assert jobs.finish(video_id, video.lease_epoch, revision, f"{video_id}:{revision}:{video.lease_epoch}")


def transcribe(jobs: Jobs) -> None:
    job = jobs.transcripts.claim("bridge-a", 60.0, 3)
    assert job is not None
    assert jobs.transcripts.record(job.id, job.lease_epoch, model="m", groups_done=1, groups_total=1)
    assert finish_words(jobs, job.id, job.lease_epoch)


def texts(jobs: Jobs, q: str) -> list[str]:
    return [found.snippet.text for found in jobs.search.find(q).items]


def rows(jobs: Jobs) -> int:
    (row,) = jobs.database.all(b"SELECT count(*) AS number FROM moments")
    return int(row["number"])


def test_a_video_is_due_when_it_comes_is_done_and_has_its_words(jobs: Jobs) -> None:
    video_id = create_video(jobs).id
    assert update_all(jobs) == [video_id]
    claimed = claim(jobs, video_id)
    assert jobs.record_progress(video_id, claimed.lease_epoch, 0)
    assert jobs.release(video_id, claimed.lease_epoch)
    assert update_all(jobs) == [], "nothing is different for search"
    finish(jobs, video_id)
    assert update_all(jobs) == [video_id]
    transcribe(jobs)
    assert update_all(jobs) == [video_id]
    assert update_all(jobs) == []


def test_it_is_due_again_with_other_settings_results_and_revisions(jobs: Jobs) -> None:
    video_id = create_video(jobs).id
    finish(jobs, video_id)
    transcribe(jobs)
    update_all(jobs)

    jobs.resegment(video_id, {"words": "off"}, "default")
    assert update_all(jobs) == [video_id], "its words are not shown any more"
    finish(jobs, video_id)
    assert update_all(jobs) == [video_id]
    jobs.revisions.choose(video_id, 1)
    assert update_all(jobs) == [video_id]


def test_several_changes_are_one_update(jobs: Jobs) -> None:
    video_id = create_video(jobs).id
    finish(jobs, video_id)
    transcribe(jobs)
    assert jobs.search_index.waiting() == 3
    assert update_all(jobs) == [video_id]


def test_new_moments_replace_the_old_ones(jobs: Jobs) -> None:
    video_id = create_video(jobs).id
    update_all(jobs, reading("An old budget.", "Another one."))
    assert rows(jobs) == 2
    finish(jobs, video_id)
    update_all(jobs, reading("A new budget."))
    assert texts(jobs, "budget") == ["A new budget."]
    assert rows(jobs) == 1


def test_a_deleted_video_leaves_nothing(jobs: Jobs) -> None:
    kept, gone = create_video(jobs).id, create_video(jobs).id
    update_all(jobs, reading("The budget."))
    jobs.delete(gone)
    assert [found.video_id for found in jobs.search.find("budget").items] == [kept]
    assert rows(jobs) == 1


def test_a_video_that_is_deleted_before_its_turn_is_passed_over(jobs: Jobs) -> None:
    jobs.delete(create_video(jobs).id)
    assert update_all(jobs) == []
    assert jobs.search_index.waiting() == 0


def test_one_that_is_deleted_meanwhile_gets_no_moments(jobs: Jobs) -> None:
    create_video(jobs)

    def read(video: Video) -> Sequence[Moment]:
        jobs.delete(video.id)
        return [moment("The budget.")]

    assert jobs.search_index.update_next(read)
    assert rows(jobs) == 0
    assert jobs.search_index.waiting() == 0


def test_while_results_cannot_be_read_nothing_changes(jobs: Jobs) -> None:
    video_id = create_video(jobs).id
    update_all(jobs, reading("The budget."))
    finish(jobs, video_id)

    def away(_: Video) -> Sequence[Moment]:
        raise UnavailableError("MongoDB does not answer.")

    with pytest.raises(UnavailableError):
        jobs.search_index.update_next(away)
    assert texts(jobs, "budget") == ["The budget."]
    assert update_all(jobs) == [video_id]


def test_a_crash_in_the_middle_leaves_what_was_there(jobs: Jobs) -> None:
    video_id = create_video(jobs).id
    update_all(jobs, reading("The budget."))
    finish(jobs, video_id)

    class Killed(BaseException):
        """As if the process ended here."""

    def die(_: Video) -> Sequence[Moment]:
        raise Killed

    with pytest.raises(Killed):
        jobs.search_index.update_next(die)
    assert texts(jobs, "budget") == ["The budget."]
    assert update_all(jobs) == [video_id]


def test_a_video_whose_moments_cannot_be_made_does_not_hold_up_others(jobs: Jobs) -> None:
    broken, sound = create_video(jobs).id, create_video(jobs).id

    def read(video: Video) -> Sequence[Moment]:
        if video.id == broken:
            raise ValueError("no such key")
        return [moment("The budget.")]

    assert update_all(jobs, read) == [broken, sound]
    assert texts(jobs, "budget") == ["The budget."]
    assert jobs.search_index.waiting() == 1, "it is tried again later"
    execute(jobs, "UPDATE search_queue SET due_at = now()")
    assert update_all(jobs) == [broken]


def test_half_of_a_failed_update_is_not_kept(jobs: Jobs) -> None:
    video_id = create_video(jobs).id
    update_all(jobs, reading("The budget."))
    finish(jobs, video_id)
    update_all(jobs, lambda _: [moment("A new budget."), moment("\ud800")])
    assert texts(jobs, "budget") == ["The budget."]


def test_two_at_once_share_the_queue(jobs: Jobs) -> None:
    made = [create_video(jobs).id for _ in range(6)]
    together = threading.Barrier(2)
    seen: list[str] = []

    def read(video: Video) -> Sequence[Moment]:
        seen.append(video.id)
        if len(seen) <= 2:
            together.wait(LIMIT_S)  # both have one in hand
        return [moment(f"The budget of {video.id}.")]

    def work(_: int) -> None:
        while jobs.search_index.update_next(read):
            pass

    with ThreadPoolExecutor(2) as both:
        list(both.map(work, range(2)))
    assert sorted(seen) == sorted(made)
    assert rows(jobs) == len(made)


def test_of_two_updates_of_one_video_the_later_state_stays(jobs: Jobs) -> None:
    video_id = create_video(jobs).id
    reading_first, changed = threading.Event(), threading.Event()

    def slow(video: Video) -> Sequence[Moment]:
        reading_first.set()
        assert changed.wait(LIMIT_S)
        return [moment(f"Revision {video.revision}.")]

    def quick(video: Video) -> Sequence[Moment]:
        return [moment(f"Revision {video.revision}.")]

    with ThreadPoolExecutor(2) as both:
        first = both.submit(jobs.search_index.update_next, slow)
        assert reading_first.wait(LIMIT_S)
        finish(jobs, video_id)  # does not wait for the one who reads
        second = both.submit(jobs.search_index.update_next, quick)
        changed.set()
        assert first.result(LIMIT_S)
        assert second.result(LIMIT_S)
    assert texts(jobs, "revision") == ["Revision 1."]


def test_a_newer_version_makes_all_anew_once(jobs: Jobs) -> None:
    made = [create_video(jobs).id for _ in range(3)]
    jobs.search_index.renew_outdated()
    update_all(jobs)
    execute(jobs, "UPDATE search_version SET version = 0")

    jobs.search_index.renew_outdated()
    jobs.search_index.renew_outdated()

    assert sorted(update_all(jobs)) == sorted(made)


def test_many_moments_are_stored_with_all_that_is_known(jobs: Jobs) -> None:
    create_video(jobs, filename="film.mp4")
    many = [moment(f"Sentence number{n} here.", start_s=float(n), scene=n % 7) for n in range(1201)]
    update_all(
        jobs, lambda _: [*many, moment("One two.", word_starts_ms=(0, 400), keyframe=None, scene=None)]
    )
    assert rows(jobs) == 1202
    (found,) = jobs.search.find("number777").items
    assert (found.start_s, found.scene, found.keyframe, found.filename) == (777.0, 777 % 7, 5, "film.mp4")
    (found,) = jobs.search.find("two").items
    assert (found.start_s, found.scene, found.keyframe) == (1.4, None, None)
