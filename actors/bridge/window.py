"""Sliding window of one work's tasks in the pool: a bounded number under way, and retries of those not done.

A task that ends in DONE, ERROR or CRASHED has its outcome. Every other status, also one that this version
does not know, means that the task was not done: it is submitted again after a pause. The pauses grow while no
task ends, and start again at the shortest after the next outcome. Knows tasks and their statuses; no store,
no lease.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent import futures
from concurrent.futures import Future
from typing import Any

import structlog

from actors import metrics
from actors.bridge.control import Control
from actors.bridge.leased import WorkFailedError
from actors.bridge.services import PoolLike
from actors.tasks import Outcome, Status, Task
from cluster.backoff import Backoff

RETRY_FIRST_S, RETRY_LONGEST_S = 0.2, 10.0
"""Seconds between tries of a task whose actor or store was away. The first is short, because actors are
replaced within seconds; the longest limits the requests to a store that is down for an hour.
"""
FINAL = frozenset({Status.DONE, Status.ERROR, Status.CRASHED})

log = structlog.get_logger(__name__)


class TaskWindow:
    """Sliding window over the tasks of one work. `control` interrupts every wait. Used by the work's own
    thread.
    """

    def __init__(self, pool: PoolLike, control: Control) -> None:
        self._pool = pool
        self._control = control

    def outcomes(
        self, numbers: Iterable[int], task_of: Callable[[int, bool], Task]
    ) -> Iterator[list[tuple[int, Outcome]]]:
        """Runs the task of every number, the lowest first; yields lists of (number, outcome) of ended tasks.

        `task_of(number, again)` makes a task; `again`: it was submitted before, so its result may be stored.
        Each list has at least one pair; the next wait begins when the caller reads on. Raises Aborted.
        """
        waiting = sorted(numbers, reverse=True)
        under_way: dict[Future[Outcome], int] = {}
        returned: set[int] = set()
        backoff = Backoff(RETRY_FIRST_S, RETRY_LONGEST_S)
        while waiting or under_way:
            while waiting and len(under_way) < self._pool.window:
                number = waiting.pop()
                under_way[self._pool.submit(task_of(number, number in returned))] = number
            self.wait(under_way)
            ended, back = _collected(under_way)
            if ended:
                backoff.reset()
                yield ended
            if back:
                returned.update(back)
                waiting = sorted((*waiting, *back), reverse=True)
                self._control.pause(backoff.next_s())

    def outcome(self, task: Task) -> Outcome:
        """Submits one task until it has an outcome, and returns that. Raises Aborted."""
        ((_, outcome),) = next(self.outcomes([0], lambda _number, _again: task))
        return outcome

    def first_answer(self, workers: PoolLike, task: Task) -> Outcome:
        """Submits a task to `workers` once and returns the answer, with any status. Raises Aborted."""
        future = workers.submit(task)
        self.wait([future])
        return future.result()

    def first_or_outcome(self, workers: PoolLike, task: Task) -> dict[str, Any]:
        """What the task returns: of `workers`, which are asked once, else of the pool. Raises Aborted, and
        WorkFailedError for a task that never will be done.
        """
        outcome = self.first_answer(workers, task)
        if outcome.status not in (Status.DONE, Status.ERROR):
            outcome = self.outcome(task)
        return result_of(outcome)

    def wait(self, under_way: Iterable[Future[Outcome]]) -> None:
        """Waits until one of the tasks has ended; Aborted as soon as the work must end."""
        awaited: list[Future[Any]] = [*under_way, self._control.aborted]
        futures.wait(awaited, return_when=futures.FIRST_COMPLETED)
        self._control.check()


def result_of(outcome: Outcome) -> dict[str, Any]:
    """What a task that is done returned; WorkFailedError for one that never will be."""
    if outcome.status is Status.DONE:
        return outcome.result
    raise WorkFailedError(outcome.code, outcome.message)


def _collected(under_way: dict[Future[Outcome], int]) -> tuple[list[tuple[int, Outcome]], list[int]]:
    """Removes ended tasks: (number, outcome) with a final status, and the numbers of the others."""
    ended: list[tuple[int, Outcome]] = []
    back: list[int] = []
    for future in [future for future in under_way if future.done()]:
        number, outcome = under_way.pop(future), future.result()
        if outcome.status in FINAL:
            ended.append((number, outcome))
            continue
        metrics.TASKS_RETURNED.add(status=outcome.status.value)
        log.info("task comes back", number=number, status=outcome.status.value, reason=outcome.message)
        back.append(number)
    return ended, back
