"""Assigns queued tasks to idle workers: pull scheduling.

An idle worker takes the next task by itself, so faster ones do more without any measurement. Fairness decides
first (`fair_queue`). Among tasks that fairness ranks equal, one whose file the worker's node already has goes
first, and a slow worker leaves the last tasks to much faster ones that would finish them sooner (`matching`).
A task whose worker died goes to other nodes first, so that one node with broken hardware fails no video.
Knows the workers and the task table; knows no Ray.
"""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate

from actors.pool.fair_queue import REFUSED, Rank
from actors.pool.matching import MUCH_FASTER, Availability, Locality, is_done_sooner_by_others
from actors.pool.task_table import Entry, TaskTable
from actors.pool.worker_proxy import WorkerProxy

LEFT_TO_OTHER_NODES_S = 10.0
"""After this time the node on which a task was lost may take it again: the others may stay busy or go."""

ELSEWHERE, LAST_FOR_THE_SLOW = 1.0, 2.0
"""Penalties in a task's rank, without unit: its file is not on the worker's node; it is the last waiting task
of its video, and the worker is slow. Only their order matters: the second outweighs the first."""


class Dispatcher:
    """For one event loop. `workers`: all that take more tasks, now or after the one they have in hand."""

    def __init__(self, table: TaskTable, workers: Callable[[], Iterable[WorkerProxy]]) -> None:
        self.locality = Locality()
        self._table = table
        self._workers = workers
        self._idle: dict[WorkerProxy, asyncio.Future[Entry | None]] = {}  # in the order they fell idle
        self._speeds: list[float] = []  # measured ones, seconds of video per second, ascending
        self._together: list[float] = []  # speed of the fastest one, of the fastest two together, ...

    async def next_entry(self, worker: WorkerProxy) -> Entry | None:
        """Wait for the worker's next task, which counts as running from then on. None once withdrawn."""
        assignment: asyncio.Future[Entry | None] = asyncio.get_running_loop().create_future()
        self._idle[worker] = assignment
        self.dispatch()
        return await assignment

    def withdraw(self, worker: WorkerProxy) -> None:
        """Give the worker no further task; its `next_entry` returns None. No effect if it is not idle."""
        assignment = self._idle.pop(worker, None)
        if assignment is not None:
            assignment.set_result(None)

    def refresh(self) -> None:
        """Read the measured speeds again, then dispatch. Call it about every second: a task that was left to
        others for a time is then reconsidered even if nothing else happens.
        """
        self._speeds = sorted(other.video_s_per_s for other in self._availabilities())
        self._together = list(accumulate(reversed(self._speeds)))
        self.dispatch()

    def dispatch(self) -> None:
        """Assign tasks until no idle worker takes one. Call it when there are more tasks or more workers."""
        while self._idle and self._table.queued and self._assign_one():
            pass

    def _assign_one(self) -> bool:
        """Whether a worker took a task."""
        refused = False
        for worker in self._by_suitability():
            if refused and worker.throughput.is_measured:
                continue  # slow ones come fastest first, and a faster one has left the tasks to others
            entry = self._table.next(self._rank_for(worker))
            if entry is not None:
                if worker.node_id is not None:
                    self.locality.worked(entry.task.media_key, worker.node_id)
                worker.handed_at = time.monotonic()
                self._idle.pop(worker).set_result(entry)
                return True
            refused = refused or self._is_slow(worker)
        return False

    def _by_suitability(self) -> list[WorkerProxy]:
        """The idle workers, by speed: first those that have the next task's file, last the slow ones."""
        idle = list(self._idle)
        following = self._table.peek()
        if len(idle) > 1 and following is not None:
            key = following.task.media_key

            def suitability(worker: WorkerProxy) -> tuple[bool, bool, float]:
                slow = self._is_slow(worker)
                return slow, slow or not self._has_file(worker, key), -worker.throughput.video_s_per_s

            idle.sort(key=suitability)
        return idle

    def _rank_for(self, worker: WorkerProxy) -> Rank[Entry]:
        speed = worker.throughput.video_s_per_s
        slow = self._is_slow(worker)
        # Straggler avoidance matters only for the last tasks. If more waits than all much faster workers can
        # do while this one does one task, the others need not be looked at.
        few = slow and self._table.queued * speed <= self._speed_of_much_faster(speed)
        others = list(self._availabilities()) if few else []
        better_left: dict[float, bool] = {}  # by cost: most chunks are equally long

        def rank(entry: Entry, waiting_of_video: int) -> float:
            if worker.node_id in entry.lost_on and self._is_left_to_other_nodes(entry):
                return REFUSED
            cost_s = entry.task.cost_s
            if few and cost_s not in better_left:
                better_left[cost_s] = is_done_sooner_by_others(cost_s, speed, others, self._table.queued)
            if few and better_left[cost_s]:
                return REFUSED
            penalty = 0.0 if self._has_file(worker, entry.task.media_key) else ELSEWHERE
            return penalty + (LAST_FOR_THE_SLOW if slow and waiting_of_video == 1 else 0.0)

        return rank

    def _speed_of_much_faster(self, speed: float) -> float:
        """Seconds of video per second, of all workers together that are much faster than `speed`."""
        many = len(self._speeds) - bisect_right(self._speeds, MUCH_FASTER * speed)
        return self._together[many - 1] if many else 0.0

    def _is_slow(self, worker: WorkerProxy) -> bool:
        """Whether the fastest worker is much faster. One that was never measured is not slow."""
        measured = worker.throughput
        if not self._speeds or not measured.is_measured:
            return False
        return MUCH_FASTER * measured.video_s_per_s < self._speeds[-1]

    def _has_file(self, worker: WorkerProxy, media_key: str) -> bool:
        return worker.node_id is not None and self.locality.has(media_key, worker.node_id)

    def _is_left_to_other_nodes(self, entry: Entry) -> bool:
        """Whether a node on which the task was lost must leave it to others: for a bounded time, and only if
        another node has a worker that is not slow, since a slow one might leave it in turn.
        """
        now = time.monotonic()
        if entry.left_since_s is None:
            entry.left_since_s = now
        return now - entry.left_since_s < LEFT_TO_OTHER_NODES_S and any(
            worker.node_id is not None and worker.node_id not in entry.lost_on and not self._is_slow(worker)
            for worker in self._workers()
        )

    def _availabilities(self) -> Iterator[Availability]:
        now = time.monotonic()
        return (found for worker in self._workers() if (found := worker.availability(now)) is not None)
