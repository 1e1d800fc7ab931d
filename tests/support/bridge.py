"""Parts for a bridge that tests hand in: leased work that waits, a pool that answers as told, a reporter that
remembers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

from actors.bridge.control import Control
from actors.tasks import Outcome, Task

LIMIT_S = 60.0


def until(holds: Callable[[], bool], what: Callable[[], object] = lambda: "it never held") -> None:
    """Waits for a state that another thread brings about."""
    ends_at = time.monotonic() + LIMIT_S
    while not holds():
        assert time.monotonic() < ends_at, what()
        threading.Event().wait(0.005)


class WaitingWork:
    """Stands for leased work in hand: ends when told to, or when released."""

    def __init__(self, held: tuple[str, int], row: Any = None) -> None:
        self.held = held
        self.row = self.video = self.job = row
        self.control = Control()
        self.released = threading.Event()
        self.control.aborted.add_done_callback(lambda _: self.released.set())
        self.handed_back = False

    @classmethod
    def of(cls, row: Any) -> WaitingWork:
        return cls((row.id, row.lease_epoch), row)

    def run(self) -> None:
        self.released.wait(LIMIT_S)

    def hand_back(self) -> None:
        self.handed_back = True


class AnsweringPool:
    """A pool whose tasks end as `answer(task)` says: at once, or when `hold` is emptied by the test.

    `asked`: the tasks in the order they came. `cancelled`: leases whose tasks were given up.
    """

    def __init__(self, answer: Callable[[Task], Outcome], window: int = 4) -> None:
        self.answer = answer
        self.window = window
        self.asked: list[Task] = []
        self.cancelled: list[tuple[str, int]] = []
        self.most_under_way = 0
        self.held_back: list[tuple[Task, Future[Outcome]]] | None = None

    def hold(self) -> None:
        """From now on tasks stay under way until `let_go`."""
        self.held_back = []

    def let_go(self, number: int = 0) -> None:
        """Ends one of the tasks that are held, by its place among them."""
        assert self.held_back is not None
        task, future = self.held_back.pop(number)
        future.set_result(self.answer(task))

    def submit(self, task: Task) -> Future[Outcome]:
        self.asked.append(task)
        future: Future[Outcome] = Future()
        if self.held_back is None:
            future.set_result(self.answer(task))
        else:
            self.held_back.append((task, future))
            self.most_under_way = max(self.most_under_way, len(self.held_back))
        return future

    def cancel(self, video_id: str, epoch: int) -> None:
        self.cancelled.append((video_id, epoch))


class Remembering:
    """Takes any call and remembers it as (name, arguments)."""

    def __init__(self, **answers: Any) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.answers = answers

    def __getattr__(self, name: str) -> Any:
        def call(*values: Any, **named: Any) -> Any:
            self.calls.append((name, *values))
            answer = self.answers.get(name)
            return answer(*values, **named) if callable(answer) else answer

        return call

    def names(self) -> list[str]:
        """The names of the calls, in order."""
        return [call[0] for call in self.calls]


def row(id_: str, epoch: int = 1, **values: Any) -> Any:
    """A claimed row with an id and a fencing token."""
    return SimpleNamespace(id=id_, lease_epoch=epoch, **values)
