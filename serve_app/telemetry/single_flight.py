"""Single-flight: callers that arrive during a call share the next call.

An answer is not cached: it goes only to callers that arrived before its call began. The load is bounded all
the same, because one call at a time runs and calls begin at least an interval apart. For asyncio; does not
know what is called.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """Coalesces calls of `ask`. Callers that arrive while `ask` runs share its next run.

    Runs begin at least `interval_s` apart. So a caller waits for the rest of the current run, for the
    interval, and for its own run. An exception of `ask` is raised in each caller of that run. One event loop.
    """

    def __init__(
        self,
        ask: Callable[[], Awaitable[T]],
        interval_s: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._ask = ask
        self._interval_s = interval_s
        self._clock = clock
        self._sleep = sleep
        self._begun_at = float("-inf")
        self._under_way: asyncio.Task[T] | None = None
        self._next: asyncio.Task[T] | None = None

    async def __call__(self) -> T:
        """The result of a run of `ask` that begins after this call."""
        if self._next is None:
            self._next = asyncio.create_task(self._after(self._under_way))
        return await asyncio.shield(self._next)  # cancelling one caller must not cancel the shared run

    async def _after(self, earlier: asyncio.Task[T] | None) -> T:
        if earlier is not None:
            await asyncio.wait([earlier])
        pause_s = self._begun_at + self._interval_s - self._clock()
        if pause_s > 0:
            await self._sleep(pause_s)
        self._under_way, self._next = self._next, None
        self._begun_at = self._clock()
        return await self._ask()
