"""Leases: one holder at a time, whatever happens to the others; and the reaper that looks after the rest."""

from __future__ import annotations

import threading

import pytest

from cluster.stores.postgres.jobs import Jobs
from cluster.stores.postgres.turns import Room, TurnRules
from cluster.stores.postgres.video import Video, VideoState
from tests.support.servers.stores import (
    LEASE_S,
    MAX_ATTEMPTS,
    OWNER,
    claim,
    create_video,
    expire_lease,
    try_claim,
    video_in,
)


def claim_from_eight_threads(jobs: Jobs, video_id: str) -> list[Video]:
    barrier = threading.Barrier(8)
    won: list[Video] = []

    def try_to_claim(number: int) -> None:
        barrier.wait()
        video = try_claim(jobs, video_id, f"bridge-{number}")
        if video is not None:
            won.append(video)

    threads = [threading.Thread(target=try_to_claim, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return won


def test_a_claim_gives_the_lease_by_the_databases_clock(jobs: Jobs) -> None:
    video = claim(jobs, create_video(jobs).id)
    assert (video.state, video.lease_owner, video.lease_epoch, video.attempt) == (
        VideoState.RUNNING,
        OWNER,
        1,
        1,
    )
    left = jobs.database.one(
        b"SELECT extract(epoch FROM lease_expires_at - started_at)::float AS s FROM videos WHERE id = %(id)s",
        {"id": video.id},
    )
    assert left == {"s": pytest.approx(LEASE_S, abs=1.0)}, "counted from the claim on"


@pytest.mark.parametrize("situation", ["queued", "running, lease expired", "finalizing, lease expired"])
def test_of_eight_claimants_exactly_one_wins(jobs: Jobs, situation: str) -> None:
    for _ in range(5):
        before = video_in(jobs, situation)
        won = claim_from_eight_threads(jobs, before.id)
        assert len(won) == 1
        assert won[0].lease_epoch == before.lease_epoch + 1
        assert jobs.get(before.id) == won[0]


def test_a_taken_over_video_is_closed_to_its_old_holder_and_open_to_the_new(jobs: Jobs) -> None:
    old = video_in(jobs, "running, lease expired")
    new = claim(jobs, old.id, "bridge-b")
    assert jobs.heartbeat([(old.id, old.lease_epoch)], LEASE_S) == {}
    assert not jobs.record_media(old.id, old.lease_epoch, {}, 9, "old")
    assert not jobs.record_progress(old.id, old.lease_epoch, 9)
    assert not jobs.begin_finalizing(old.id, old.lease_epoch)
    assert not jobs.finish(old.id, old.lease_epoch, 1, "old")
    assert not jobs.fail(old.id, old.lease_epoch, "old", "old")
    assert not jobs.release(old.id, old.lease_epoch)
    assert jobs.get(old.id) == new
    assert jobs.finish(old.id, new.lease_epoch, 1, "new")
    done = jobs.get(old.id)
    assert (done.state, done.timeline_id, done.revision, done.lease_owner) == (
        VideoState.DONE,
        "new",
        1,
        None,
    )


def test_a_late_holder_whom_nobody_replaced_may_go_on(jobs: Jobs) -> None:
    late, in_time, lost = (
        video_in(jobs, situation) for situation in ("running, lease expired", "finalizing", "done")
    )
    held = [(video.id, video.lease_epoch) for video in (late, in_time, lost)]
    assert jobs.heartbeat(held, LEASE_S) == {held[0]: False, held[1]: False}
    assert try_claim(jobs, late.id, "bridge-b") is None


def test_a_holder_hears_at_once_what_is_to_be_cancelled(jobs: Jobs) -> None:
    asked, _ = video_in(jobs, "running, to be cancelled"), video_in(jobs, "running")
    held = (asked.id, asked.lease_epoch)
    assert jobs.to_cancel(OWNER) == {held}
    assert jobs.to_cancel("bridge-b") == set()
    assert jobs.heartbeat([held], LEASE_S) == {held: True}


def test_what_is_to_be_cancelled_is_not_claimed_again(jobs: Jobs) -> None:
    video = video_in(jobs, "running, to be cancelled")
    expire_lease(jobs, video.id)
    assert try_claim(jobs, video.id, "bridge-b") is None


def test_attempts_are_bounded(jobs: Jobs) -> None:
    video_id = create_video(jobs).id
    for attempt in range(1, MAX_ATTEMPTS + 1):
        assert claim(jobs, video_id).attempt == attempt
        expire_lease(jobs, video_id)
    assert try_claim(jobs, video_id) is None


def test_orderly_stops_cost_no_attempt(jobs: Jobs) -> None:
    video_id = create_video(jobs).id
    for _ in range(MAX_ATTEMPTS + 2):
        assert jobs.release(video_id, claim(jobs, video_id).lease_epoch)
    assert claim(jobs, video_id).attempt == 1


def test_progress_of_an_attempt_outlives_it_unless_the_tracks_are_others(jobs: Jobs) -> None:
    first = claim(jobs, create_video(jobs).id)
    assert jobs.record_media(first.id, first.lease_epoch, {"fps": 25.0, "frames": 100}, 8, "h1")
    assert jobs.record_progress(first.id, first.lease_epoch, 5)
    expire_lease(jobs, first.id)
    second = claim(jobs, first.id)
    assert (second.chunks_done, second.chunks_total, second.media) == (5, 8, {"fps": 25.0, "frames": 100})
    assert jobs.record_media(first.id, second.lease_epoch, {"fps": 25.0}, 8, "h1")
    assert jobs.get(first.id).chunks_done == 5
    assert jobs.record_media(first.id, second.lease_epoch, {"fps": 25.0}, 4, "h2")
    assert jobs.get(first.id).chunks_done == 0


def test_warnings_are_those_of_the_last_result(jobs: Jobs) -> None:
    """Planning knows a part of them, so it does not replace those of a result."""
    planned = [{"code": "truncated", "message": "Cut off.", "missing_frames": 3, "missing_s": 0.12}]
    found = [*planned, {"code": "damaged", "message": "Broken.", "missing_frames": None, "missing_s": None}]
    video = claim(jobs, create_video(jobs).id)
    assert video.warnings == []
    assert jobs.record_media(video.id, video.lease_epoch, {}, 4, "h", planned)
    assert jobs.get(video.id).warnings == planned
    assert jobs.finish(video.id, video.lease_epoch, 1, "t1", found)
    assert jobs.get(video.id).warnings == found

    jobs.resegment(video.id, {}, "talk")
    again = claim(jobs, video.id)
    assert jobs.record_media(video.id, again.lease_epoch, {}, 4, "h", planned)
    assert jobs.get(video.id).warnings == found
    assert jobs.finish(video.id, again.lease_epoch, 2, "t2")
    assert jobs.get(video.id).warnings == found


def test_the_reaper_fails_what_has_no_attempt_left(jobs: Jobs) -> None:
    video_id = create_video(jobs).id
    for _ in range(MAX_ATTEMPTS):
        claim(jobs, video_id)
        expire_lease(jobs, video_id)
    assert jobs.reap(MAX_ATTEMPTS).failed == (video_id,)
    video = jobs.get(video_id)
    assert (video.state, video.error_code) == (VideoState.FAILED, "attempts_exhausted")
    assert video.error_message is not None
    assert "3 times" in video.error_message


def test_holders_that_came_further_before_they_died_use_up_no_attempt(jobs: Jobs) -> None:
    video_id = create_video(jobs).id
    for chunks_done in range(1, 8):
        taken = jobs.turns.claim(OWNER, Room(), TurnRules(light_bytes=0), LEASE_S, 4)
        assert taken is not None
        assert taken.attempt == min(chunks_done, 2)
        assert jobs.record_media(video_id, taken.lease_epoch, {}, 100, "h")
        assert jobs.record_progress(video_id, taken.lease_epoch, chunks_done)
        expire_lease(jobs, video_id)
        assert jobs.reap(4).failed == ()
    for attempt in (2, 3, 4):
        in_vain = jobs.turns.claim(OWNER, Room(), TurnRules(light_bytes=0), LEASE_S, 4)
        assert in_vain is not None
        assert in_vain.attempt == attempt
        expire_lease(jobs, video_id)
    assert try_claim(jobs, video_id, max_attempts=4) is None
    assert jobs.turns.claim(OWNER, Room(), TurnRules(light_bytes=0), LEASE_S, 4) is None
    assert jobs.reap(4).failed == (video_id,)


def test_who_still_works_after_an_outage_is_not_reaped_before_it_could_say_so(jobs: Jobs) -> None:
    video = video_in(jobs, "running, lease expired")
    assert jobs.reap(1, grace_s=60.0).failed == ()
    assert jobs.heartbeat([(video.id, video.lease_epoch)], LEASE_S) == {(video.id, video.lease_epoch): False}
    assert jobs.reap(1).failed == ()
    expire_lease(jobs, video.id)
    assert jobs.reap(1, grace_s=0.5).failed == (video.id,)


def test_the_reaper_ends_a_cancel_nobody_acknowledged(jobs: Jobs) -> None:
    video = video_in(jobs, "running, to be cancelled")
    expire_lease(jobs, video.id)
    assert jobs.reap(MAX_ATTEMPTS).cancelled == (video.id,)
    assert jobs.get(video.id).state is VideoState.CANCELLED


@pytest.mark.parametrize("situation", ["running", "finalizing", "done", "failed", "cancelled", "queued"])
def test_the_reaper_leaves_alone_what_is_in_order(jobs: Jobs, situation: str) -> None:
    before = video_in(jobs, situation)
    report = jobs.reap(MAX_ATTEMPTS)
    assert (report.failed, report.cancelled) == ((), ())
    assert jobs.get(before.id) == before


def test_several_reapers_at_once_end_each_video_once(jobs: Jobs) -> None:
    ids = {video_in(jobs, "running, lease expired").id for _ in range(20)}
    failed: list[str] = []
    threads = [threading.Thread(target=lambda: failed.extend(jobs.reap(1).failed)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(failed) == sorted(ids)
