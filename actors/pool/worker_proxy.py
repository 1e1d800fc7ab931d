"""Local proxy of one worker: a segmenter process from its creation to its end, with its liveness probe.

Every call to the process goes through the proxy, which turns a death or a standstill into one exception and
decides whether the task may be the cause. Knows Ray and the segmenter's lanes; does not know which task comes
next, nor what a task is for.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import structlog
from ray.exceptions import RayError, RayTaskError

from actors.pool.matching import Availability
from actors.pool.poison import counts_against_task
from actors.pool.size import Shape
from actors.pool.task_table import Entry
from actors.pool.throughput import Throughput
from actors.pool.watchdog import Watchdog
from actors.pool.worker_factory import WorkerFactory
from actors.tasks import Outcome, Status, TaskKind
from cluster.contract.vocabulary import ActorState
from cluster.contract.wire.cluster import PoolActor
from cluster.settings import Settings

DESTROY_TIMEOUT_S = 5.0
"""A retiring segmenter may take this long to end by itself; the call that asks it to, twice as long."""
PINGS_PER_S = 20
"""Pings of all workers together per second, at most: a ping costs the pool as much as assigning a chunk."""
SEEN_FOR_S = 30.0
"""A worker that keeps returning outcomes is pinged only this often: what a ping tells changes slowly."""
OVERDUE = 2.0
"""Ratio to the expected time of a task. Beyond it no estimate is given of when the worker will be idle."""

log = structlog.get_logger(__name__)


class WorkerLostError(Exception):
    """The worker is gone or must be replaced. `counted`: the loss counts against the task it was running."""

    def __init__(self, reason: str, *, counted: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.counted = counted


class WorkerProxy:
    """A worker as the pool sees it. `state`: waiting (for room on a node), starting, idle, working or lost.
    `work_s`: what the last task took, from its start to its outcome.

    `throughput` measures the work alone. `overhead_s` is what the last task took beyond it: from `handed_at`
    (monotonic seconds), when both the task and the worker were there, to the outcome in the pool.
    """

    def __init__(
        self, name: str, shape: Shape, settings: Settings, factory: WorkerFactory, among: Callable[[], int]
    ) -> None:
        """Starts the process at once. `among`: how many workers the pool has, which share its pings."""
        self.name = name
        self.state: ActorState = "waiting"
        self.entry: Entry | None = None
        self.lost: asyncio.Future[WorkerLostError] = asyncio.get_running_loop().create_future()
        self.throughput = Throughput(settings.scaling.first_video_s_per_s)
        self.handed_at = 0.0
        self.overhead_s: float | None = None
        self.work_s = 0.0
        self._settings = settings.actors
        self._among = among
        self._since = time.monotonic()
        self._seen: dict[str, Any] = {}
        self._seen_at = self._worked_at = self._since
        self._watchdog: Watchdog | None = None
        self._watch: asyncio.Task[None] | None = None
        self._factory = factory
        self._handle = factory.create(shape)

    async def start(self) -> None:
        """Wait until the process can take tasks: without limit for room on a node, then at most
        `start_timeout_s` for its weights. Raises WorkerLostError when it dies or takes too long.
        """
        self._seen = await self._answer(self._handle.ping.remote())
        self._watchdog = Watchdog.started(time.monotonic(), self._settings.stuck_after_s)
        self._enter("starting")
        self._watch = asyncio.create_task(self._probe(), name=f"watch {self.name}")
        try:
            await self._answer(self._handle.setup.remote(), timeout_s=self._settings.start_timeout_s)
        except RayTaskError as error:
            raise WorkerLostError(f"setup failed: {_cause(error)}", counted=False) from error
        self._enter("idle")

    @property
    def pid(self) -> int | None:
        """The segmenter's process id; None before its first answer."""
        return self._seen.get("pid")

    @property
    def node(self) -> str | None:
        """The name of its node; None before its first answer."""
        return self._seen.get("node")

    @property
    def node_id(self) -> str | None:
        """Ray's id of the segmenter's node; None before its first answer."""
        return self._seen.get("node_id")

    async def work(self, entry: Entry) -> Outcome:
        """Have the worker do a task. Raises WorkerLostError when it dies or stands still."""
        assert self._watchdog is not None
        self.entry = entry
        self._seen["frames_done"] = 0  # the last ping told of another task
        self._enter("working")
        began = time.monotonic()
        self._watchdog.took_work(began)
        try:
            values = await self._answer(self._handle.work.remote(entry.task.to_dict()))
        except RayTaskError as error:
            values = Outcome.crashed(_cause(error)).to_dict()
        ended = self._worked_at = time.monotonic()
        self._watchdog.finished_work(ended)
        self.entry = None
        self._enter("idle")
        outcome = Outcome.from_dict(values)
        took_s = values.get("took_s")
        self.work_s = ended - began if took_s is None else took_s
        self.overhead_s = None if took_s is None else max(ended - self.handed_at - took_s, 0.0)
        is_measure = entry.task.kind is TaskKind.CHUNK and not outcome.result.get("repeated")
        if is_measure and outcome.status is Status.DONE:
            self.throughput.done(entry.task.cost_s, self.work_s)
        return outcome

    def availability(self, now: float) -> Availability | None:
        """Speed and estimated time until idle; None if it was never measured or its task is overdue."""
        if not self.throughput.is_measured or self.state not in ("idle", "working"):
            return None
        if self.entry is None:
            return Availability(self.throughput.video_s_per_s, 0.0)
        expected_s = self.entry.task.cost_s / self.throughput.video_s_per_s
        taken_s = now - self._since
        if taken_s > OVERDUE * expected_s:
            return None
        return Availability(self.throughput.video_s_per_s, max(expected_s - taken_s, 0.0))

    def cancel(self) -> None:
        """Ask the segmenter to cancel its task, without waiting: `work` returns when it has."""
        if self.entry is not None:
            self._handle.cancel.remote(self.entry.task.video_id, self.entry.epoch)

    def lose(self, reason: str, *, counted: bool) -> None:
        """Declare the worker lost: calls that wait for it raise WorkerLostError. The first reason stands."""
        if not self.lost.done():
            self.lost.set_result(WorkerLostError(reason, counted=counted))

    async def close(self, *, orderly: bool) -> None:
        """End the process: if `orderly`, let it close its connections first, within bounds; then kill it.

        `ray.kill` asks the process to exit, and Ray's raylet sends SIGKILL to one that is still there 5 s
        later, even if SIGSTOP has stopped it (measured on Ray 2.60). So no process lives on for longer.
        """
        if self._watch is not None:
            self._watch.cancel()
        if orderly:
            try:
                await self._answer(
                    self._handle.destroy.remote(DESTROY_TIMEOUT_S), timeout_s=2 * DESTROY_TIMEOUT_S
                )
            except (WorkerLostError, RayTaskError) as error:
                log.warning("segmenter did not end by itself", actor=self.name, reason=str(error))
        self._enter("lost")
        self._factory.kill(self._handle)

    def row(self) -> PoolActor:
        """The worker's row in the snapshot. What a ping tells, such as `frames_done`, is as old as the last
        ping; the supervisor fills in `replaced` and `error`.
        """
        task = self.entry.task if self.entry else None
        return {
            "actor": self.name,
            "node": self._seen.get("node"),
            "node_id": self._seen.get("node_id"),
            "pid": self._seen.get("pid"),
            "device": self._seen.get("device"),
            "state": self.state,
            "video_id": task.of_video if task else None,
            "kind": task.kind.value if task else None,
            "chunk": task.chunk if task and task.chunk >= 0 else None,
            "frames_done": self._seen.get("frames_done", 0) if task else 0,
            "since_s": round(time.monotonic() - self._since, 3),
            "video_s_per_s": round(self.throughput.video_s_per_s, 3) if self.throughput.is_measured else None,
            "rss_bytes": self._seen.get("rss_bytes"),
            "gpu_bytes": self._seen.get("gpu_bytes"),
            "replaced": 0,
            "error": None,
        }

    def _enter(self, state: ActorState) -> None:
        self.state = state
        self._since = time.monotonic()

    async def _answer(self, ref: Any, timeout_s: float | None = None) -> Any:
        """Await a call on the segmenter. Raises WorkerLostError as soon as the worker is lost, or after
        `timeout_s`, and RayTaskError as the call does.
        """
        call = _follow(ref)
        await asyncio.wait({call, self.lost}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        if call.done():
            try:
                return call.result()
            except RayTaskError:
                raise
            except RayError as error:
                counted = await self._counts_against_task(error)
                raise WorkerLostError(_first_sentence(error), counted=counted) from error
        if self.lost.done():
            raise self.lost.result()
        raise WorkerLostError(f"no answer within {timeout_s:.0f} s", counted=False)

    def _ping_interval_s(self) -> float:
        """As set; longer where all workers together would exceed PINGS_PER_S, up to a quarter of the
        watchdog's time, so that a worker that stands still is found in time.
        """
        spread_s = min(self._among() / PINGS_PER_S, self._settings.stuck_after_s / 4)
        return max(self._settings.ping_interval_s, spread_s)

    def _needs_ping(self, interval_s: float) -> bool:
        """Whether nothing was heard of it for a while, or a cancellation must be repeated."""
        now = time.monotonic()
        remind = self.entry is not None and self.entry.cancelled
        return remind or now - self._worked_at >= interval_s or now - self._seen_at >= SEEN_FOR_S

    async def _counts_against_task(self, error: BaseException | None) -> bool:
        return await counts_against_task(error, self.node_id, lambda: _follow(self._handle.ping.remote()))

    async def _probe(self) -> None:
        """Liveness probe: ping on the control lane, one ping at a time, until the worker is lost."""
        assert self._watchdog is not None
        ping: asyncio.Future[Any] | None = None
        while not self.lost.done():
            interval_s = self._ping_interval_s()
            slept_at = time.monotonic()
            await asyncio.sleep(interval_s)
            self._watchdog.excuse(time.monotonic() - slept_at - interval_s)
            if ping is None and not self._needs_ping(interval_s):
                continue
            if ping is None:
                ping = _follow(self._handle.ping.remote())
            await asyncio.wait({ping}, timeout=interval_s)
            if ping.done():
                try:
                    self._seen = ping.result()
                    self._seen_at = time.monotonic()
                    self._watchdog.answered(self._seen["beat"], time.monotonic())
                    if self.entry is not None and self.entry.cancelled:
                        self.cancel()  # again: the first may have come before the task had begun
                except RayError as error:
                    self.lose(_first_sentence(error), counted=await self._counts_against_task(error))
                ping = None
            verdict = self._watchdog.verdict(time.monotonic())
            if verdict is not None:
                self.lose(verdict, counted=await self._counts_against_task(None))


def blank_row(name: str) -> PoolActor:
    """The snapshot's row of a supervisor that has no worker at the moment."""
    return {
        "actor": name,
        "node": None,
        "node_id": None,
        "pid": None,
        "device": None,
        "state": "lost",
        "video_id": None,
        "kind": None,
        "chunk": None,
        "frames_done": 0,
        "since_s": 0.0,
        "video_s_per_s": None,
        "rss_bytes": None,
        "gpu_bytes": None,
        "replaced": 0,
        "error": None,
    }


def _follow(ref: Any) -> asyncio.Future[Any]:
    """The future of a call to an actor. It may be abandoned: nobody awaits it then, so its exception is
    retrieved here, or asyncio would log it as never retrieved.
    """
    call: asyncio.Future[Any] = asyncio.wrap_future(ref.future())
    call.add_done_callback(lambda done: done.cancelled() or done.exception())
    return call


def _cause(error: RayTaskError) -> str:
    return f"{type(error.cause).__name__}: {error.cause}"


def _first_sentence(error: BaseException) -> str:
    """The exception's class and first line: Ray's messages have many lines, and the first says the cause."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__
