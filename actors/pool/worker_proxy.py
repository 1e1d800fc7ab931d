"""One slot of the pool: a segmenter process from its creation to its end, and the watch over it.

Knows Ray and the segmenter's lanes; not the queue, and not what a task is for.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import structlog
from ray.exceptions import RayError, RayTaskError

from actors.pool.matching import Availability
from actors.pool.size import Shape
from actors.pool.task_table import Entry
from actors.pool.throughput import Throughput
from actors.pool.watchdog import Watchdog, may_blame_the_work
from actors.pool.worker_factory import WorkerFactory
from actors.tasks import Outcome, Status, TaskKind
from cluster.contract.vocabulary import ActorState
from cluster.contract.wire.cluster import PoolActor
from cluster.settings import Settings

DESTROY_TIMEOUT_S = 5.0  # a retiring segmenter may take this long to end by itself
PINGS_PER_S = 20  # of all members together: a ping costs the pool as much as handing out a chunk
SEEN_FOR_S = 30.0  # who answers with its work need not be asked more often: memory changes slowly
OVERDUE = 2.0  # who takes so many times longer than expected is not counted on

log = structlog.get_logger(__name__)


class WorkerLostError(Exception):
    """The segmenter is gone or must go. `counted`: what it worked on may be the cause."""

    def __init__(self, reason: str, *, counted: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.counted = counted


class WorkerProxy:
    """A segmenter as the pool sees it: waiting (for a place on a node), starting, idle, working, lost.

    `throughput` is of the work itself; `overhead_s` what the last task took beyond it, from the moment
    `handed_at` (monotonic) at which there were both the task and the member, to its outcome here.
    """

    def __init__(
        self, name: str, shape: Shape, settings: Settings, recruiter: WorkerFactory, among: Callable[[], int]
    ) -> None:
        """Hires a segmenter at once. `among`: how many members there are."""
        self.name = name
        self.state: ActorState = "waiting"
        self.entry: Entry | None = None
        self.lost: asyncio.Future[WorkerLostError] = asyncio.get_running_loop().create_future()
        self.throughput = Throughput(settings.scaling.first_video_s_per_s)
        self.handed_at = 0.0
        self.overhead_s: float | None = None
        self._settings = settings.actors
        self._among = among
        self._since = time.monotonic()
        self._seen: dict[str, Any] = {}
        self._seen_at = self._worked_at = self._since
        self._health: Watchdog | None = None
        self._watch: asyncio.Task[None] | None = None
        self._recruiter = recruiter
        self._handle = recruiter.hire(shape)

    async def start(self) -> None:
        """Wait for a place on a node as long as it takes, then for the weights, `start_timeout_s` at most.

        WorkerLostError when it dies or takes too long.
        """
        self._seen = await self._answer(self._handle.ping.remote())
        self._health = Watchdog.born(time.monotonic(), self._settings.stuck_after_s)
        self._enter("starting")
        self._watch = asyncio.create_task(self._keep_watch(), name=f"watch {self.name}")
        try:
            await self._answer(self._handle.setup.remote(), timeout_s=self._settings.start_timeout_s)
        except RayTaskError as error:
            raise WorkerLostError(f"setup failed: {_cause(error)}", counted=False) from error
        self._enter("idle")

    @property
    def pid(self) -> int | None:
        """The segmenter's process, once it has answered."""
        return self._seen.get("pid")

    @property
    def node_id(self) -> str | None:
        """Ray's id of its node, once it has answered."""
        return self._seen.get("node_id")

    async def work(self, entry: Entry) -> Outcome:
        """Have a task done. WorkerLostError when the segmenter dies or stands still meanwhile."""
        assert self._health is not None
        self.entry = entry
        self._seen["frames_done"] = 0  # what was seen last is of another task
        self._enter("working")
        began = time.monotonic()
        self._health.took_work(began)
        try:
            values = await self._answer(self._handle.work.remote(entry.task.to_dict()))
        except RayTaskError as error:
            values = Outcome.crashed(_cause(error)).to_dict()
        ended = self._worked_at = time.monotonic()
        self._health.finished_work(ended)
        self.entry = None
        self._enter("idle")
        outcome = Outcome.from_dict(values)
        took_s = values.get("took_s")
        self.overhead_s = None if took_s is None else max(ended - self.handed_at - took_s, 0.0)
        is_measure = entry.task.kind is TaskKind.CHUNK and not outcome.result.get("repeated")
        if is_measure and outcome.status is Status.DONE:
            self.throughput.done(entry.task.cost_s, ended - began if took_s is None else took_s)
        return outcome

    def busy(self, now: float) -> Availability | None:
        """When it will be free, as far as that can be told: not of who was never measured or is overdue."""
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
        """Ask the segmenter to give up its work; the outcome tells when it has."""
        if self.entry is not None:
            self._handle.cancel.remote(self.entry.task.video_id, self.entry.epoch)

    def lose(self, reason: str, *, counted: bool) -> None:
        """Declare the segmenter gone; whoever waits for it hears so."""
        if not self.lost.done():
            self.lost.set_result(WorkerLostError(reason, counted=counted))

    async def close(self, *, orderly: bool) -> None:
        """End the process: after a bounded farewell when `orderly`, and with SIGKILL in any case.

        Ray's raylet sends SIGKILL to a process that has not left 5 s after `ray.kill`, one stopped by
        SIGSTOP included (measured on 2.60), so no process of ours outlives this for longer.
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
        self._recruiter.dismiss(self._handle)

    def row(self) -> PoolActor:
        """Its line in the snapshot. What a ping tells, such as `frames_done`, is as old as the last ping;
        `replaced` and `error` are the slot's to say.
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
        """Await a call on the segmenter; whatever ends the actor first ends the wait."""
        call = _follow(ref)
        await asyncio.wait({call, self.lost}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        if call.done():
            try:
                return call.result()
            except RayTaskError:
                raise
            except RayError as error:
                counted = await self._is_to_blame(error)
                raise WorkerLostError(_first_sentence(error), counted=counted) from error
        if self.lost.done():
            raise self.lost.result()
        raise WorkerLostError(f"no answer within {timeout_s:.0f} s", counted=False)

    def _ping_interval_s(self) -> float:
        """As in the settings; of very many members each is asked less often, but in time to find it stuck."""
        spread_s = min(self._among() / PINGS_PER_S, self._settings.stuck_after_s / 4)
        return max(self._settings.ping_interval_s, spread_s)

    def _needs_ping(self, interval_s: float) -> bool:
        """Whether it has answered neither with work nor otherwise for a while, or is to be reminded."""
        now = time.monotonic()
        reminded = self.entry is not None and self.entry.cancelled
        return reminded or now - self._worked_at >= interval_s or now - self._seen_at >= SEEN_FOR_S

    async def _is_to_blame(self, error: BaseException | None) -> bool:
        return await may_blame_the_work(error, self.node_id, lambda: _follow(self._handle.ping.remote()))

    async def _keep_watch(self) -> None:
        """Ping on the control lane, one at a time; declare the member lost when it stands still."""
        assert self._health is not None
        ping: asyncio.Future[Any] | None = None
        while not self.lost.done():
            interval_s = self._ping_interval_s()
            slept_at = time.monotonic()
            await asyncio.sleep(interval_s)
            self._health.excuse(time.monotonic() - slept_at - interval_s)
            if ping is None and not self._needs_ping(interval_s):
                continue
            if ping is None:
                ping = _follow(self._handle.ping.remote())
            await asyncio.wait({ping}, timeout=interval_s)
            if ping.done():
                try:
                    self._seen = ping.result()
                    self._seen_at = time.monotonic()
                    self._health.answered(self._seen["beat"], time.monotonic())
                    if self.entry is not None and self.entry.cancelled:
                        self.cancel()  # once more: the first may have come before the work had begun
                except RayError as error:
                    self.lose(_first_sentence(error), counted=await self._is_to_blame(error))
                ping = None
            verdict = self._health.verdict(time.monotonic())
            if verdict is not None:
                self.lose(verdict, counted=await self._is_to_blame(None))


def blank_row(name: str) -> PoolActor:
    """The line of a slot between two segmenters."""
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
    """A call's future. It may be abandoned: its late exception is then looked at here, by nobody else."""
    call: asyncio.Future[Any] = asyncio.wrap_future(ref.future())
    call.add_done_callback(lambda done: done.cancelled() or done.exception())
    return call


def _cause(error: RayTaskError) -> str:
    return f"{type(error.cause).__name__}: {error.cause}"


def _first_sentence(error: BaseException) -> str:
    """Ray's messages run over many lines; the class and the first line say what matters."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__
