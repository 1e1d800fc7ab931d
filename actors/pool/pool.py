"""The Ray actor "pool": N segmenters, one slot each, and the tasks of all videos dealt out to them fairly.

Every slot has a coroutine that keeps a segmenter alive and feeds it; a segmenter that dies or stands still is
replaced and its task goes back to the front of its video's queue. The segmenters are owned by this actor and
not detached: if it dies, Ray ends them (within 5 s, stopped ones too), and its successor starts its own.
Knows Ray; not what a lease or a store is.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

import ray
import structlog
from ray.exceptions import RayError

from actors.pool.backoff import Backoff
from actors.pool.book import Book, BookFullError, Entry
from actors.pool.member import Member, MemberLostError, blank_row
from actors.pool.size import PoolSize, pool_size
from actors.pool.tasks import Outcome, Status, Task
from actors.segmenter_analysis import LIBRARY
from cluster import logs
from cluster.settings import Settings

MAX_TASKS = 10_000  # bounds memory; bridges keep a window of a few tasks a video, so this is far away
RESIZE_INTERVAL_S = 5.0  # how often the cluster's resources are looked at
RESTART_FIRST_S, RESTART_LONGEST_S = 0.1, 30.0  # between a segmenter's death and its successor
CANCEL_WAIT_S = 10.0  # how long `cancel` waits for the work to end

log = structlog.get_logger(__name__)


class _Slot:
    """A place for one segmenter after the other."""

    def __init__(self, name: str, size: PoolSize) -> None:
        self.name = name
        self.size = size
        self.member: Member | None = None
        self.retiring = False
        self.error: str | None = None
        self.replaced = 0
        self.keeper: asyncio.Task[None] | None = None
        self._called: asyncio.Future[None] | None = None

    def retire(self) -> None:
        """No further segmenter, and no further task for the one it has."""
        self.retiring = True
        if self.member is not None and self.member.state in ("waiting", "starting"):
            self.member.lose("retired", counted=False)
        self.call()

    def call(self) -> None:
        """There may be something to do."""
        if self._called is not None and not self._called.done():
            self._called.set_result(None)

    async def wait_for_call(self, member: Member) -> None:
        """Until called, or until the segmenter is lost."""
        self._called = asyncio.get_running_loop().create_future()
        events: set[asyncio.Future[Any]] = {self._called, member.lost}
        await asyncio.wait(events, return_when=asyncio.FIRST_COMPLETED)


class Pool:
    """One event loop; every method may be called many times at once."""

    def __init__(self, settings: Settings, analyser: str = LIBRARY) -> None:
        logs.configure(settings)
        self._settings = settings
        self._analyser = analyser
        self._book = Book(chunk_attempts=settings.actors.chunk_attempts, max_entries=MAX_TASKS)
        self._slots: dict[str, _Slot] = {}
        self._idle: list[_Slot] = []
        self._wanted = 0
        self._births = 0
        self._stopping = False
        self._supervisor = asyncio.get_running_loop().create_task(self._supervise(), name="supervise")

    async def run(self, task: dict[str, Any]) -> dict[str, Any]:
        """Have a task done by some segmenter; an Outcome as dict. Asking twice for the same is harmless."""
        if self._stopping:
            return Outcome.unavailable("The pool is being stopped.").to_dict()
        try:
            entry = self._book.submit(Task.from_dict(task))
        except BookFullError:
            return Outcome.unavailable(f"More than {MAX_TASKS} tasks wait in the pool.").to_dict()
        self._wake()
        return (await asyncio.shield(entry.future)).to_dict()

    async def cancel(self, video_id: str, epoch: int) -> bool:
        """Give up the work asked for under this lease of the video or an older one.

        Returns when it has ended, and False if that takes longer than 10 s (it ends later then).
        """
        running = self._book.cancel(video_id, epoch)
        if not running:
            return True
        for member in self._members():
            if member.entry in running:
                member.cancel()
        _, pending = await asyncio.wait([entry.future for entry in running], timeout=CANCEL_WAIT_S)
        return not pending

    async def snapshot(self) -> dict[str, Any]:
        """What /cluster shows: `{"actors": [row, …], "wanted": n, "queued": n}`."""
        rows = []
        for slot in self._slots.values():
            row = slot.member.row() if slot.member else blank_row(slot.name)
            rows.append({**row, "replaced": slot.replaced, "error": slot.error})
        return {"actors": rows, "wanted": self._wanted, "queued": self._book.queued}

    async def ping(self) -> dict[str, Any]:
        """Whose pool this is; `wanted` also sizes the bridges' windows."""
        return {"pid": os.getpid(), "wanted": self._wanted}

    async def stop(self) -> bool:
        """End all segmenters in order; tasks under way are cancelled, new ones refused."""
        self._stopping = True
        self._supervisor.cancel()
        keepers = [slot.keeper for slot in self._slots.values() if slot.keeper]
        for slot in self._slots.values():
            slot.retire()
            if slot.member is not None and slot.member.entry is not None:
                slot.member.entry.cancelled = True
                slot.member.cancel()
        ended = await asyncio.gather(*keepers, return_exceptions=True)
        return not any(isinstance(result, BaseException) for result in ended)

    async def _supervise(self) -> None:
        """Keep as many slots as settings and cluster ask for."""
        while True:
            try:
                totals = await asyncio.to_thread(ray.cluster_resources)
            except RayError as error:
                log.warning("the cluster's resources are unknown", reason=type(error).__name__)
            else:
                gpus, cores = totals.get("GPU", 0.0), totals.get("CPU", 0.0)
                self._resize(pool_size(self._settings.actors, gpus=gpus, cores=cores))
            await asyncio.sleep(RESIZE_INTERVAL_S)

    def _resize(self, size: PoolSize) -> None:
        """Open slots that are missing, retire those that are too many or of another shape."""
        if size.actors != self._wanted:
            log.info("pool size", wanted=size.actors, num_gpus=size.num_gpus, threads=size.threads)
            self._wanted = size.actors
        fitting = [s for s in self._slots.values() if s.size == size and not s.retiring]
        for slot in self._slots.values():
            if slot not in fitting[: size.actors]:
                slot.retire()
        for _ in range(size.actors - len(fitting)):
            slot = _Slot(f"segmenter-{self._births}", size)
            self._births += 1
            self._slots[slot.name] = slot
            slot.keeper = asyncio.create_task(self._keep(slot), name=f"keep {slot.name}")

    async def _keep(self, slot: _Slot) -> None:
        """One segmenter after the other until the slot is retired."""
        backoff = Backoff(RESTART_FIRST_S, RESTART_LONGEST_S)
        while not slot.retiring:
            try:
                await self._live(slot, backoff)
            except Exception as error:  # for a fault of ours a slot must not be missing for good
                slot.error = f"{type(error).__name__}: {error}"
                log.exception("slot failed", actor=slot.name)
            slot.member = None
            if not slot.retiring:
                await asyncio.sleep(backoff.next_s())
        del self._slots[slot.name]

    async def _live(self, slot: _Slot, backoff: Backoff) -> None:
        """The life of one segmenter, from its creation to its end."""
        member = slot.member = Member(slot.name, self._settings, self._analyser, slot.size)
        orderly = False
        try:
            await member.start()
            slot.error = None
            while (entry := await self._next_entry(slot, member)) is not None:
                await self._serve(member, entry)
                backoff.reset()
            orderly = True
        except MemberLostError as error:
            if not slot.retiring:
                slot.error = error.reason
                slot.replaced += 1
                log.warning("segmenter lost", actor=slot.name, pid=member.pid, reason=error.reason)
        finally:
            await member.close(orderly=orderly)

    async def _serve(self, member: Member, entry: Entry) -> None:
        """Have one task done; whatever happens, the books know.

        After an exception nobody foresaw the process is not trusted any further (a broken CUDA context, for
        one, would fail every task to come): MemberLostError, so that it is replaced.
        """
        try:
            outcome = await member.work(entry)
            self._book.settle(entry, outcome)
        except MemberLostError as error:
            self._book.lost(entry, error.reason, counted=error.counted)
            raise
        except Exception as error:
            self._book.lost(entry, f"{type(error).__name__}: {error}", counted=True)
            raise
        finally:
            self._wake()
        if outcome.status is Status.CRASHED:
            raise MemberLostError(f"its work crashed: {outcome.message}", counted=False)

    async def _next_entry(self, slot: _Slot, member: Member) -> Entry | None:
        """The next task for this segmenter; None when its slot is retired."""
        while not slot.retiring:
            if member.lost.done():
                raise member.lost.result()
            entry = self._book.next()
            if entry is not None:
                return entry
            self._idle.append(slot)
            await slot.wait_for_call(member)
            if slot in self._idle:
                self._idle.remove(slot)
            elif slot.retiring or member.lost.done():
                self._wake()  # the call was for someone who can answer it
        return None

    def _wake(self) -> None:
        """There may be work: call one idle slot."""
        if self._idle:
            self._idle.pop(0).call()

    def _members(self) -> list[Member]:
        return [slot.member for slot in self._slots.values() if slot.member is not None]
