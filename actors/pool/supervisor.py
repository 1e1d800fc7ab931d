"""A place for one segmenter after the other: hired, fed, watched, replaced, and in the end not any more.

Knows a member's life and the books; not how many places there are, nor Ray.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from actors import metrics
from actors.pool.dispatcher import Dispatcher
from actors.pool.size import Shape
from actors.pool.task_table import Entry, TaskTable
from actors.pool.throughput import MovingMean
from actors.pool.worker_proxy import WorkerLostError, WorkerProxy, blank_row
from actors.tasks import Outcome, Status
from cluster.backoff import Backoff
from cluster.contract.vocabulary import ActorState
from cluster.contract.wire.cluster import PoolActor

RESTART_FIRST_S, RESTART_LONGEST_S = 0.1, 30.0  # between a segmenter's death and its successor

log = structlog.get_logger(__name__)


class WorkerSupervisor:
    """`hire` makes its members. `overhead` is told what each task took beyond the work itself."""

    def __init__(
        self,
        name: str,
        shape: Shape,
        hire: Callable[[str, Shape], WorkerProxy],
        *,
        book: TaskTable,
        dispatcher: Dispatcher,
        overhead: MovingMean,
    ) -> None:
        self.name = name
        self.shape = shape
        self.member: WorkerProxy | None = None
        self.error: str | None = None
        self.replaced = 0
        self._hire = hire
        self._book = book
        self._dispatcher = dispatcher
        self._overhead = overhead
        self._retired = asyncio.Event()

    @property
    def retiring(self) -> bool:
        """It takes no further task and no further member."""
        return self._retired.is_set()

    @property
    def state(self) -> ActorState:
        """Its member's: waiting, starting, idle, working, lost; draining is to work for the last time."""
        if self.member is None:
            return "lost"
        return "draining" if self.retiring and self.member.state == "working" else self.member.state

    def retire(self) -> None:
        """Let its member finish what it has, and end."""
        self._retired.set()
        if self.member is not None:
            if self.member.state in ("waiting", "starting"):
                self.member.lose("retired", counted=False)
            self._dispatcher.withdraw(self.member)

    def revive(self) -> bool:
        """Take the retirement back, if its member still works."""
        if self.state != "draining":
            return False
        self._retired.clear()
        return True

    def row(self) -> PoolActor:
        """Its line in the snapshot."""
        row = self.member.row() if self.member else blank_row(self.name)
        return {**row, "state": self.state, "replaced": self.replaced, "error": self.error}

    async def keep(self) -> None:
        """One segmenter after the other until the slot is retired."""
        backoff = Backoff(RESTART_FIRST_S, RESTART_LONGEST_S)
        while not self.retiring:
            try:
                await self._live(backoff)
            except Exception as error:  # for a fault of ours a slot must not be missing for good
                self.error = f"{type(error).__name__}: {error}"
                log.exception("slot failed", actor=self.name)
            self.member = None
            if not self.retiring:
                await self._pause(backoff.next_s())

    async def _pause(self, pause_s: float) -> None:
        """Wait, but not for who is retired meanwhile."""
        try:
            async with asyncio.timeout(pause_s):
                await self._retired.wait()
        except TimeoutError:
            return

    async def _live(self, backoff: Backoff) -> None:
        """The life of one segmenter, from its creation to its end."""
        member = self.member = self._hire(self.name, self.shape)
        member.lost.add_done_callback(lambda _: self._dispatcher.withdraw(member))
        orderly = False
        try:
            await member.start()
            self.error = None
            while not self.retiring:
                if member.lost.done():
                    raise member.lost.result()
                entry = await self._dispatcher.next_entry(member)
                if entry is not None:
                    await self._serve(member, entry)
                    backoff.reset()
            orderly = True
        except WorkerLostError as error:
            if not self.retiring:
                self.error = error.reason
                self.replaced += 1
                metrics.ACTORS_LOST.add()
                log.warning("segmenter lost", actor=self.name, pid=member.pid, reason=error.reason)
        finally:
            await member.close(orderly=orderly)

    async def _serve(self, member: WorkerProxy, entry: Entry) -> None:
        """Have one task done; whatever happens, the books know.

        After an exception nobody foresaw the process is not trusted any further (a broken CUDA context, for
        one, would fail every task to come): WorkerLostError, so that it is replaced.
        """
        try:
            outcome = await self._work(member, entry)
            metrics.TASKS.add(kind=entry.task.kind.value, status=outcome.status.value)
            self._book.settle(entry, outcome, member.node_id)
        except WorkerLostError as error:
            metrics.TASKS_LOST.add(kind=entry.task.kind.value)
            self._book.lost(entry, error.reason, counted=error.counted, node_id=member.node_id)
            raise
        except Exception as error:
            self._book.lost(entry, f"{type(error).__name__}: {error}", counted=True)
            raise
        finally:
            self._dispatcher.dispatch()
        if outcome.status is Status.CRASHED:
            raise WorkerLostError(f"its work crashed: {outcome.message}", counted=False)

    async def _work(self, member: WorkerProxy, entry: Entry) -> Outcome:
        """Between the handing over and now, the loop may have learnt that it is not to be."""
        if entry.cancelled:
            return Outcome.cancelled()
        if self.retiring or member.lost.done():
            raise WorkerLostError("retired", counted=False)
        outcome = await member.work(entry)
        if member.overhead_s is not None:
            self._overhead.add(member.overhead_s)
            metrics.DISPATCH_S.observe(member.overhead_s)
        return outcome
