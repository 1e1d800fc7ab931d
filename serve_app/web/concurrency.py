"""Concurrency limits of one replica, in all and for each client, and read deadlines of request bodies.

Serve's proxy has no back-pressure on request bodies: a body is in memory whether it is read or not. So the
number of requests with large bodies is limited, and the others are refused with 503 and `Retry-After`. A body
must arrive at a minimum rate, so that a client that stopped sending does not keep its place.
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

MAX_POSTS = 4  # requests with a file of up to 64 MiB each
MAX_PARTS = 16  # requests with a part of an upload, up to 8 MiB each
MAX_WRITERS = 3
"""Threads that write parts. Each holds two PostgreSQL connections: one for its lock, one for its update."""
MAX_FINISHERS = 2
"""Threads that make videos of complete uploads. Each holds two connections, as a writer does."""
MAX_READERS = 8  # threads that read media files; one is held only while one block is read
MAX_BATCHES = 4  # requests with up to 8 MiB of JSON each, which take many times as much memory when parsed
MAX_PREVIEWS = 3  # the fuser makes one preview at a time
MAX_LISTENERS = 500
"""Open event streams: well below `serve_app.app.MAX_ONGOING_REQUESTS`, so that other requests get through."""
MAX_LISTENERS_OF_ONE = 100  # open event streams of one client
_RESERVED_DIVISOR = 4
"""One of four places is not given to a client that holds all the others, so that other clients get one."""
WAIT_S = 2.0
"""Time for which a request waits for a place before it is refused."""
BODY_IDLE_S = 60.0
"""Longest pause between two chunks of a body. After it the request is refused and its place becomes free."""
BODY_GRACE_S = 30.0
"""Time that a body of any size may take, added to the time that its bytes take at BODY_BYTES_S."""
BODY_BYTES_S = 16 << 10
"""Lowest rate of a body in bytes a second: that of a poor mobile connection."""


@dataclass(slots=True)
class _Own:
    """The places of one client; kept while the client holds or waits for at least one."""

    places: asyncio.Semaphore
    requests: int = 0


class ConcurrencyLimiter:
    """Limits concurrent requests to `places`. Others wait up to WAIT_S and then raise Problem `busy` (503).

    One client gets at most all but a fourth of the places, and at least one. `what` names the requests in the
    message. One event loop.
    """

    def __init__(self, places: int, what: str = "uploads") -> None:
        self._places = asyncio.Semaphore(places)
        self._of_one = max(1, places - max(1, places // _RESERVED_DIVISOR))
        self._own: dict[str, _Own] = {}
        self._what = what

    @asynccontextmanager
    async def enter(self, who: str) -> AsyncIterator[None]:
        """Hold one place for the client `who`, see `serve_app.access.callers.client_id`."""
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
    """Limits open event streams: `places` in all, `of_one` for each client. Refuses without a wait."""

    def __init__(self, places: int, of_one: int) -> None:
        self._places = places
        self._of_one = of_one
        self._listening: Counter[str] = Counter()

    @contextmanager
    def place(self, who: str) -> Iterator[None]:
        """One place for the client `who`. Problem `rate_limited` beyond `of_one`, `busy` beyond `places`."""
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
    """All concurrency limits of one replica, and its thread limits for files.

    Small requests use other threads, so file transfers do not hold them up.
    """

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
    """The result of `work`, which goes on when the caller is cancelled; the caller then waits for its end.

    Serve cancels the request of a client that leaves, but its threads go on. The request must hold its places
    until they have ended.
    """
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # read it, so that asyncio does not log it as never retrieved
        raise


async def patiently(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The body's chunks, with a deadline for each and for all.

    Raises Problem `client_too_slow` when no chunk comes for BODY_IDLE_S, or when the waits for all chunks
    exceed BODY_GRACE_S plus the time that their bytes take at BODY_BYTES_S. Only waits for the client count,
    not the work between two chunks.
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
    """A whole body of at most `max_bytes`. Problem `too_large` beyond; `what` names it in the message."""
    whole = bytearray()
    async for chunk in patiently(body):
        whole += chunk
        if len(whole) > max_bytes:
            raise Problem("too_large", f"{what} has at most {max_bytes} bytes.")
    return whole
