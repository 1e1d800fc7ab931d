"""Whether a segmenter is alive: what it answered, when, and whether it advanced since.

Ray notices a process that died, never one that stands still (SIGSTOP, a dead lock, an endless loop in a
decoder). So two clocks run: since the last answer on the control lane, and, while it has work, since the
last sign of progress. Knows no Ray; times are seconds of any monotonic clock, passed in.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import ray
from ray.exceptions import ActorUnavailableError, RayActorError, RayError


@dataclass(slots=True)
class Watchdog:
    """One actor's pulse. `beat` is a number that changes whenever the actor advances."""

    stuck_after_s: float
    answered_at: float
    advanced_at: float
    beat: int = -1
    busy: bool = False

    @classmethod
    def born(cls, now: float, stuck_after_s: float) -> Watchdog:
        """An actor that has just answered for the first time."""
        return cls(stuck_after_s=stuck_after_s, answered_at=now, advanced_at=now)

    def took_work(self, now: float) -> None:
        """It was given a task: the clock of progress starts anew."""
        self.busy = True
        self.advanced_at = now

    def finished_work(self, now: float) -> None:
        """It answered with an outcome, which is an answer too."""
        self.busy = False
        self.answered_at = self.advanced_at = now

    def answered(self, beat: int, now: float) -> None:
        """It answered a ping."""
        self.answered_at = now
        if beat != self.beat:
            self.beat = beat
            self.advanced_at = now

    def excuse(self, lag_s: float) -> None:
        """The watcher itself stood still for so long: that time counts for neither clock."""
        self.answered_at += lag_s
        self.advanced_at += lag_s

    def verdict(self, now: float) -> str | None:
        """Why the actor must be replaced, or None while it is well."""
        if now - self.answered_at > self.stuck_after_s:
            return f"no answer for {now - self.answered_at:.0f} s"
        if self.busy and now - self.advanced_at > self.stuck_after_s:
            return f"no progress for {now - self.advanced_at:.0f} s"
        return None


ASK_AGAIN_S = 0.5
UNSURE_AT_MOST_S = 45.0  # Ray gives a node up after five missed checks, of 3 s to 10 s each


async def may_blame_the_work(
    error: BaseException | None, node_id: str | None, ask: Callable[[], Awaitable[Any]]
) -> bool:
    """False when the node was taken away or has gone, or the actor lives after all; True where Ray knows no
    better. `error` is what it was lost with (None: it stands still); `ask` calls the actor once more.
    """
    until = time.monotonic() + UNSURE_AT_MOST_S
    while isinstance(error, ActorUnavailableError) and time.monotonic() < until:
        await asyncio.sleep(ASK_AGAIN_S)
        try:
            await ask()
        except RayError as newer:
            error = newer
        else:
            return False
    if isinstance(error, RayActorError) and error.preempted:
        return False
    return node_id is None or await _is_alive(node_id)


async def _is_alive(node_id: str) -> bool:
    try:
        nodes = await asyncio.to_thread(ray.nodes)
    except RayError:
        return True
    return any(node["NodeID"] == node_id and node["Alive"] for node in nodes)
