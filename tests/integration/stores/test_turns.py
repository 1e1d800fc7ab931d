"""Whose turn it is, among all that waits; quotas over all bridges; and how much there is to do."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from cluster.errors import UnavailableError
from cluster.stores.postgres import turns
from cluster.stores.postgres.jobs import Jobs
from cluster.stores.postgres.turns import Quota, Room, TurnRules
from cluster.stores.postgres.video import Video
from tests.support.servers.stores import (
    LEASE_S,
    MAX_ATTEMPTS,
    OWNER,
    create_video,
    execute,
    expire_lease,
    try_claim,
    video_in,
)

LIGHT = 1000
FILM = {"bytes_": 10 * LIGHT}
BATCH = {"bytes_": 10 * LIGHT, "priority": "batch"}
ANY = TurnRules(light_bytes=LIGHT)


def take(jobs: Jobs, rules: TurnRules = ANY, owner: str = OWNER, **room: bool) -> Video | None:
    return jobs.turns.claim(owner, Room(**room), rules, LEASE_S, MAX_ATTEMPTS)


def order(jobs: Jobs, rules: TurnRules = ANY, **room: bool) -> list[str]:
    """The ids of all that may be taken, in the order in which they are."""
    taken: list[str] = []
    while (video := take(jobs, rules, **room)) is not None:
        taken.append(video.id)
    return taken


def made(jobs: Jobs, *films: dict[str, Any]) -> list[str]:
    return [create_video(jobs, **film).id for film in films]


def test_interactive_comes_before_batch_and_each_in_its_order(jobs: Jobs) -> None:
    first, second, third, fourth = made(jobs, BATCH, FILM, BATCH, FILM)
    assert order(jobs) == [second, fourth, first, third]


def test_only_what_fits_is_taken(jobs: Jobs) -> None:
    film, batch, clip = made(jobs, FILM, BATCH, {"bytes_": LIGHT})
    assert order(jobs, interactive=False, batch=False) == [clip]
    assert order(jobs, interactive=False, light=False) == [batch]
    assert order(jobs, light=False, batch=False) == [film]
    assert order(jobs) == []


def test_places_for_light_videos_go_to_the_lightest_and_to_those_that_have_their_tracks(jobs: Jobs) -> None:
    done = video_in(jobs, "done")
    execute(jobs, "UPDATE videos SET bytes = 1000000, priority = 'batch'")
    _, second, first = made(jobs, FILM, {"bytes_": 900}, {"bytes_": 800})
    jobs.resegment(done.id, {}, "default")
    assert order(jobs, interactive=False, batch=False) == [done.id, first, second]


def test_owners_take_turns_however_much_one_of_them_has_sent(jobs: Jobs) -> None:
    many = made(jobs, *[{**FILM, "owner": "anna"}] * 4)
    bens, nobodys = made(jobs, {**FILM, "owner": "ben"}, FILM)
    assert order(jobs) == [many[0], bens, nobodys, *many[1:]]


def test_what_its_holder_left_behind_comes_first_when_its_time_is_over(jobs: Jobs) -> None:
    left = video_in(jobs, "running, lease expired")
    made(jobs, FILM)
    patient = TurnRules(light_bytes=LIGHT, grace_s=60.0)
    assert len(order(jobs, patient)) == 1
    taken = take(jobs, owner="bridge-b")
    assert taken is not None
    assert (taken.id, taken.lease_epoch, taken.lease_owner) == (left.id, left.lease_epoch + 1, "bridge-b")


def test_a_released_video_keeps_its_place(jobs: Jobs) -> None:
    first, second = made(jobs, FILM, FILM)
    taken = take(jobs)
    assert taken is not None
    assert jobs.release(taken.id, taken.lease_epoch)
    assert order(jobs) == [first, second]


@pytest.mark.parametrize("situation", ["running", "done", "cancelled", "running, to be cancelled"])
def test_there_is_nothing_to_take_where_nothing_waits(jobs: Jobs, situation: str) -> None:
    video_in(jobs, situation)
    assert take(jobs) is None


def test_over_its_quota_an_owner_waits_until_one_has_ended(jobs: Jobs) -> None:
    two = TurnRules(light_bytes=LIGHT, quota=Quota(videos=2), quotas={"carl": Quota(videos=1)})
    jobs.api_keys.create("k", "admin", ["admin"])
    for owner in ("anna", "carl", "admin", None):
        made(jobs, *[{**FILM, "owner": owner}] * 4)
    taken = [jobs.get(video_id).owner for video_id in order(jobs, two)]
    assert [taken.count(owner) for owner in ("anna", "carl", "admin", None)] == [2, 1, 4, 4]
    of_anna = next(video for video in jobs.list_videos("running").items if video.owner == "anna")
    assert jobs.finish(of_anna.id, of_anna.lease_epoch, 1, "t")
    (more,) = order(jobs, two)
    assert jobs.get(more).owner == "anna"


def test_a_quota_of_seconds_lets_nothing_begin_beyond_it(jobs: Jobs) -> None:
    hour = TurnRules(light_bytes=LIGHT, quota=Quota(seconds=3600.0))
    made(jobs, *[{"bytes_": 3000 * 10**6, "owner": "anna"}] * 3)  # some 3000 s each, by their bytes
    assert len(order(jobs, hour)) == 2
    for video in jobs.list_videos("running").items:
        assert jobs.record_media(video.id, video.lease_epoch, {"duration_s": 1000.0}, 4, "h")
    assert len(order(jobs, hour)) == 1


def test_many_bridges_at_once_take_each_video_once_and_keep_to_the_quota(jobs: Jobs) -> None:
    rules = TurnRules(light_bytes=LIGHT, quota=Quota(videos=5))
    made(jobs, *[{**FILM, "owner": "anna"}] * 12, *[FILM] * 12)
    taken: list[str] = []
    threads = [threading.Thread(target=lambda: taken.extend(order(jobs, rules))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(set(taken)) == 17


def test_a_lease_begins_when_the_turn_has_come(jobs: Jobs) -> None:
    made(jobs, FILM)
    taken: list[Video | None] = []
    waiting = threading.Thread(target=lambda: taken.append(take(jobs)))
    with jobs.database.transaction() as connection:
        connection.execute(turns._SQL["lock_turns"], {"key": turns._LOCK_KEY, "idle": "5s"})
        waiting.start()
        waiting.join(0.5)
    waiting.join()
    (video,) = taken
    assert video is not None
    assert video.started_at is not None
    assert video.lease_expires_at is not None
    assert (video.lease_expires_at - video.started_at).total_seconds() >= LEASE_S - 0.2


def test_a_bridge_that_stands_still_in_its_turn_holds_up_nobody(jobs: Jobs) -> None:
    made(jobs, FILM)

    def stand_still() -> None:
        with jobs.database.transaction() as connection:
            connection.execute(turns._SQL["lock_turns"], {"key": turns._LOCK_KEY, "idle": "200ms"})
            assert take(jobs) is not None

    with pytest.raises(UnavailableError):
        stand_still()


def test_the_backlog_is_in_seconds_of_video(jobs: Jobs) -> None:
    assert jobs.backlog().seconds == 0
    waits, runs, ended = (create_video(jobs, bytes_=10_000_000).id for _ in range(3))
    assert (jobs.backlog().seconds, jobs.backlog().videos) == (30.0, 3)  # a megabyte a second is assumed
    for video_id in (ended, runs):
        claimed = try_claim(jobs, video_id)
        assert claimed is not None
        assert jobs.record_media(video_id, 1, {"duration_s": 100.0}, 4, "h")
    assert jobs.record_progress(runs, 1, 3)
    assert jobs.finish(ended, 1, 1, "t")
    assert (jobs.backlog().seconds, jobs.backlog().videos) == (125.0, 2)  # as the one that is done has it
    in_flight = jobs.backlog(waiting=False)
    assert (in_flight.seconds, in_flight.videos) == (25.0, 1)
    expire_lease(jobs, runs)
    assert jobs.backlog().seconds == 125.0, "it is there for the next"
    jobs.resegment(ended, {}, "default")
    assert (jobs.backlog().seconds, jobs.backlog().videos) == (25.0 + 10.0, 3), "only fused again"
    assert jobs.get(waits).media is None
