"""The Ray actor "pool": deals the tasks of all videos out to segmentation actors, and keeps those alive.

Every slot has a coroutine that keeps a segmenter alive and feeds it; a segmenter that dies or stands still is
replaced and its task goes back to the front of its video's queue. The segmenters are owned by this actor and
not detached: if it dies, Ray ends them (within 5 s, stopped ones too), and its successor starts its own.
How many there shall be is `scaler`'s affair, who does what `dispatcher`'s. Not what a lease or a store is.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

import structlog

from actors.pool.dispatcher import Dispatcher
from actors.pool.fleet import Fleet
from actors.pool.scaler import Scaler
from actors.pool.size import Shape
from actors.pool.supervisor import WorkerSupervisor
from actors.pool.task_table import TaskTable, TaskTableFullError
from actors.pool.throughput import MovingMean
from actors.pool.worker_factory import SegmenterFactory, WorkerFactory
from actors.pool.worker_proxy import WorkerProxy
from actors.tasks import Outcome, Task, TaskKind
from actors.version import POOL, version_of
from actors.worker.analyser import LIBRARY
from cluster.contract.wire.cluster import Pool as PoolSnapshot
from cluster.settings import Settings
from cluster.telemetry import logs

MAX_TASKS = 10_000  # bounds memory; bridges keep a window of a few tasks a video, so this is far away
CANCEL_WAIT_S = 10.0  # how long `cancel` waits for the work to end

log = structlog.get_logger(__name__)


class Pool:
    """One event loop; every method may be called many times at once."""

    def __init__(
        self, settings: Settings, analyser: str = LIBRARY, recruiter: WorkerFactory | None = None
    ) -> None:
        """`recruiter`: where segmenters come from, Ray if left out."""
        logs.configure(settings)
        self._settings = settings
        self._version = version_of(POOL, settings)
        self._recruiter = recruiter or SegmenterFactory(settings, analyser)
        self._overhead = MovingMean(0.0, memory=200)
        self._book = TaskTable(chunk_attempts=settings.actors.chunk_attempts, max_entries=MAX_TASKS)
        self._slots = Fleet(self._slot)
        self._dispatcher = Dispatcher(self._book, self._slots.staying)
        self._scaler = Scaler(settings, self._book, self._slots, self._dispatcher)
        self._stopping = False
        self._supervisor = asyncio.get_running_loop().create_task(self._scaler.run(), name="scaler")

    async def run(self, task: dict[str, Any]) -> dict[str, Any]:
        """Have a task done by some segmenter; an Outcome as dict. Asking twice for the same is harmless."""
        if self._stopping:
            return Outcome.unavailable("The pool is being stopped.").to_dict()
        asked = Task.from_dict(task)
        try:
            entry = self._book.submit(asked)
        except TaskTableFullError:
            return Outcome.unavailable(f"More than {MAX_TASKS} tasks wait in the pool.").to_dict()
        if asked.kind is TaskKind.CHUNK:
            self._scaler.chunk_s.add(asked.cost_s)
        self._dispatcher.dispatch()
        return (await asyncio.shield(entry.future)).to_dict()

    async def cancel(self, video_id: str, epoch: int) -> bool:
        """Give up the work asked for under this lease of the video or an older one.

        Returns when it has ended, and False if that takes longer than 10 s (it ends later then).
        """
        running = self._book.cancel(video_id, epoch)
        if not running:
            return True
        for member in self._slots.members():
            if member.entry in running:
                member.cancel()
        _, pending = await asyncio.wait([entry.future for entry in running], timeout=CANCEL_WAIT_S)
        return not pending

    async def report_backlog(self, backlog: dict[str, Any]) -> None:
        """`{"seconds": of video not analysed yet in the whole installation, "videos": n}`, every few seconds.

        The newest report counts, whoever made it, and for 30 s. `bridge` and `clips_s`: who reports, and how
        much work its own orders of clips are; these add up.
        """
        self._scaler.report(backlog)

    async def snapshot(self) -> PoolSnapshot:
        """The contract's `Pool`, for /cluster.

        `dispatch_ms` is what a task takes beyond the work itself once it has an actor, a moving mean.
        """
        return {
            "actors": self._slots.rows(),
            "wanted": self._slots.wanted,
            "queued": self._book.queued,
            "backlog_s": round(self._scaler.backlog_s, 3),
            "dispatch_ms": round(1000 * self._overhead.value, 3),
        }

    async def ping(self) -> dict[str, Any]:
        """Whose pool this is; `wanted` also sizes the bridges' windows."""
        return {"pid": os.getpid(), "version": self._version, "wanted": self._slots.wanted}

    async def stop(self) -> bool:
        """End all segmenters in order; tasks under way are cancelled, new ones refused."""
        self._stopping = True
        self._supervisor.cancel()
        self._slots.retire_all()
        for member in self._slots.members():
            if member.entry is not None:
                member.entry.cancelled = True
                member.cancel()
        return await self._slots.ended()

    def _slot(self, name: str, shape: Shape) -> WorkerSupervisor:
        return WorkerSupervisor(
            name,
            shape,
            self._member,
            book=self._book,
            dispatcher=self._dispatcher,
            overhead=self._overhead,
        )

    def _member(self, name: str, shape: Shape) -> WorkerProxy:
        return WorkerProxy(name, shape, self._settings, self._recruiter, self._slots.__len__)
