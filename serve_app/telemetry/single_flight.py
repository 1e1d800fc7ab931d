"""One question for all who ask at the same time, asked anew for everybody who comes later.

An answer is never kept: it is given only to callers who came before it was asked for. Load is bounded all
the same, since one question at a time is under way and they begin some time apart. asyncio; does not know
what is asked.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """Call it for the answer of `ask`. Callers that come while one question is under way share the next one.

    Questions begin at least `interval_s` apart, so a caller may wait for that, for the rest of the question
    under way, and for its own. What `ask` raises is raised to each of its callers. One event loop.
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
        """The answer to a question that begins after this call."""
        if self._next is None:
            self._next = asyncio.create_task(self._after(self._under_way))
        return await asyncio.shield(self._next)  # a caller that goes does not take the others' answer along

    async def _after(self, earlier: asyncio.Task[T] | None) -> T:
        if earlier is not None:
            await asyncio.wait([earlier])
        pause_s = self._begun_at + self._interval_s - self._clock()
        if pause_s > 0:
            await self._sleep(pause_s)
        self._under_way, self._next = self._next, None
        self._begun_at = self._clock()
        return await self._ask()
