"""Orders of clips in PostgreSQL: every call from every state, leases, and what is recorded once."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from cluster.errors import ConflictError, NotFoundError
from cluster.stores.ids import new_id
from cluster.stores.postgres.clips.job import FEW_CLIPS, ClipJob, ClipState
from cluster.stores.postgres.clips.jobs import ROOM_FOR_ALL
from cluster.stores.postgres.jobs import Jobs
from cluster.stores.postgres.turns import Room
from tests.support.servers.stores import create_video, execute, waiting_doorbells

SITUATIONS = ("queued", "running", "done", "failed", "cancelled", "running, lease expired")
LEASE_S, ATTEMPTS = 60.0, 3

LEGAL_CHANGES: dict[ClipState, frozenset[ClipState]] = {
    ClipState.QUEUED: frozenset({ClipState.RUNNING, ClipState.CANCELLED, ClipState.FAILED}),
    ClipState.RUNNING: frozenset(ClipState),
    ClipState.DONE: frozenset(),
    ClipState.FAILED: frozenset({ClipState.QUEUED}),
    ClipState.CANCELLED: frozenset({ClipState.QUEUED}),
}


def order(jobs: Jobs, **values: Any) -> ClipJob:
    video_id = values.pop("video_id", None) or create_video(jobs).id
    content: dict[str, Any] = {
        "clips_id": new_id(),
        "clip_order": {"level": "shot"},
        "options": {"mode": "copy"},
        "wanted": [{"name": "a.mp4"}, {"name": "b.mp4"}],
        "media_key": "videos/v/source",
        "tracks_key": "v",
        "tracks_hash": "t1",
        "revision": 1,
    }
    return jobs.clips.create(video_id=video_id, **(content | values))[0]


def expire(jobs: Jobs, clips_id: str) -> None:
    execute(
        jobs,
        "UPDATE clip_jobs SET lease_expires_at = now() - interval '1 second' WHERE id = %(id)s",
        id=clips_id,
    )


def claim(jobs: Jobs, room: Room = ROOM_FOR_ALL, grace_s: float = 0.0) -> ClipJob | None:
    return jobs.clips.claim("bridge-a", LEASE_S, ATTEMPTS, room, grace_s)


def turns(jobs: Jobs, **room: bool) -> list[str]:
    """The ids of all orders that may be taken, in the order in which they are."""
    taken: list[str] = []
    while (job := claim(jobs, Room(**room))) is not None:
        taken.append(job.id)
    return taken


def orders_of(jobs: Jobs, owner: str, count: int, clips: int = 2, **video: Any) -> list[str]:
    video_id = create_video(jobs, owner=owner, **video).id
    wanted = [{"name": f"{n}.mp4"} for n in range(clips)]
    return [order(jobs, video_id=video_id, wanted=wanted).id for _ in range(count)]


def order_in(jobs: Jobs, situation: str) -> ClipJob:
    job = order(jobs)
    if situation == "cancelled":
        jobs.clips.cancel(job.id, job.video_id)
    elif situation != "queued":
        claimed = claim(jobs)
        assert claimed is not None
        if situation == "done":
            assert jobs.clips.finish(job.id, claimed.lease_epoch)
        elif situation == "failed":
            assert jobs.clips.fail(job.id, claimed.lease_epoch, "clips_failed", "None could be cut.")
        elif situation.endswith("expired"):
            expire(jobs, job.id)
    return jobs.clips.get(job.id)


def test_an_order_rings_for_its_video(jobs: Jobs) -> None:
    job = order(jobs)

    assert (job.state, job.total, job.made, job.not_made, job.attempt) == ("queued", 2, 0, 0, 0)
    assert waiting_doorbells(jobs).count(job.video_id) == 2  # the video's own, and this one


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize(
    ("call", "target"),
    [("claim", "running"), ("finish", "done"), ("fail", "failed"), ("release", "queued"), ("retry", "queued"),
     ("cancel", "cancelled")],
)  # fmt: skip
def test_only_legal_changes_happen(jobs: Jobs, situation: str, call: str, target: str) -> None:
    job = order_in(jobs, situation)
    before = job.state

    if call == "claim":
        claim(jobs)
    elif call in ("retry", "cancel"):
        try:
            getattr(jobs.clips, call)(job.id, job.video_id)
        except ConflictError:
            assert jobs.clips.get(job.id).state is before
    else:
        why = ("clips_failed", "None could be cut.") if call == "fail" else ()
        getattr(jobs.clips, call)(job.id, job.lease_epoch, *why)

    after = jobs.clips.get(job.id)
    if after.state is before:
        return
    assert after.state == target
    assert after.state in LEGAL_CHANGES[before]


@pytest.mark.parametrize(
    ("situation", "claimable"),
    [
        ("queued", True),
        ("running", False),
        ("running, lease expired", True),
        ("done", False),
        ("failed", False),
    ],
)
def test_a_claim_takes_what_nobody_works_on(jobs: Jobs, situation: str, claimable: bool) -> None:
    job = order_in(jobs, situation)

    claimed = claim(jobs)

    assert (claimed is not None) == claimable
    if claimed is not None:
        assert (claimed.id, claimed.lease_epoch) == (job.id, job.lease_epoch + 1)


def test_orders_take_turns_by_class_and_owner(jobs: Jobs) -> None:
    batch = orders_of(jobs, "carl", 1, priority="batch")
    annas, bens = orders_of(jobs, "anna", 3), orders_of(jobs, "ben", 1)
    assert turns(jobs) == [annas[0], *bens, *annas[1:], *batch]


def test_many_bridges_at_once_take_each_order_once(jobs: Jobs) -> None:
    expected = [*orders_of(jobs, "anna", 8), *orders_of(jobs, "ben", 8)]
    taken: list[str] = []
    threads = [threading.Thread(target=lambda: taken.extend(turns(jobs))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(expected)


def test_only_orders_that_fit_are_taken(jobs: Jobs) -> None:
    (long,), (few,) = orders_of(jobs, "anna", 1, clips=FEW_CLIPS + 1), orders_of(jobs, "anna", 1)
    (batch,) = orders_of(jobs, "anna", 1, priority="batch")
    assert turns(jobs, interactive=False, batch=False) == [few]
    assert turns(jobs, interactive=False, light=False) == [batch]
    assert turns(jobs) == [long]
    assert jobs.clips.get(batch).priority == "interactive", "only the claim tells"


def test_what_a_holder_left_behind_comes_first_when_its_time_is_over(jobs: Jobs) -> None:
    left = order_in(jobs, "running, lease expired")
    newer = order(jobs)
    taken = claim(jobs, grace_s=60.0)
    assert taken is not None
    assert taken.id == newer.id, "its holder may only have been cut off for a while"
    assert jobs.clips.reap(1, grace_s=60.0) == []
    order(jobs)
    taken = claim(jobs)
    assert taken is not None
    assert (taken.id, taken.lease_epoch, taken.priority) == (left.id, left.lease_epoch + 1, "interactive")


def test_whoever_lost_the_lease_changes_nothing(jobs: Jobs) -> None:
    job = order_in(jobs, "running, lease expired")
    late = job.lease_epoch
    claimed = claim(jobs)
    assert claimed is not None

    held = (job.id, claimed.lease_epoch)
    assert jobs.clips.heartbeat([(job.id, late), held], LEASE_S) == {held: False}
    assert not jobs.clips.put_file(job.id, late, 0, {"file": "late"}, made=True)
    assert not jobs.clips.finish(job.id, late)
    assert not jobs.clips.fail(job.id, late, "clips_failed", "late")
    assert not jobs.clips.release(job.id, late)
    assert jobs.clips.files(job.id) == []
    assert jobs.clips.heartbeat([held], LEASE_S) == {held: False}


def test_the_first_answer_for_a_clip_counts(jobs: Jobs) -> None:
    job = order_in(jobs, "running")

    assert jobs.clips.put_file(job.id, job.lease_epoch, 1, {"file": "b"}, made=False)
    assert jobs.clips.put_file(job.id, job.lease_epoch, 0, {"file": "a"}, made=True)
    assert jobs.clips.put_file(job.id, job.lease_epoch, 0, {"file": "again"}, made=True)

    assert [(f.position, f.made, f.entry["file"]) for f in jobs.clips.files(job.id)] == [
        (0, True, "a"),
        (1, False, "b"),
    ]
    now = jobs.clips.get(job.id)
    assert (now.made, now.not_made) == (1, 1)


def test_a_retry_forgets_what_could_not_be_made_and_keeps_the_rest(jobs: Jobs) -> None:
    job = order_in(jobs, "running")
    jobs.clips.put_file(job.id, job.lease_epoch, 0, {"file": "a"}, made=True)
    jobs.clips.put_file(job.id, job.lease_epoch, 1, {"file": "b"}, made=False)
    jobs.clips.fail(job.id, job.lease_epoch, "clips_failed", "One could not be cut.")

    again = jobs.clips.retry(job.id, job.video_id)

    assert (again.state, again.attempt, again.error_code, again.made, again.not_made) == (
        "queued",
        0,
        None,
        1,
        0,
    )


def test_a_running_order_is_cancelled_by_its_holder(jobs: Jobs) -> None:
    job = order_in(jobs, "running")

    assert jobs.clips.cancel(job.id, job.video_id).state is ClipState.RUNNING
    held = (job.id, job.lease_epoch)
    assert jobs.clips.heartbeat([held], LEASE_S) == {held: True}
    assert jobs.clips.acknowledge_cancel(job.id, job.lease_epoch)
    assert jobs.clips.cancel(job.id, job.video_id).state is ClipState.CANCELLED


def test_what_nobody_will_end_is_ended(jobs: Jobs) -> None:
    abandoned = order_in(jobs, "running")
    jobs.clips.cancel(abandoned.id, abandoned.video_id)
    expire(jobs, abandoned.id)
    exhausted = order(jobs)
    for _ in range(ATTEMPTS):
        assert claim(jobs) is not None
        expire(jobs, exhausted.id)
    assert claim(jobs) is None

    assert set(jobs.clips.reap(ATTEMPTS)) == {abandoned.id, exhausted.id}
    assert jobs.clips.get(abandoned.id).state is ClipState.CANCELLED
    ended = jobs.clips.get(exhausted.id)
    assert (ended.state, ended.error_code) == (ClipState.FAILED, "attempts_exhausted")


def test_the_same_key_gives_the_same_order(jobs: Jobs) -> None:
    first = order(jobs, idempotency_key="k")
    values = {"video_id": first.video_id, "idempotency_key": "k"}

    assert order(jobs, **values).id == first.id
    assert order(jobs, idempotency_key="k").id != first.id  # another video's
    with pytest.raises(ConflictError) as reused:
        order(jobs, **values, clip_order={"level": "scene"})
    assert reused.value.code == "idempotency_key_reused"


def test_orders_are_listed_newest_first_in_pages(jobs: Jobs) -> None:
    video_id = create_video(jobs).id
    made = [order(jobs, video_id=video_id).id for _ in range(5)]
    order(jobs)

    first = jobs.clips.list_of(video_id, limit=3)
    rest = jobs.clips.list_of(video_id, limit=3, cursor=first.next_cursor)

    assert [job.id for job in (*first.items, *rest.items)] == made[::-1]
    assert rest.next_cursor is None


def test_orders_go_with_their_video(jobs: Jobs) -> None:
    job = order_in(jobs, "running")
    jobs.clips.put_file(job.id, job.lease_epoch, 0, {"file": "a"}, made=True)

    jobs.delete(job.video_id)

    with pytest.raises(NotFoundError):
        jobs.clips.get(job.id)
    assert jobs.clips.heartbeat([(job.id, job.lease_epoch)], LEASE_S) == {}
    with pytest.raises(NotFoundError):
        order(jobs, video_id=job.video_id)


def test_another_videos_order_is_not_found(jobs: Jobs) -> None:
    job, other = order(jobs), create_video(jobs)

    for call in (jobs.clips.cancel, jobs.clips.retry, jobs.clips.delete, jobs.clips.get):
        with pytest.raises(NotFoundError):
            call(job.id, other.id)
