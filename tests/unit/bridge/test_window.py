"""The sliding window of tasks: never more than its width, lowest first, and again what came back."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from actors import metrics
from actors.bridge import window as window_module
from actors.bridge.control import Aborted, Control, Reason
from actors.bridge.window import TaskWindow
from actors.tasks import Outcome, Task, TaskKind
from tests.support.bridge import LIMIT_S, AnsweringPool, until

CRASHED = Outcome.crashed("ValueError: no")
ERROR = Outcome.error("decode_failed", "It cannot be decoded.")
AWAY = Outcome.unavailable("the store is away")


def task_of(number: int, again: bool) -> Task:
    return Task(
        TaskKind.CHUNK, "video-1", 1, "videos/video-1/source", tracks_hash="t", chunk=number, again=again
    )


class Pauses:
    """Stands for the pauses of a Control."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds: list[float] = []
        monkeypatch.setattr(Control, "pause", lambda _, seconds, tolerate=None: self.seconds.append(seconds))


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> Pauses:
    return Pauses(monkeypatch)


def test_no_more_than_the_width_is_under_way_and_the_lowest_go_first() -> None:
    pool = AnsweringPool(lambda task: Outcome.done(chunk=task.chunk), window=2)
    pool.hold()
    got: list[int] = []

    def collect() -> None:
        for ended in TaskWindow(pool, Control()).outcomes([3, 1, 2, 0], task_of):
            got.extend(number for number, _ in ended)

    thread = threading.Thread(target=collect)
    thread.start()
    until(lambda: len(pool.asked) == 2)
    pool.let_go(1)
    for asked in (3, 4):
        until(lambda asked=asked: len(pool.asked) == asked)  # type: ignore[misc]
        pool.let_go()
    pool.let_go()
    thread.join(LIMIT_S)
    assert [task.chunk for task in pool.asked] == [0, 1, 2, 3]
    assert got == [1, 0, 2, 3]
    assert pool.most_under_way == 2


@pytest.mark.parametrize("outcome", [CRASHED, ERROR])
def test_what_will_never_be_done_is_an_outcome(outcome: Outcome) -> None:
    pool = AnsweringPool(lambda task: outcome)
    assert list(TaskWindow(pool, Control()).outcomes([0], task_of)) == [[(0, outcome)]]
    assert len(pool.asked) == 1


@pytest.mark.parametrize("returned", [AWAY, Outcome.cancelled()])
def test_what_came_back_is_asked_for_again_and_counted(
    returned: Outcome, pauses: Pauses, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[dict[str, Any]] = []
    monkeypatch.setattr(metrics.TASKS_RETURNED, "add", lambda **tags: counted.append(tags))
    answers = [returned, returned]
    pool = AnsweringPool(lambda task: answers.pop() if answers else Outcome.done())
    assert list(TaskWindow(pool, Control()).outcomes([0], task_of)) == [[(0, Outcome.done())]]
    assert [task.again for task in pool.asked] == [False, True, True]
    assert counted == [{"status": returned.status.value}] * 2
    assert len(pauses.seconds) == 2


def test_pauses_grow_while_nothing_is_done_and_begin_anew_with_an_outcome(
    pauses: Pauses, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []

    class Counting(window_module.Backoff):
        def __init__(self, *values: float) -> None:
            super().__init__(*values)
            self.said: list[str] = []
            made.append(self)

        def reset(self) -> None:
            self.said.append("reset")
            super().reset()

        def next_s(self) -> float:
            self.said.append("pause")
            return super().next_s()

    monkeypatch.setattr(window_module, "Backoff", Counting)
    answers = {0: [AWAY, AWAY, Outcome.done()], 1: [AWAY, Outcome.done()]}
    pool = AnsweringPool(lambda task: answers[task.chunk].pop(0))
    rounds = list(TaskWindow(pool, Control()).outcomes([0, 1], task_of))
    assert rounds == [[(1, Outcome.done())], [(0, Outcome.done())]]
    # neither, then one of two, then the other: something done resets the pauses also where the rest came back
    assert made[0].said == ["pause", "reset", "pause", "reset"]


def test_a_wait_ends_as_soon_as_the_work_must() -> None:
    pool = AnsweringPool(lambda task: Outcome.done())
    pool.hold()
    control = Control()
    threading.Timer(0.02, control.abort, [Reason.CANCELLED]).start()
    with pytest.raises(Aborted) as caught:
        list(TaskWindow(pool, control).outcomes([0], task_of))
    assert caught.value.reason is Reason.CANCELLED


def test_one_task_is_asked_for_until_it_has_an_outcome(pauses: Pauses) -> None:
    answers = [AWAY, ERROR]
    pool = AnsweringPool(lambda task: answers.pop(0))
    assert TaskWindow(pool, Control()).outcome(task_of(0, False)) == ERROR


def test_a_first_answer_is_asked_for_once() -> None:
    pool, fuser = AnsweringPool(lambda task: Outcome.done()), AnsweringPool(lambda task: AWAY)
    assert TaskWindow(pool, Control()).first_answer(fuser, task_of(0, False)) == AWAY
    assert (len(fuser.asked), len(pool.asked)) == (1, 0)
