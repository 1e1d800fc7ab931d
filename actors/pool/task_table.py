"""The pool's books: which tasks wait, which run, who waits for them, and how many actors each has cost.

A task that killed an actor goes back to the front of its video's queue; one that killed too many ends its
video with a reason. Tasks asked for twice (a bridge that tries again, a second lease holder, a second video
of the same content) run once, and are given up when nobody who asked wants them any more.
Knows asyncio's futures, but no Ray, no clock and no actor.
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
"""Nodes vanish, but not so often under one task: it is the task then that takes them down."""

BATCH_SHARE = 1 / 8  # of what is served while interactive work waits: slow, but never at a standstill


@dataclass(slots=True, eq=False)
class Entry:
    """A task on the books. `askers`: the task of each video that wants it, by video; one is `task`, and
    `epoch` that of the youngest lease of its video that asked. `actors_lost`: through its own fault, perhaps,
    on the nodes `lost_on`; `losses`: in all. `left_since_s`: when it was first left to other nodes since.
    """

    task: Task
    epoch: int
    future: asyncio.Future[Outcome]
    askers: dict[str, Task]
    actors_lost: int = 0
    losses: int = 0
    lost_on: set[str] = field(default_factory=set)
    left_since_s: float | None = None
    running: bool = False
    cancelled: bool = False


class TaskTableFullError(Exception):
    """More tasks than the pool is willing to remember."""


class TaskTable:
    """All tasks that were asked for and have no outcome yet. One event loop, no locks."""

    def __init__(self, *, chunk_attempts: int, max_entries: int, batch_share: float = BATCH_SHARE) -> None:
        """`batch_share` in (0, 1): what batch work gets while interactive work waits too."""
        self._chunk_attempts = chunk_attempts
        self._most_losses = max(LOSSES_AT_MOST, chunk_attempts)
        self._max_entries = max_entries
        self._entries: dict[tuple[Any, ...], Entry] = {}
        self._queue: FairQueue[Entry] = FairQueue({INTERACTIVE: 1 - batch_share, BATCH: batch_share})
        self._work_s = 0.0

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def queued(self) -> int:
        """Tasks no actor has."""
        return len(self._queue)

    @property
    def work_s(self) -> float:
        """Seconds of video in all tasks that wait or run."""
        return self._work_s

    def submit(self, task: Task) -> Entry:
        """Put a task on the books, or join the one that gives the same result. TaskTableFullError: full."""
        entry = self._entries.get(task.key)
        if entry is not None and not entry.cancelled:
            if task.video_id not in entry.askers or task.epoch > entry.askers[task.video_id].epoch:
                entry.askers[task.video_id] = task
            if task.video_id == entry.task.video_id:
                entry.epoch = max(entry.epoch, task.epoch)
            if task.priority == INTERACTIVE and entry.task.priority != INTERACTIVE:
                self._hasten(entry, task)
            return entry
        if len(self._entries) >= self._max_entries:
            raise TaskTableFullError
        future = asyncio.get_running_loop().create_future()
        entry = Entry(task, task.epoch, future, askers={task.video_id: task})
        self._entries[task.key] = entry
        self._work_s += self._cost_s(entry)
        self._enqueue(entry)
        return entry

    def peek(self) -> Entry | None:
        """The task that is served next, all else being equal."""
        return self._queue.peek()

    def next(self, rank: Rank[Entry] | None = None) -> Entry | None:
        """The task an idle actor takes now, the one of the lowest `rank` where fairness leaves a choice."""
        entry = self._queue.pop(rank)
        if entry is not None:
            entry.running = True
        return entry

    def settle(self, entry: Entry, outcome: Outcome, node_id: str | None = None) -> None:
        """The actor, on that node, has answered; a crash it survived counts like one it did not."""
        if outcome.status is Status.CRASHED:
            self.lost(entry, outcome.message, counted=True, node_id=node_id)
        elif outcome.status is Status.ERROR and self._may_try_another_file(entry, outcome):
            self._enqueue(entry)
        else:
            self._close(entry, Outcome.cancelled() if entry.cancelled else outcome)

    def lost(self, entry: Entry, reason: str, *, counted: bool, node_id: str | None = None) -> None:
        """The actor that had the task is gone. `counted`: the task may be to blame, or else the node."""
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
        elif self._handed_over(entry):
            self._enqueue(entry)
        elif not entry.task.is_urgent:
            cost, order = entry.task.cost_s, entry.task.chunk
            self._queue.give_back(_path(entry.task), entry, cost=cost, order=order)
        else:
            self._queue.give_back_urgent(entry.task.video_id, entry)

    def cancel(self, video_id: str, epoch: int) -> list[Entry]:
        """Give up what was asked for under this lease or an older one, and by nobody else.

        Returns the entries that still run.
        """
        unwanted = []
        for entry in self._entries.values():
            asked = entry.askers.get(video_id)
            if asked is not None and asked.epoch <= epoch:
                del entry.askers[video_id]
            elif entry.task.video_id != video_id or entry.epoch > epoch:
                continue
            if not entry.askers:
                unwanted.append(entry)
            elif self._queue.remove(video_id, lambda waiting, entry=entry: waiting is entry):  # type: ignore[misc]
                self._handed_over(entry)
                self._enqueue(entry)
        for entry in self._queue.remove(video_id, lambda waiting: not waiting.askers):
            self._close(entry, Outcome.cancelled())
        running = [entry for entry in unwanted if entry.running]
        for entry in running:
            entry.cancelled = True
        return running

    def _hasten(self, entry: Entry, task: Task) -> None:
        """Somebody who should not wait joined a task of another class: it goes by the more urgent one."""
        waits = self._queue.remove(entry.task.video_id, lambda waiting: waiting is entry)
        entry.task = replace(entry.task, priority=task.priority, owner=task.owner)
        if waits:
            self._enqueue(entry)

    def _may_try_another_file(self, entry: Entry, outcome: Outcome) -> bool:
        """Whether another video asked for the same, whose own file may do.

        A deleted video's file goes before whoever works for it has noticed.
        """
        if outcome.code == CODE_MEDIA_MISSING:
            entry.askers.pop(entry.task.video_id, None)
        return self._handed_over(entry)

    def _handed_over(self, entry: Entry) -> bool:
        """Whether the video that asked first has given it up: then it is done with the file of another, since
        the first one's may be gone.
        """
        if not entry.askers or entry.task.video_id in entry.askers:
            return False
        task = next(iter(entry.askers.values()))
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
        }[entry.task.kind]
        times = "time" if entry.losses == 1 else "times"
        return (
            f"{what} broke down {entry.losses} {times} (last: {reason}). The file may be damaged: "
            "re-encode it and upload it again; other videos are not affected."
        )


def _path(task: Task) -> Path:
    return Path(task.priority, task.owner, task.video_id)
