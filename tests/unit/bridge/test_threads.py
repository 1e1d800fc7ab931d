"""Coalesced calls, worker threads and the liveness guard."""

from __future__ import annotations

import threading

import pytest

from actors.bridge.threads import LivenessGuard, SingleFlight, WorkerThreads
from tests.support.bridge import LIMIT_S, until


def test_many_calls_at_once_are_two_runs() -> None:
    running, may_go_on = threading.Event(), threading.Event()
    runs: list[int] = []

    def slow() -> None:
        runs.append(1)
        running.set()
        assert may_go_on.wait(LIMIT_S)

    flight = SingleFlight(slow)
    threads = [threading.Thread(target=flight) for _ in range(9)]
    threads[0].start()
    assert running.wait(LIMIT_S)
    for thread in threads[1:]:
        thread.start()
    until(lambda: flight.pending == 9)
    may_go_on.set()
    for thread in threads:
        thread.join(LIMIT_S)
    assert len(runs) == 2, "the one that was under way, and one that saw what all the others came for"
    assert flight.pending == 0


def test_a_run_that_fails_serves_nobody() -> None:
    answers = [ValueError("first"), None]

    def call() -> None:
        answer = answers.pop(0)
        if answer is not None:
            raise answer

    flight = SingleFlight(call)
    with pytest.raises(ValueError, match="first"):
        flight()
    assert flight.pending == 1
    flight()
    assert flight.pending == 0


def test_workers_whose_thread_cannot_start_leave_their_place_free(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    workers = WorkerThreads("test", 1, lambda free: ["piece"][:free], done.append)

    def no_more(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", no_more)
        with pytest.raises(RuntimeError):
            workers.recruit()
    assert workers.stop(LIMIT_S), "nothing is under way"


def test_the_guard_counts_from_the_last_round_that_went_well() -> None:
    now_s = [0.0]
    guard = LivenessGuard(5.0, clock=lambda: now_s[0])
    assert guard.is_alive
    now_s[0] = 5.1
    assert not guard.is_alive
    guard.beat()
    assert guard.is_alive
