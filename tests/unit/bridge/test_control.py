"""How a job is told to end, and how it waits for servers that are away."""

from __future__ import annotations

import threading

import pytest

from actors.bridge.control import Aborted, Control, Patience, Reason
from actors.bridge.threads import Periodic
from cluster.errors import UnavailableError

ENDLESS_S = 60.0


def away_then(result: str, times: int) -> tuple[list[int], object]:
    calls: list[int] = []

    def call() -> str:
        calls.append(1)
        if len(calls) <= times:
            raise UnavailableError("away")
        return result

    return calls, call


@pytest.mark.parametrize(
    ("first", "second", "counts"),
    [
        (Reason.STOPPED, Reason.CANCELLED, Reason.CANCELLED),
        (Reason.STOPPED, Reason.LOST, Reason.LOST),
        (Reason.CANCELLED, Reason.LOST, Reason.LOST),
        (Reason.LOST, Reason.CANCELLED, Reason.LOST),
        (Reason.CANCELLED, Reason.STOPPED, Reason.CANCELLED),
        (Reason.LOST, Reason.LOST, Reason.LOST),
    ],
)
def test_the_strongest_reason_counts(first: Reason, second: Reason, counts: Reason) -> None:
    control = Control()
    control.abort(first)
    control.abort(second)
    assert control.reason is counts
    with pytest.raises(Aborted) as caught:
        control.check()
    assert caught.value.reason is counts


def test_a_job_that_may_go_on_is_not_disturbed() -> None:
    control = Control()
    control.check()
    control.pause(0.0)
    assert not control.aborted.done()


def test_a_pause_ends_when_the_job_must() -> None:
    control = Control()
    threading.Timer(0.05, control.abort, [Reason.CANCELLED]).start()
    with pytest.raises(Aborted):
        control.pause(ENDLESS_S)
    assert control.aborted.done()


def test_a_job_that_is_being_cancelled_can_still_wait_until_it_is_lost() -> None:
    control = Control()
    control.abort(Reason.CANCELLED)
    control.pause(0.01, tolerate=Reason.CANCELLED)
    threading.Timer(0.05, control.abort, [Reason.LOST]).start()
    with pytest.raises(Aborted) as caught:
        control.pause(ENDLESS_S, tolerate=Reason.CANCELLED)
    assert caught.value.reason is Reason.LOST


def test_a_call_is_repeated_until_the_server_is_back() -> None:
    calls, call = away_then("stored", times=3)
    assert Patience(Control()).call(call) == "stored"  # type: ignore[arg-type]
    assert len(calls) == 4


def test_other_errors_are_not_waited_for() -> None:
    def broken() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Patience(Control()).call(broken)


def test_waiting_for_a_server_ends_when_the_job_must() -> None:
    control = Control()

    def never() -> None:
        raise UnavailableError("away")

    threading.Timer(0.05, control.abort, [Reason.LOST]).start()
    with pytest.raises(Aborted):
        Patience(control).call(never)


def test_a_job_that_must_end_makes_no_further_call() -> None:
    control = Control()
    control.abort(Reason.LOST)
    calls, call = away_then("stored", times=0)
    with pytest.raises(Aborted):
        Patience(control, tolerate=Reason.CANCELLED).call(call)  # type: ignore[arg-type]
    assert calls == []


@pytest.mark.parametrize("error", [UnavailableError("away"), ValueError("a fault")])
def test_periodic_work_survives_that_it_fails(error: Exception) -> None:
    done = threading.Event()
    calls: list[int] = []

    def work() -> None:
        calls.append(1)
        if len(calls) < 3:
            raise error
        done.set()

    periodic = Periodic("test", 0.01, work)
    periodic.start()
    assert done.wait(ENDLESS_S)
    periodic.stop()
    made = len(calls)
    assert not threading.Event().wait(0.05)
    assert len(calls) == made


def test_periodic_work_goes_on_at_once_while_there_is_more() -> None:
    enough = threading.Event()
    calls: list[int] = []

    def work() -> bool:
        calls.append(1)
        if len(calls) == 50:
            enough.set()
        return len(calls) < 50

    periodic = Periodic("test", ENDLESS_S, work)
    periodic.start()
    assert enough.wait(ENDLESS_S / 2)
    periodic.stop()
