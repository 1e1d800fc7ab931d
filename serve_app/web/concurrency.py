"""How much of what is costly or lasts long one replica takes at a time, and how much of it from one caller.

Serve's proxy has no backpressure on request bodies: what is sent is in memory, whether it is read or not.
The gates bound how many are, and turn the rest away with an answer that says when to come again. Bodies have
to come at a pace, so that nobody holds a place for nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from anyio import CapacityLimiter

from serve_app.web.problems import RETRY_AFTER_S, Problem

T = TypeVar("T")

MAX_POSTS = 4  # of up to 64 MiB each
MAX_PARTS = 16  # of up to 8 MiB each
# A writer holds one connection of the pool for its lock while it needs a second for its update.
MAX_WRITERS = 3
MAX_FINISHERS = 2  # likewise
MAX_READERS = 8  # of media files; each for the moment it takes to read one block
MAX_BATCHES = 4  # of up to 8 MiB of JSON each, which are many times as much in memory
MAX_PREVIEWS = 3  # the fuser makes one after the other
MAX_LISTENERS = 500  # well below what Serve hands to one replica: requests that end have to get through
MAX_LISTENERS_OF_ONE = 100
_KEPT_PART = 4  # one of so many places is kept for others than who has all the rest
WAIT_S = 2.0
BODY_IDLE_S = 60.0
"""A client that sends nothing for so long has gone, and its place in the gate is given to another."""
BODY_GRACE_S = 30.0
BODY_BYTES_S = 16 << 10
"""The slowest pace at which a body may come, beyond the grace: that of a poor mobile connection."""


@dataclass(slots=True)
class _Own:
    """The places of one caller, known while it has or waits for any."""

    places: asyncio.Semaphore
    requests: int = 0


class ConcurrencyLimiter:
    """`places` requests at a time; others wait up to WAIT_S and then hear 503 `busy`.

    One caller gets all but a fourth of the places, one at least.
    """

    def __init__(self, places: int, what: str = "uploads") -> None:
        self._places = asyncio.Semaphore(places)
        self._of_one = max(1, places - max(1, places // _KEPT_PART))
        self._own: dict[str, _Own] = {}
        self._what = what

    @asynccontextmanager
    async def enter(self, who: str) -> AsyncIterator[None]:
        """Hold one place for `who`, see `serve_app.access.callers.client_id`."""
        own = self._own.setdefault(who, _Own(asyncio.Semaphore(self._of_one)))
        own.requests += 1
        try:
            async with self._one_of(own.places, "yours"), self._one_of(self._places, "all"):
                yield
        finally:
            own.requests -= 1
            if not own.requests:
                del self._own[who]

    @asynccontextmanager
    async def _one_of(self, places: asyncio.Semaphore, whose: str) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(WAIT_S):
                await places.acquire()
        except TimeoutError:
            raise Problem(
                "busy",
                f"As many {self._what} as this server takes are under way ({whose} counted); try again.",
            ) from None
        try:
            yield
        finally:
            places.release()


class ListenerLimiter:
    """Who listens to events, for hours maybe: `places` in all, `of_one` of each caller."""

    def __init__(self, places: int, of_one: int) -> None:
        self._places = places
        self._of_one = of_one
        self._listening: Counter[str] = Counter()

    @contextmanager
    def place(self, who: str) -> Iterator[None]:
        """One place for `who`. Problem `rate_limited` beyond those of one caller, `busy` beyond all."""
        if self._listening[who] >= self._of_one:
            raise Problem(
                "rate_limited",
                f"You listen to {self._of_one} streams of events already; end some, or ask now and then.",
                headers={"Retry-After": str(RETRY_AFTER_S)},
            )
        if self._listening.total() >= self._places:
            raise Problem("busy", "As many listen to events as this server takes; ask now and then instead.")
        self._listening[who] += 1
        try:
            yield
        finally:
            self._listening[who] -= 1
            if not self._listening[who]:
                del self._listening[who]


class ConcurrencyLimits:
    """The gates of one replica, and the threads behind them, apart from those of small requests."""

    def __init__(self) -> None:
        self.posts = ConcurrencyLimiter(MAX_POSTS)
        self.parts = ConcurrencyLimiter(MAX_PARTS)
        self.batches = ConcurrencyLimiter(MAX_BATCHES, "batches")
        self.previews = ConcurrencyLimiter(MAX_PREVIEWS, "previews")
        self.listeners = ListenerLimiter(MAX_LISTENERS, MAX_LISTENERS_OF_ONE)
        self.post_threads = CapacityLimiter(MAX_POSTS)
        self.writers = CapacityLimiter(MAX_WRITERS)
        self.readers = CapacityLimiter(MAX_READERS)


async def run_to_completion(work: Coroutine[Any, Any, T]) -> T:
    """What `work` gives. A request whose client leaves is cancelled, and its threads go on all the same: it
    keeps its places until they have ended.
    """
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # nobody is left to hear of it
        raise


async def patiently(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The body's chunks. Problem `client_too_slow` when none comes for BODY_IDLE_S, or all of them together
    take longer than BODY_GRACE_S and their bytes at BODY_BYTES_S. What is done between chunks takes nothing
    from the client's time.
    """
    received_bytes, waited_s = 0, 0.0
    while True:
        left_s = BODY_GRACE_S + received_bytes / BODY_BYTES_S - waited_s
        asked_at = time.monotonic()
        try:
            async with asyncio.timeout(min(BODY_IDLE_S, left_s)):
                chunk = await anext(body)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise Problem(
                "client_too_slow",
                f"{received_bytes} bytes came, and then none in time; send it again, in smaller parts over a "
                "slow connection.",
            ) from None
        waited_s += time.monotonic() - asked_at
        received_bytes += len(chunk)
        yield chunk


async def read_small(body: AsyncIterator[bytes], max_bytes: int, what: str) -> bytearray:
    """A whole body of at most `max_bytes`; Problem `too_large` beyond it."""
    whole = bytearray()
    async for chunk in patiently(body):
        whole += chunk
        if len(whole) > max_bytes:
            raise Problem("too_large", f"{what} has at most {max_bytes} bytes.")
    return whole
