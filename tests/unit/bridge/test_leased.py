"""How leased work ends: once, in a state that people can read, whatever goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from actors.bridge.control import Aborted, Reason
from actors.bridge.leased import CODE_INTERNAL, Fate, Leased, WorkFailedError
from cluster.errors import UnavailableError

AWAY = UnavailableError("PostgreSQL is away")


class Work(Leased):
    """Does `body`; remembers its calls. `answers`: what the fenced writes and questions return, in order."""

    kind = "test"

    def __init__(self, body: Callable[[Work], None] = lambda work: None, **answers: list[Any]) -> None:
        super().__init__(("work-1", 3))
        self.body = body
        self.calls: list[Any] = []
        self._answers = answers

    def _answer(self, name: str, default: Any) -> Any:
        self.calls.append(name)
        answers = self._answers.get(name)
        answer = answers.pop(0) if answers else default
        if isinstance(answer, Exception):
            raise answer
        return answer

    def finish(self) -> None:
        self._conclude("done", lambda: bool(self._answer("finish", True)))

    def write(self, *values: Any) -> None:
        self._fenced(lambda *given: bool(self._answer(f"write{given}", True)), *values)

    def _work(self) -> None:
        self.body(self)

    def _store_failure(self, code: str, message: str) -> bool:
        self.calls.append((code, message))
        return bool(self._answer("fail", True))

    def _store_cancelled(self) -> bool:
        return bool(self._answer("acknowledge", True))

    def _release(self) -> None:
        self._answer("release", None)

    def _has_ended(self, state: str) -> bool:
        return bool(self._answer(f"has ended {state}", False))

    def _fate(self) -> Fate:
        return Fate(self._answer("fate", Fate.TAKEN))

    def _remove_leftovers(self) -> None:
        self._answer("remove leftovers", None)

    def _tell(self, state: str, code: str = "", message: str = "") -> None:
        self._answer(f"tell {state}", None)

    def _cancel_tasks(self) -> None:
        self._answer("cancel tasks", None)


def failing(error: Exception) -> Callable[[Work], None]:
    def body(work: Work) -> None:
        raise error

    return body


def done(work: Work) -> list[Any]:
    work.run()
    return work.calls


def test_work_that_comes_to_its_end_is_told_once() -> None:
    assert done(Work(Work.finish)) == ["finish", "tell done"]


def test_writes_name_the_fencing_token_and_stop_the_work_when_the_lease_is_lost() -> None:
    def body(work: Work) -> None:
        work.write("a")
        work.write("b")
        raise AssertionError("goes on without a lease")

    key = "write('work-1', 3, 'b')"
    assert done(Work(body, **{key: [False]})) == ["write('work-1', 3, 'a')", key, "cancel tasks", "fate"]


@pytest.mark.parametrize("lost", [1, 2])
def test_an_end_whose_answer_was_lost_is_still_told(lost: int) -> None:
    """The write went through, PostgreSQL's answer did not come; tried again it changes nothing."""
    work = Work(Work.finish, finish=[*[AWAY] * lost, False], **{"has ended done": [True]})
    assert done(work) == [*["finish"] * (lost + 1), "has ended done", "tell done"]


def test_a_failure_whose_answer_was_lost_is_still_told() -> None:
    work = Work(failing(WorkFailedError("bad", "It is bad.")), fail=[False], **{"has ended failed": [True]})
    assert done(work)[-2:] == ["tell failed", "cancel tasks"]


def test_an_overtaken_holder_tells_nothing() -> None:
    work = Work(Work.finish, finish=[False])
    assert done(work) == ["finish", "has ended done", "cancel tasks", "fate"]


def test_a_failure_has_its_code_and_ends_the_tasks_elsewhere() -> None:
    work = Work(failing(WorkFailedError("no_video", "There is no picture.")))
    assert done(work) == [("no_video", "There is no picture."), "fail", "tell failed", "cancel tasks"]


def test_an_unforeseen_error_is_a_failure_that_names_the_log_lines() -> None:
    work = Work(failing(ZeroDivisionError()))
    (code, message), *rest = done(work)
    assert code == CODE_INTERNAL
    assert "test work-1" in message
    assert rest == ["fail", "tell failed", "cancel tasks"]


def test_a_failure_waits_for_a_store_that_is_away() -> None:
    work = Work(failing(WorkFailedError("bad", "It is bad.")), fail=[AWAY, True])
    assert done(work).count("fail") == 2
    assert work.calls[-2:] == ["tell failed", "cancel tasks"]


def test_a_stop_hands_back_before_it_waits_for_tasks() -> None:
    assert done(Work(failing(Aborted(Reason.STOPPED)))) == ["release", "cancel tasks"]


def test_a_stop_does_not_wait_for_a_store_that_is_away() -> None:
    assert done(Work(failing(Aborted(Reason.STOPPED)), release=[AWAY])) == ["release", "cancel tasks"]


def test_a_cancellation_is_acknowledged_when_the_tasks_have_ended() -> None:
    work = Work(failing(Aborted(Reason.CANCELLED)))
    assert done(work) == ["cancel tasks", "acknowledge", "tell cancelled"]


def test_a_cancellation_that_finds_the_lease_gone_is_a_loss() -> None:
    work = Work(failing(Aborted(Reason.CANCELLED)), acknowledge=[False])
    assert done(work) == ["cancel tasks", "acknowledge", "has ended cancelled", "fate"]


def test_a_late_cancellation_keeps_no_work_from_saying_that_it_is_done() -> None:
    def body(work: Work) -> None:
        work.control.abort(Reason.CANCELLED)
        work.finish()

    assert done(Work(body)) == ["finish", "tell done"]


@pytest.mark.parametrize(
    ("fate", "rest"), [(Fate.TAKEN, []), (Fate.ENDED, []), (Fate.DELETED, ["remove leftovers"])]
)
def test_what_a_deleted_owner_left_is_removed(fate: Fate, rest: list[str]) -> None:
    work = Work(failing(Aborted(Reason.LOST)), fate=[fate])
    assert done(work) == ["cancel tasks", "fate", *rest]


@pytest.mark.parametrize("error", [AWAY, OSError("the disk is full")])
def test_a_store_that_fails_during_the_last_calls_ends_nothing_else(error: Exception) -> None:
    work = Work(failing(Aborted(Reason.LOST)), fate=[Fate.DELETED], **{"remove leftovers": [error]})
    assert done(work) == ["cancel tasks", "fate", "remove leftovers"]


def test_handing_back_instead_of_running_is_one_try() -> None:
    work = Work(release=[AWAY])
    work.hand_back()
    assert work.calls == ["release"]
