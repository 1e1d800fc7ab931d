"""Doorbells become jobs, and the consumer pauses while there is no room."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from actors.bridge.threads import LivenessGuard
from actors.bridge.videos.intake import Intake
from cluster.stores.postgres.turns import Room
from cluster.stores.rabbitmq.broker import Doorbell
from tests.support.bridge import LIMIT_S, WaitingWork, row, until

NO_ROOM = Room(interactive=False, light=False, batch=False)
BELL = Doorbell("video-0001")


class Valve:
    """A consumer as the intake sees it."""

    def __init__(self) -> None:
        self.open = True

    def pause(self) -> None:
        self.open = False

    def resume(self) -> None:
        self.open = True


class Videos:
    """Those that wait; `room` for two of them."""

    def __init__(self) -> None:
        self.waiting: list[str] = []
        self.during_claim: list[bool] = []
        self.room_for_one_more = Room()
        self.intake: Intake | None = None

    def room(self, held: Sequence[Any]) -> Room:
        return self.room_for_one_more if len(held) < 2 else NO_ROOM

    def claim(self, room: Room) -> Any:
        assert self.intake is not None
        self.during_claim.append(self.intake.has_all)
        return row(self.waiting.pop(0)) if self.waiting else None


@pytest.fixture
def clock() -> list[float]:
    return [0.0]


@pytest.fixture
def videos() -> Videos:
    return Videos()


@pytest.fixture
def intake(videos: Videos, clock: list[float]) -> Iterator[Intake]:
    guard = LivenessGuard(10.0, lambda: clock[0])
    made = Intake(room=videos.room, claim=videos.claim, begin=WaitingWork.of, guard=guard)  # type: ignore[arg-type]
    videos.intake = made
    yield made
    videos.waiting = []
    assert made.stop(LIMIT_S)


def names(intake: Intake) -> list[str]:
    return [job.video.id for job in intake.works]


def test_any_doorbell_takes_what_is_next_as_far_as_there_is_room(intake: Intake, videos: Videos) -> None:
    videos.waiting = ["one", "two", "three"]
    assert intake.ring(BELL)
    assert names(intake) == ["one", "two"]


def test_a_doorbell_nobody_needs_is_acknowledged(intake: Intake) -> None:
    assert intake.ring(BELL)
    assert intake.works == []


def test_a_full_bridge_leaves_doorbells_to_others_until_there_is_room(intake: Intake, videos: Videos) -> None:
    valve = Valve()
    intake.attach(valve)
    videos.waiting = ["one"]
    assert intake.ring(BELL)
    assert valve.open
    videos.waiting = ["two"]
    assert intake.ring(BELL)
    assert not valve.open
    assert not intake.ring(BELL)
    intake.works[0].control.abort("stopped")  # type: ignore[arg-type]
    until(lambda: names(intake) == ["two"])
    until(lambda: valve.open)


def test_a_bridge_whose_heartbeat_hangs_has_no_room(
    intake: Intake, videos: Videos, clock: list[float]
) -> None:
    videos.waiting = ["one"]
    clock[0] = 10.1
    assert not intake.ring(BELL)
    assert intake.works == []


def test_what_waits_although_anything_fits_waits_for_a_quota(intake: Intake, videos: Videos) -> None:
    assert not intake.has_all, "nobody has looked"
    videos.waiting = ["one"]
    intake.look()
    assert intake.has_all
    videos.during_claim.clear()
    intake.look()
    assert videos.during_claim == [True], "a report of the backlog may be made at that moment"
    videos.waiting = ["two", "three"]
    intake.look()
    assert not intake.has_all, "there may be more where there is no room"
    intake.works[0].released.set()  # type: ignore[attr-defined]
    until(lambda: names(intake) == ["two", "three"])
    intake.works[0].released.set()  # type: ignore[attr-defined]
    until(lambda: names(intake) == ["three"])
    videos.room_for_one_more = Room(batch=False)
    intake.look()
    assert not intake.has_all, "batch videos may wait for a place"
