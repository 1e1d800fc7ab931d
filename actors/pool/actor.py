"""The Ray actor "pool": assigns the tasks of all videos to segmenter processes and keeps those running.

One supervisor for each wanted worker keeps a segmenter process alive and feeds it; a process that dies or
hangs is replaced, and its task goes back to the front of its video's queue. The segmenters are owned by this
actor and are not detached: when it dies, Ray ends them (within 5 s, stopped ones too) and its successor
starts new ones, so no process is left without a pool. The number of workers is set in `scaler`, the choice
of the next task in `dispatcher`. Knows no lease and no store.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

import structlog

from actors.oom_score import spare_this_process
from actors.pool.dispatcher import Dispatcher
from actors.pool.fleet import Fleet
from actors.pool.history import History
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

MAX_TASKS = 10_000
"""Tasks in the pool at once. Bounds memory; bridges submit a few tasks a video, so they stay far below."""
CANCEL_WAIT_S = 10.0
"""`cancel` waits this long for running tasks to end, then answers that they have not."""
OVERHEAD_MEMORY = 200
"""Tasks that the mean dispatch overhead covers: enough to smooth it, few enough to follow the load."""

log = structlog.get_logger(__name__)


class Pool:
    """Runs on one event loop, so it needs no locks. Any number of calls may be under way at once."""

    def __init__(
        self, settings: Settings, analyser: str = LIBRARY, factory: WorkerFactory | None = None
    ) -> None:
        """`factory` starts the worker processes; without one they are segmenters on this Ray."""
        logs.configure(settings)
        spare_this_process()
        self._settings = settings
        self._version = version_of(POOL, settings)
        self._factory = factory or SegmenterFactory(settings, analyser)
        self._overhead_s = MovingMean(0.0, memory=OVERHEAD_MEMORY)
        self._history = History()
        self._table = TaskTable(chunk_attempts=settings.actors.chunk_attempts, max_entries=MAX_TASKS)
        self._fleet = Fleet(self._new_supervisor)
        self._dispatcher = Dispatcher(self._table, self._fleet.staying)
        self._scaler = Scaler(settings, self._table, self._fleet, self._dispatcher)
        self._stopping = False
        self._scaling = asyncio.get_running_loop().create_task(self._scaler.run(), name="scaler")

    async def run(self, task: dict[str, Any]) -> dict[str, Any]:
        """Have a worker do a task; returns an Outcome as dict. Idempotent: equal tasks run once."""
        if self._stopping:
            return Outcome.unavailable("The pool is being stopped.").to_dict()
        asked = Task.from_dict(task)
        try:
            entry = self._table.submit(asked)
        except TaskTableFullError:
            return Outcome.unavailable(f"More than {MAX_TASKS} tasks wait in the pool.").to_dict()
        if asked.kind is TaskKind.CHUNK:
            self._scaler.chunk_s.add(asked.cost_s)
        self._dispatcher.dispatch()
        return (await asyncio.shield(entry.future)).to_dict()

    async def cancel(self, video_id: str, epoch: int) -> bool:
        """Cancel the tasks that were requested under this lease of the video or an older one.

        Returns True when they have ended, False if that takes longer than 10 s (they end later then).
        """
        running = self._table.cancel(video_id, epoch)
        if not running:
            return True
        for worker in self._fleet.workers():
            if worker.entry in running:
                worker.cancel()
        _, pending = await asyncio.wait([entry.future for entry in running], timeout=CANCEL_WAIT_S)
        return not pending

    async def report_backlog(self, backlog: dict[str, Any]) -> None:
        """Take a bridge's report of outstanding work; bridges send one every few seconds.

        `{"seconds": of video not analysed yet in the whole installation, "videos": n}`: the newest report
        replaces those of all bridges, and is valid for 30 s. `bridge` and `clips_s`: the reporter, and the
        work of its own orders of clips; these are summed over the bridges.
        """
        self._scaler.report(backlog)

    async def snapshot(self) -> PoolSnapshot:
        """The state of the pool for /cluster, as the contract's `Pool`.

        `dispatch_ms` is the overhead of a task, as a moving mean: its time from the moment a worker is free
        for it to its outcome, less the work itself.
        """
        return {
            "actors": self._fleet.rows(),
            "wanted": self._fleet.wanted,
            "queued": self._table.queued,
            "backlog_s": round(self._scaler.backlog_s, 3),
            "dispatch_ms": round(1000 * self._overhead_s.value, 3),
            "history": self._history.rates(),
            "losses": self._history.losses(),
        }

    async def ping(self) -> dict[str, Any]:
        """Process and version, for liveness probes and updates; `wanted` sizes the windows of the bridges."""
        return {"pid": os.getpid(), "version": self._version, "wanted": self._fleet.wanted}

    async def stop(self) -> bool:
        """End all segmenters: running tasks are cancelled, new ones refused. False if one did not end."""
        self._stopping = True
        self._scaling.cancel()
        self._fleet.retire_all()
        for worker in self._fleet.workers():
            if worker.entry is not None:
                worker.entry.cancelled = True
                worker.cancel()
        return await self._fleet.ended()

    def _new_supervisor(self, name: str, shape: Shape) -> WorkerSupervisor:
        return WorkerSupervisor(
            name,
            shape,
            self._new_worker,
            table=self._table,
            dispatcher=self._dispatcher,
            overhead_s=self._overhead_s,
            history=self._history,
        )

    def _new_worker(self, name: str, shape: Shape) -> WorkerProxy:
        return WorkerProxy(name, shape, self._settings, self._factory, self._fleet.__len__)
