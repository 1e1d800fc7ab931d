"""One slot of the pool: a segmenter process from its creation to its end, and the watch over it.

Knows Ray and the segmenter's lanes; not the queue, and not what a task is for.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

import ray
import structlog
from ray.exceptions import RayError, RayTaskError

from actors.pool.book import Entry
from actors.pool.health import Health
from actors.pool.size import PoolSize
from actors.pool.tasks import Outcome
from actors.segmenter import segmenter_class
from cluster.settings import Settings

DESTROY_TIMEOUT_S = 5.0  # a retiring segmenter may take this long to end by itself

log = structlog.get_logger(__name__)


class MemberLostError(Exception):
    """The segmenter is gone or must go. `counted`: what it worked on may be the cause."""

    def __init__(self, reason: str, *, counted: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.counted = counted


class Member:
    """A segmenter as the pool sees it: waiting (for a place on a node), starting, idle, working, lost."""

    def __init__(self, name: str, settings: Settings, analyser: str, size: PoolSize) -> None:
        self.name = name
        self.state = "waiting"
        self.entry: Entry | None = None
        self.lost: asyncio.Future[MemberLostError] = asyncio.get_running_loop().create_future()
        self._settings = settings.actors
        self._since = time.monotonic()
        self._seen: dict[str, Any] = {}
        self._health: Health | None = None
        self._watch: asyncio.Task[None] | None = None
        self._handle = (
            segmenter_class()
            .options(num_gpus=size.num_gpus, num_cpus=0, max_restarts=0, scheduling_strategy="SPREAD")
            .remote(settings=settings, analyser=analyser, device=size.device, threads=size.threads)
        )

    async def start(self) -> None:
        """Wait for a place on a node as long as it takes, then for the weights, `start_timeout_s` at most.

        MemberLostError when it dies or takes too long.
        """
        self._seen = await self._answer(self._handle.ping.remote())
        self._health = Health.born(time.monotonic(), self._settings.stuck_after_s)
        self._enter("starting")
        self._watch = asyncio.create_task(self._keep_watch(), name=f"watch {self.name}")
        try:
            await self._answer(self._handle.setup.remote(), timeout_s=self._settings.start_timeout_s)
        except RayTaskError as error:
            raise MemberLostError(f"setup failed: {_cause(error)}", counted=False) from error
        self._enter("idle")

    @property
    def pid(self) -> int | None:
        """The segmenter's process, once it has answered."""
        return self._seen.get("pid")

    async def work(self, entry: Entry) -> Outcome:
        """Have a task done. MemberLostError when the segmenter dies or stands still meanwhile."""
        assert self._health is not None
        self.entry = entry
        self._enter("working")
        self._health.took_work(time.monotonic())
        try:
            values = await self._answer(self._handle.work.remote(entry.task.to_dict()))
        except RayTaskError as error:
            values = Outcome.crashed(_cause(error)).to_dict()
        self._health.finished_work(time.monotonic())
        self.entry = None
        self._enter("idle")
        return Outcome.from_dict(values)

    def cancel(self) -> None:
        """Ask the segmenter to give up its work; the outcome tells when it has."""
        if self.entry is not None:
            self._handle.cancel.remote(self.entry.task.video_id, self.entry.epoch)

    def lose(self, reason: str, *, counted: bool) -> None:
        """Declare the segmenter gone; whoever waits for it hears so."""
        if not self.lost.done():
            self.lost.set_result(MemberLostError(reason, counted=counted))

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
            except (MemberLostError, RayTaskError) as error:
                log.warning("segmenter did not end by itself", actor=self.name, reason=str(error))
        self._enter("lost")
        ray.kill(self._handle)

    def row(self) -> dict[str, Any]:
        """Its line in the snapshot. `frames_done` is as old as the last ping."""
        task = self.entry.task if self.entry else None
        return {
            "actor": self.name,
            "node": self._seen.get("node"),
            "pid": self._seen.get("pid"),
            "device": self._seen.get("device"),
            "state": self.state,
            "video_id": task.of_video if task else None,
            "kind": task.kind.value if task else None,
            "chunk": task.chunk if task and task.chunk >= 0 else None,
            "frames_done": self._seen.get("frames_done", 0) if task else 0,
            "since_s": round(time.monotonic() - self._since, 3),
        }

    def _enter(self, state: str) -> None:
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
                counted = not getattr(error, "preempted", False)
                raise MemberLostError(_first_sentence(error), counted=counted) from error
        if self.lost.done():
            raise self.lost.result()
        raise MemberLostError(f"no answer within {timeout_s:.0f} s", counted=False)

    async def _keep_watch(self) -> None:
        """Ping on the control lane, one at a time; declare the member lost when it stands still."""
        assert self._health is not None
        interval_s = self._settings.ping_interval_s
        ping: asyncio.Future[Any] | None = None
        while not self.lost.done():
            slept_at = time.monotonic()
            await asyncio.sleep(interval_s)
            self._health.excuse(time.monotonic() - slept_at - interval_s)
            if ping is None:
                ping = _follow(self._handle.ping.remote())
            await asyncio.wait({ping}, timeout=interval_s)
            if ping.done():
                try:
                    self._seen = ping.result()
                    self._health.answered(self._seen["beat"], time.monotonic())
                    if self.entry is not None and self.entry.cancelled:
                        self.cancel()  # once more: the first may have come before the work had begun
                except RayError as error:
                    self.lose(_first_sentence(error), counted=True)
                ping = None
            verdict = self._health.verdict(time.monotonic())
            if verdict is not None:
                self.lose(verdict, counted=True)


def blank_row(name: str) -> dict[str, Any]:
    """The line of a slot between two segmenters."""
    unknown = ("node", "pid", "device", "video_id", "kind", "chunk")
    return {"actor": name, "state": "restarting", "frames_done": 0, "since_s": 0.0, **dict.fromkeys(unknown)}


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
