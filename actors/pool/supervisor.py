"""Supervises one worker process at a time and replaces it when it dies.

The supervisor starts the worker, feeds it tasks from the dispatcher, reports each outcome or loss to the task
table, and pauses longer after each worker in a row that did no task. Retired, it drains: the worker finishes
its task and ends.
Knows the life of a worker and the task table; knows no Ray, and not how many workers are wanted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from actors import metrics
from actors.pool.dispatcher import Dispatcher
from actors.pool.history import History
from actors.pool.size import Shape
from actors.pool.task_table import Entry, TaskTable
from actors.pool.throughput import MovingMean
from actors.pool.worker_proxy import WorkerLostError, WorkerProxy, blank_row
from actors.tasks import Outcome, Status, TaskKind
from cluster.backoff import Backoff
from cluster.contract.vocabulary import ActorState
from cluster.contract.wire.cluster import PoolActor

RESTART_FIRST_S, RESTART_LONGEST_S = 0.1, 30.0
"""Back-off between the loss of a worker and the start of the next one: at once after a single crash, seldom
where every start fails."""

log = structlog.get_logger(__name__)


class WorkerSupervisor:
    """`start_worker` starts a process and returns its proxy. `overhead_s` collects the overhead of tasks,
    `history` frames and losses.
    """

    def __init__(
        self,
        name: str,
        shape: Shape,
        start_worker: Callable[[str, Shape], WorkerProxy],
        *,
        table: TaskTable,
        dispatcher: Dispatcher,
        overhead_s: MovingMean,
        history: History,
    ) -> None:
        self.name = name
        self.shape = shape
        self.worker: WorkerProxy | None = None
        self.error: str | None = None
        self.replaced = 0
        self._start_worker = start_worker
        self._table = table
        self._dispatcher = dispatcher
        self._overhead_s = overhead_s
        self._history = history
        self._retired = asyncio.Event()

    @property
    def retiring(self) -> bool:
        """Whether it takes no further task and starts no further worker."""
        return self._retired.is_set()

    @property
    def state(self) -> ActorState:
        """Its worker's: waiting, starting, idle, working or lost; or draining: at work on its last task."""
        if self.worker is None:
            return "lost"
        return "draining" if self.retiring and self.worker.state == "working" else self.worker.state

    def retire(self) -> None:
        """Drain: the worker finishes the task it has, then ends; one that is not ready yet ends at once."""
        self._retired.set()
        if self.worker is not None:
            if self.worker.state in ("waiting", "starting"):
                self.worker.lose("retired", counted=False)
            self._dispatcher.withdraw(self.worker)

    def revive(self) -> bool:
        """Cancel the retirement while the worker still drains. False when it is too late."""
        if self.state != "draining":
            return False
        self._retired.clear()
        return True

    def row(self) -> PoolActor:
        """Its row in the snapshot."""
        row = self.worker.row() if self.worker else blank_row(self.name)
        return {**row, "state": self.state, "replaced": self.replaced, "error": self.error}

    async def run(self) -> None:
        """Run one worker after the other until retired."""
        backoff = Backoff(RESTART_FIRST_S, RESTART_LONGEST_S)
        while not self.retiring:
            try:
                await self._run_worker(backoff)
            except Exception as error:  # a bug here must not cost the pool one worker for good
                self.error = f"{type(error).__name__}: {error}"
                log.exception("supervisor failed", actor=self.name)
            self.worker = None
            if not self.retiring:
                await self._pause(backoff.next_s())

    async def _pause(self, pause_s: float) -> None:
        """Sleep; a retirement ends it."""
        try:
            async with asyncio.timeout(pause_s):
                await self._retired.wait()
        except TimeoutError:
            return

    async def _run_worker(self, backoff: Backoff) -> None:
        """One worker, from its start to its end."""
        worker = self.worker = self._start_worker(self.name, self.shape)
        worker.lost.add_done_callback(lambda _: self._dispatcher.withdraw(worker))
        orderly = False
        video_id = None  # of the task in hand
        try:
            await worker.start()
            self.error = None
            while not self.retiring:
                if worker.lost.done():
                    raise worker.lost.result()
                entry = await self._dispatcher.next_entry(worker)
                if entry is not None:
                    video_id = entry.task.of_video
                    await self._serve(worker, entry)
                    backoff.reset()
                    video_id = None
            orderly = True
        except WorkerLostError as error:
            if not self.retiring:
                self.error = error.reason
                self.replaced += 1
                metrics.ACTORS_LOST.add()
                self._history.lost(self.name, worker.node, video_id, error.reason)
                log.warning("segmenter lost", actor=self.name, pid=worker.pid, reason=error.reason)
        finally:
            await worker.close(orderly=orderly)

    async def _serve(self, worker: WorkerProxy, entry: Entry) -> None:
        """Have the worker do one task, and report to the task table whatever happens.

        After an unforeseen exception the process is replaced (WorkerLostError): it may be damaged, as by a
        broken CUDA context, which would fail every later task too.
        """
        try:
            outcome = await self._work(worker, entry)
            metrics.TASKS.add(kind=entry.task.kind.value, status=outcome.status.value)
            if entry.task.kind is TaskKind.CHUNK and outcome.status is Status.DONE:
                # A chunk that was stored before is not analysed again, and tells no frames.
                self._history.worked(outcome.result.get("frames", 0), worker.work_s)
            self._table.settle(entry, outcome, worker.node_id)
        except WorkerLostError as error:
            metrics.TASKS_LOST.add(kind=entry.task.kind.value)
            self._table.lost(entry, error.reason, counted=error.counted, node_id=worker.node_id)
            raise
        except Exception as error:
            self._table.lost(entry, f"{type(error).__name__}: {error}", counted=True)
            raise
        finally:
            self._dispatcher.dispatch()
        if outcome.status is Status.CRASHED:
            raise WorkerLostError(f"its work crashed: {outcome.message}", counted=False)

    async def _work(self, worker: WorkerProxy, entry: Entry) -> Outcome:
        # The loop ran on between the assignment and now: the task may be cancelled, or the worker gone.
        if entry.cancelled:
            return Outcome.cancelled()
        if worker.lost.done():
            raise WorkerLostError(worker.lost.result().reason, counted=False)
        if self.retiring:
            raise WorkerLostError("retired", counted=False)
        outcome = await worker.work(entry)
        if worker.overhead_s is not None:
            self._overhead_s.add(worker.overhead_s)
            metrics.DISPATCH_S.observe(worker.overhead_s)
        return outcome
