"""Task table: which tasks wait or run, who requested each, and how many workers each one has cost.

Equal tasks are coalesced: a bridge that asks again, the next holder of a lease and a second video of the same
content share one run, which is cancelled once nobody wants it any more. Poison tasks are contained: a task
whose worker dies goes back to the front of its video's queue, and after a bounded number of such losses it
fails its video with a reason. Knows asyncio's futures; knows no Ray, no clock and no worker process.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any

from actors.pool.fair_queue import FairQueue, Path, Rank
from actors.tasks import (
    CODE_CRASHED,
    CODE_MEDIA_MISSING,
    Outcome,
    Status,
    Task,
    TaskKind,
)
from cluster.contract.vocabulary import BATCH, INTERACTIVE

LOSSES_AT_MOST = 30
"""Losses of workers under one task, those included that are blamed on the node. Nodes disappear, but not so
often under the same task: then the task is what takes them down."""

BATCH_SHARE = 1 / 8
"""Weight of batch work, as part of all service while interactive work waits too: slow, but never starved."""

WORDS_SHARE = 1 / 100
"""Weight of words, likewise: the segments of every video go before the words of any, batch videos' as well;
they are never starved either, so that a pool that is always busy writes them down in the end."""
_WORDS = "words"
"""Their class in the queue, beside the priorities of videos."""


@dataclass(slots=True, eq=False)
class Entry:
    """A task in the table.

    `task` is what a worker gets; `epoch` belongs to the newest lease of its video that requested it.
    `requesters`: the task as each video requested it, by video; `task` is one of them.
    `actors_lost`: losses of workers that count against the task, on the nodes `lost_on`; `losses`: all of
    them. `left_since_s`: since when it is left to other nodes after its last loss (monotonic seconds).
    """

    task: Task
    epoch: int
    future: asyncio.Future[Outcome]
    requesters: dict[str, Task]
    actors_lost: int = 0
    losses: int = 0
    lost_on: set[str] = field(default_factory=set)
    left_since_s: float | None = None
    running: bool = False
    cancelled: bool = False


class TaskTableFullError(Exception):
    """Back-pressure: the table holds `max_entries` tasks already."""


class TaskTable:
    """All tasks that were requested and have no outcome yet. For one event loop: it has no locks."""

    def __init__(self, *, chunk_attempts: int, max_entries: int, batch_share: float = BATCH_SHARE) -> None:
        """`chunk_attempts` ≥ 1: losses that count against a task until it fails. `batch_share` in (0, 1):
        weight of batch work; interactive work has the rest.
        """
        self._chunk_attempts = chunk_attempts
        self._most_losses = max(LOSSES_AT_MOST, chunk_attempts)
        self._max_entries = max_entries
        self._entries: dict[tuple[Any, ...], Entry] = {}
        weights = {INTERACTIVE: 1 - batch_share, BATCH: batch_share, _WORDS: WORDS_SHARE}
        self._queue: FairQueue[Entry] = FairQueue(weights)
        self._work_s = 0.0

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def queued(self) -> int:
        """How many tasks wait for a worker."""
        return len(self._queue)

    @property
    def work_s(self) -> float:
        """Seconds of video in all tasks that wait or run."""
        return self._work_s

    def submit(self, task: Task) -> Entry:
        """Add a task, or join the entry that gives the same result. Raises TaskTableFullError."""
        entry = self._entries.get(task.key)
        if entry is not None and not entry.cancelled:
            if task.video_id not in entry.requesters or task.epoch > entry.requesters[task.video_id].epoch:
                entry.requesters[task.video_id] = task
            if task.video_id == entry.task.video_id:
                entry.epoch = max(entry.epoch, task.epoch)
            if task.priority == INTERACTIVE and entry.task.priority != INTERACTIVE:
                self._raise_priority(entry, task)
            return entry
        if len(self._entries) >= self._max_entries:
            raise TaskTableFullError
        future = asyncio.get_running_loop().create_future()
        entry = Entry(task, task.epoch, future, requesters={task.video_id: task})
        self._entries[task.key] = entry
        self._work_s += self._cost_s(entry)
        self._enqueue(entry)
        return entry

    def peek(self) -> Entry | None:
        """The task `next` returns when no rank is given; it stays in the queue."""
        return self._queue.peek()

    def next(self, rank: Rank[Entry] | None = None) -> Entry | None:
        """Take the next task off the queue for an idle worker; it counts as running from then on.

        Among tasks of equal fairness the one of the lowest `rank` is taken.
        """
        entry = self._queue.pop(rank)
        if entry is not None:
            entry.running = True
        return entry

    def settle(self, entry: Entry, outcome: Outcome, node_id: str | None = None) -> None:
        """The worker on that node has returned an outcome. CRASHED counts like the death of the worker."""
        if outcome.status is Status.CRASHED:
            self.lost(entry, outcome.message, counted=True, node_id=node_id)
        elif outcome.status is Status.ERROR and self._may_try_another_file(entry, outcome):
            self._enqueue(entry)
        else:
            self._close(entry, Outcome.cancelled() if entry.cancelled else outcome)

    def lost(self, entry: Entry, reason: str, *, counted: bool, node_id: str | None = None) -> None:
        """The worker that ran the task is gone. `counted`: the loss counts against the task, not the node."""
        entry.running = False
        entry.task = replace(entry.task, again=True)
        entry.losses += 1
        entry.left_since_s = None
        entry.actors_lost += counted
        if counted and node_id is not None:
            entry.lost_on.add(node_id)
        if entry.cancelled:
            self._close(entry, Outcome.cancelled())
        elif entry.actors_lost >= self._chunk_attempts or entry.losses >= self._most_losses:
            self._close(entry, Outcome.error(CODE_CRASHED, self._crash_message(entry, reason)))
        elif self._hand_over(entry):
            self._enqueue(entry)
        elif not entry.task.is_urgent:
            cost, order = entry.task.cost_s, entry.task.chunk
            self._queue.give_back(_path(entry.task), entry, cost=cost, order=order)
        else:
            self._queue.give_back_urgent(entry.task.video_id, entry)

    def cancel(self, video_id: str, epoch: int) -> list[Entry]:
        """Withdraw the requests of this lease or an older one; cancel the tasks that nobody else requests.

        Cancelled tasks that wait end at once; those that run are marked `cancelled` and returned. A waiting
        task that another video still requests is queued again, to be done with that video's file.
        """
        unwanted = []
        for entry in self._entries.values():
            asked = entry.requesters.get(video_id)
            if asked is not None and asked.epoch <= epoch:
                del entry.requesters[video_id]
            elif entry.task.video_id != video_id or entry.epoch > epoch:
                continue
            if not entry.requesters:
                unwanted.append(entry)
            elif self._queue.remove(video_id, lambda waiting, entry=entry: waiting is entry):  # type: ignore[misc]
                self._hand_over(entry)
                self._enqueue(entry)
        for entry in self._queue.remove(video_id, lambda waiting: not waiting.requesters):
            self._close(entry, Outcome.cancelled())
        running = [entry for entry in unwanted if entry.running]
        for entry in running:
            entry.cancelled = True
        return running

    def _raise_priority(self, entry: Entry, task: Task) -> None:
        """Priority inheritance: an interactive request has joined a batch task, which becomes interactive."""
        waits = self._queue.remove(entry.task.video_id, lambda waiting: waiting is entry)
        entry.task = replace(entry.task, priority=task.priority, owner=task.owner)
        if waits:
            self._enqueue(entry)

    def _may_try_another_file(self, entry: Entry, outcome: Outcome) -> bool:
        """Whether another video requested the same task, so that it can be tried with that video's file.

        When a video is deleted, its file is gone before its job has noticed and cancelled the task.
        """
        if outcome.code == CODE_MEDIA_MISSING:
            entry.requesters.pop(entry.task.video_id, None)
        return self._hand_over(entry)

    def _hand_over(self, entry: Entry) -> bool:
        """If the video whose file the task reads has withdrawn, hand the task over to another requester.

        Returns whether it was handed over. The first video's file may be gone, so the task must be queued
        again with the file of the new one.
        """
        if not entry.requesters or entry.task.video_id in entry.requesters:
            return False
        task = next(iter(entry.requesters.values()))
        entry.task, entry.epoch, entry.running = replace(task, again=True), task.epoch, False
        return True

    def _enqueue(self, entry: Entry) -> None:
        task = entry.task
        if not task.is_urgent:
            self._queue.push(_path(task), entry, cost=task.cost_s, order=task.chunk)
        else:
            self._queue.push_urgent(task.video_id, entry)

    def _close(self, entry: Entry, outcome: Outcome) -> None:
        entry.running = False
        if self._entries.get(entry.task.key) is entry:
            del self._entries[entry.task.key]
        self._work_s = max(self._work_s - self._cost_s(entry), 0.0) if self._entries else 0.0
        if not entry.future.done():
            entry.future.set_result(outcome)

    @staticmethod
    def _cost_s(entry: Entry) -> float:
        return 0.0 if entry.task.is_urgent else entry.task.cost_s

    @staticmethod
    def _crash_message(entry: Entry, reason: str) -> str:
        what = {
            TaskKind.PLAN: "Reading this file",
            TaskKind.CHUNK: f"The analysis of part {entry.task.chunk + 1} of this video",
            TaskKind.FUSE: "Joining the results of this video",
            TaskKind.PREVIEW: "Trying settings on this video",
            TaskKind.CLIP: f"Cutting clip {entry.task.chunk + 1}",
            TaskKind.PROXY: "Making a file that browsers play of this video",
            TaskKind.WORDS: "Writing down what is said in this video",
        }[entry.task.kind]
        times = "time" if entry.losses == 1 else "times"
        return (
            f"{what} broke down {entry.losses} {times} (last: {reason}). The file may be damaged: "
            "re-encode it and upload it again; other videos are not affected."
        )


def _path(task: Task) -> Path:
    of_class = _WORDS if task.kind is TaskKind.WORDS else task.priority
    return Path(of_class, task.owner, task.video_id)
