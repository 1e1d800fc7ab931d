"""The claim loop: whatever is next, bounded in number, kept alive, handed back at a stop."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from actors.bridge.claiming import ClaimLoop
from actors.bridge.control import Reason
from actors.bridge.threads import LivenessGuard
from cluster.errors import UnavailableError
from tests.support.bridge import LIMIT_S, WaitingWork, row, until

Loop = ClaimLoop[Any, int, Any]


class Claims:
    """Gives what waits, in order, each time with the next epoch."""

    def __init__(self) -> None:
        self.epoch = 0
        self.rooms: list[int] = []
        self.waiting: list[str] = []
        self.error: Exception | None = None

    def __call__(self, room: int) -> Any:
        self.rooms.append(room)
        if self.error is not None:
            raise self.error
        if not self.waiting:
            return None
        self.epoch += 1
        return row(self.waiting.pop(0), self.epoch)


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def claims() -> Claims:
    return Claims()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def guard(clock: Clock) -> LivenessGuard:
    return LivenessGuard(10.0, clock)


@pytest.fixture
def begun() -> list[WaitingWork]:
    return []


@pytest.fixture
def loop(claims: Claims, guard: LivenessGuard, begun: list[WaitingWork]) -> Iterator[Loop]:
    def begin(claimed: Any) -> WaitingWork:
        begun.append(WaitingWork.of(claimed))
        return begun[-1]

    made: Loop = ClaimLoop("test", room=lambda works: 2 - len(works), claim=claims, begin=begin, guard=guard)
    yield made
    claims.waiting, claims.error = [], None
    assert made.stop(LIMIT_S)


def names(loop: Loop) -> list[str]:
    return [work.held[0] for work in loop.works]


def test_a_look_takes_what_is_next_as_far_as_there_is_room(loop: Loop, claims: Claims) -> None:
    claims.waiting = ["one", "two", "three"]
    loop.look()
    assert names(loop) == ["one", "two"]
    assert claims.rooms == [2, 1]
    assert not loop.has_room()


def test_the_end_of_work_takes_the_next(loop: Loop, claims: Claims) -> None:
    claims.waiting = ["one", "two", "three"]
    loop.look()
    loop.works[0].released.set()
    until(lambda: names(loop) == ["two", "three"], lambda: names(loop))


def test_nothing_is_claimed_while_no_heartbeat_goes_through(
    loop: Loop, claims: Claims, guard: LivenessGuard, clock: Clock
) -> None:
    claims.waiting = ["one"]
    clock.now_s = 10.1
    loop.look()
    assert claims.rooms == []
    assert not loop.has_room()
    guard.beat()
    loop.look()
    assert names(loop) == ["one"]


def test_a_claim_that_fails_takes_no_place(loop: Loop, claims: Claims) -> None:
    claims.error = UnavailableError("away")
    for _ in range(5):
        with pytest.raises(UnavailableError):
            loop.look()
    claims.error = None
    claims.waiting = ["one", "two"]
    loop.look()
    assert names(loop) == ["one", "two"]


def test_it_tells_for_which_room_there_was_nothing_more(loop: Loop, claims: Claims) -> None:
    assert loop.nothing_for is None, "nobody has looked"
    claims.waiting = ["one"]
    loop.look()
    assert loop.nothing_for == 1
    claims.waiting = ["two"]
    loop.look()
    assert loop.nothing_for is None, "there may be more where there is no room"
    claims.error = UnavailableError("away")
    loop.works[0].released.set()
    until(lambda: names(loop) == ["two"])
    with pytest.raises(UnavailableError):
        loop.look()
    assert loop.nothing_for is None


def test_claiming_the_same_work_again_ends_our_own_earlier_one(loop: Loop, claims: Claims) -> None:
    claims.waiting = ["one", "one"]
    loop.look()
    until(lambda: [work.held for work in loop.works] == [("one", 2)])


def test_work_no_thread_can_be_had_for_is_handed_back(
    loop: Loop, claims: Claims, begun: list[WaitingWork], monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_more(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    claims.waiting = ["one", "two"]
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", no_more)
        with pytest.raises(UnavailableError, match="allow this process more"):
            loop.look()
    assert loop.works == [], "its lease would be kept alive, and nobody at work"
    assert [work.handed_back for work in begun] == [True]
    loop.look()
    assert names(loop) == ["two"]


def test_heartbeats_tell_work_that_its_lease_is_lost_or_to_be_cancelled(loop: Loop, claims: Claims) -> None:
    claims.waiting = ["kept", "asked"]
    loop.look()
    kept, asked = loop.works
    seen: list[Sequence[tuple[str, int]]] = []

    def extend(held: Sequence[tuple[str, int]]) -> Mapping[tuple[str, int], bool]:
        seen.append(list(held))
        return {("kept", 1): False, ("asked", 2): True}

    loop.heartbeat(extend)
    assert seen == [[("kept", 1), ("asked", 2)]]
    assert (kept.control.reason, asked.control.reason) == (None, Reason.CANCELLED)
    loop.heartbeat(lambda held: {})
    assert kept.control.reason is Reason.LOST


def test_only_what_was_asked_for_under_this_lease_is_cancelled(loop: Loop, claims: Claims) -> None:
    claims.waiting = ["one", "two"]
    loop.look()
    one, two = loop.works
    loop.cancel({("one", 1), ("two", 7)})
    assert one.control.reason is Reason.CANCELLED
    assert two.control.reason is None


def test_a_stop_hands_everything_back_and_takes_nothing_new(loop: Loop, claims: Claims) -> None:
    claims.waiting = ["one", "two", "three"]
    loop.look()
    works = loop.works
    assert loop.stop(LIMIT_S)
    assert [work.control.reason for work in works] == [Reason.STOPPED, Reason.STOPPED]
    loop.look()
    assert claims.waiting == ["three"]


def test_what_is_claimed_during_a_stop_is_handed_back(guard: LivenessGuard) -> None:
    claiming, may_go_on = threading.Event(), threading.Event()

    def slow(room: int) -> Any:
        claiming.set()
        assert may_go_on.wait(LIMIT_S)
        return row("late")

    begun: list[WaitingWork] = []

    def begin(claimed: Any) -> WaitingWork:
        begun.append(WaitingWork.of(claimed))
        return begun[-1]

    loop: Loop = ClaimLoop("test", room=lambda works: 1 - len(works), claim=slow, begin=begin, guard=guard)
    looking = threading.Thread(target=loop.look)
    looking.start()
    assert claiming.wait(LIMIT_S)
    assert not loop.stop(0.01), "a claim under way is waited for"
    may_go_on.set()
    assert loop.stop(LIMIT_S)
    looking.join(LIMIT_S)
    assert begun[0].control.reason is Reason.STOPPED


def test_an_error_in_the_work_frees_its_place(claims: Claims, guard: LivenessGuard) -> None:
    class Broken(WaitingWork):
        def run(self) -> None:
            raise ValueError("nobody foresaw it")

    loop: Loop = ClaimLoop(
        "test", room=lambda works: 1 - len(works), claim=claims, begin=Broken.of, guard=guard
    )
    claims.waiting = ["one", "two"]
    loop.look()
    until(lambda: not claims.waiting and not loop.works)
