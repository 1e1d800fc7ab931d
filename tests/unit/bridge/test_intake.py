"""Doorbells become jobs: whichever video is next, bounded in number, handed back at a stop."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from actors.bridge.actor import Bridge
from actors.bridge.control import Control, Reason
from actors.bridge.threads import Pulse
from actors.bridge.videos.intake import NO_ROOM, Intake
from cluster.errors import UnavailableError
from cluster.stores.postgres.turns import Room
from cluster.stores.rabbitmq.broker import Doorbell

LIMIT_S = 30.0


class WaitingJob:
    """Stands for a video in flight: ends when told to, or when released."""

    def __init__(self, video: Any) -> None:
        self.video = video
        self.epoch = video.lease_epoch
        self.control = Control()
        self.released = threading.Event()
        self.control.aborted.add_done_callback(lambda _: self.released.set())

        self.handed_back = False

    def run(self) -> None:
        self.released.wait(LIMIT_S)

    def hand_back(self) -> None:
        self.handed_back = True


class Valve:
    """A consumer as the intake sees it."""

    def __init__(self) -> None:
        self.open = True

    def pause(self) -> None:
        self.open = False

    def resume(self) -> None:
        self.open = True


class Claims:
    """Gives the videos that wait, in order, each time with the next epoch."""

    def __init__(self) -> None:
        self.epoch = 0
        self.asked = 0
        self.waiting: list[str] = []
        self.error: Exception | None = None

    def __call__(self, room: Room) -> Any:
        self.asked += 1
        if self.error is not None:
            raise self.error
        if not self.waiting:
            return None
        self.epoch += 1
        return SimpleNamespace(id=self.waiting.pop(0), lease_epoch=self.epoch)


@pytest.fixture
def claims() -> Claims:
    return Claims()


def two_places(held: Sequence[Any]) -> Room:
    return Room() if len(held) < 2 else NO_ROOM


@pytest.fixture
def intake(claims: Claims) -> Intake:
    return Intake(claims, WaitingJob, two_places)  # type: ignore[arg-type]


BELL = Doorbell("video-0001")


def names(intake: Intake) -> list[str]:
    return [job.video.id for job in intake.jobs()]


def until_jobs(intake: Intake, expected: list[str]) -> None:
    for _ in range(int(LIMIT_S / 0.01)):
        if names(intake) == expected:
            return
        threading.Event().wait(0.01)
    raise AssertionError(f"{names(intake)}, not {expected}")


def end(intake: Intake, number: int = 0) -> None:
    intake.jobs()[number].released.set()  # type: ignore[attr-defined]


def test_any_doorbell_takes_what_is_next_as_far_as_there_is_room(intake: Intake, claims: Claims) -> None:
    claims.waiting = ["one", "two", "three"]
    assert intake.ring(BELL)
    assert names(intake) == ["one", "two"]


def test_the_end_of_a_job_takes_the_next(intake: Intake, claims: Claims) -> None:
    claims.waiting = ["one", "two", "three"]
    intake.look()
    end(intake)
    until_jobs(intake, ["two", "three"])
    end(intake)
    until_jobs(intake, ["three"])


def test_a_doorbell_nobody_needs_is_acknowledged(intake: Intake) -> None:
    assert intake.ring(BELL)
    assert intake.jobs() == []


def test_a_full_bridge_leaves_doorbells_to_others_until_there_is_room(intake: Intake, claims: Claims) -> None:
    valve = Valve()
    intake.attach(valve)
    claims.waiting = ["one"]
    assert intake.ring(BELL)
    assert valve.open
    claims.waiting = ["two"]
    assert intake.ring(BELL)
    assert not valve.open
    assert not intake.ring(BELL)
    end(intake)
    until_jobs(intake, ["two"])
    assert valve.open


def test_many_doorbells_at_once_are_few_looks(intake: Intake, claims: Claims) -> None:
    looking, may_go_on = threading.Event(), threading.Event()

    def slow(room: Room) -> None:
        claims.asked += 1
        looking.set()
        assert may_go_on.wait(LIMIT_S)

    intake._claim = slow  # type: ignore[method-assign]
    threads = [threading.Thread(target=intake.ring, args=(BELL,)) for _ in range(9)]
    threads[0].start()
    assert looking.wait(LIMIT_S)
    for thread in threads[1:]:
        thread.start()
    while intake._looks._asked < 9:
        threading.Event().wait(0.01)
    may_go_on.set()
    for thread in threads:
        thread.join(LIMIT_S)
    assert claims.asked == 2, "the one that was under way, and one that saw what all the others came for"


def test_what_waits_although_anything_fits_waits_for_a_quota(intake: Intake, claims: Claims) -> None:
    assert not intake.has_all, "nobody has looked"
    claims.waiting = ["one"]
    intake.look()
    assert intake.has_all
    seen_while_looking: list[bool] = []
    claim = intake._claim
    intake._claim = lambda room: (seen_while_looking.append(intake.has_all), claim(room))[1]
    intake.look()
    assert seen_while_looking == [True], "a report of the backlog may be made at that moment"
    claims.waiting = ["two", "three"]
    intake.look()
    assert not intake.has_all, "there may be more where there is no room"
    end(intake)
    until_jobs(intake, ["two", "three"])
    intake._room_beside = lambda held: Room(batch=False)
    intake.look()
    assert not intake.has_all, "batch videos may wait for a place"


def test_a_claim_that_fails_takes_no_place(intake: Intake, claims: Claims) -> None:
    claims.error = UnavailableError("away")
    for _ in range(5):
        with pytest.raises(UnavailableError):
            intake.ring(BELL)
    claims.error = None
    claims.waiting = ["one", "two"]
    assert intake.ring(BELL)
    assert names(intake) == ["one", "two"]


def test_a_video_no_thread_can_be_had_for_is_handed_back(
    intake: Intake, claims: Claims, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[WaitingJob] = []
    intake._begin = lambda video: begun.append(WaitingJob(video)) or begun[-1]  # type: ignore[assignment,func-returns-value,return-value]

    def no_more(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    claims.waiting = ["one", "two"]
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", no_more)
        with pytest.raises(UnavailableError, match="allow this process more"):
            intake.look()
    assert intake.jobs() == [], "its lease would be kept alive, and nobody at work"
    assert [job.handed_back for job in begun] == [True]
    intake.look()
    assert names(intake) == ["two"]


def test_a_bridge_whose_heartbeat_hangs_has_no_room() -> None:
    bridge = object.__new__(Bridge)
    bridge._pulse = Pulse(valid_s=-1.0)
    assert bridge._room([]) is NO_ROOM


def test_claiming_a_video_again_ends_our_own_earlier_job(intake: Intake, claims: Claims) -> None:
    claims.waiting = ["one"]
    intake.look()
    (earlier,) = intake.jobs()
    claims.waiting = ["one"]
    intake.look()
    assert earlier.control.reason is Reason.LOST
    until_jobs(intake, ["one"])
    assert intake.jobs()[0].epoch == 2


def test_a_stop_hands_everything_back_and_takes_nothing_new(intake: Intake, claims: Claims) -> None:
    claims.waiting = ["one", "two", "three"]
    intake.look()
    jobs = intake.jobs()
    assert intake.stop(LIMIT_S)
    assert [job.control.reason for job in jobs] == [Reason.STOPPED, Reason.STOPPED]
    assert not intake.ring(BELL)
    assert claims.waiting == ["three"]


def test_at_an_end_all_leases_are_handed_back_at_once() -> None:
    together = threading.Barrier(5)

    def end(*_: float) -> bool:
        together.wait(LIMIT_S)
        return True

    bridge = object.__new__(Bridge)
    for part in ("consumer", "intake", "desk", "importer", "deliveries"):
        setattr(bridge, f"_{part}", SimpleNamespace(stop=end))
    other = SimpleNamespace(stop=lambda: None, close=lambda: None, relay=lambda *_: 0, publish=None)
    for part in ("jobs", "keeper", "outside", "cache", "results", "pool", "fuser", "publisher"):
        setattr(bridge, f"_{part}", other)
    bridge._periodic, bridge._owner = [], "bridge"
    assert bridge.stop()
