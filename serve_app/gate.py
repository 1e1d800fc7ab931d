"""How many big bodies one replica takes at a time.

Serve's proxy has no backpressure on request bodies: what is sent is in memory, whether it is read or not.
The gate bounds how many are, and turns the rest away with a 503 that says when to come again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio import CapacityLimiter

from serve_app.problems import Problem

MAX_POSTS = 4  # of up to 64 MiB each
MAX_PARTS = 16  # of up to 8 MiB each
# A writer holds one connection of the pool for its lock while it needs a second for its update.
MAX_WRITERS = 3
MAX_READERS = 8  # of media files; each for the moment it takes to read one block
WAIT_S = 2.0
BODY_IDLE_S = 60.0
"""A client that sends nothing for so long has gone, and its place in the gate is given to another."""


class Gate:
    """`places` requests at a time; others wait up to WAIT_S and then hear 503 `busy`."""

    def __init__(self, places: int) -> None:
        self._places = asyncio.Semaphore(places)

    @asynccontextmanager
    async def enter(self) -> AsyncIterator[None]:
        """Hold one place."""
        try:
            async with asyncio.timeout(WAIT_S):
                await self._places.acquire()
        except TimeoutError:
            raise Problem("busy", "As many uploads as this server takes are under way; try again.") from None
        try:
            yield
        finally:
            self._places.release()


class Gates:
    """The gates of one replica, and the threads behind them, apart from those of small requests."""

    def __init__(self) -> None:
        self.posts = Gate(MAX_POSTS)
        self.parts = Gate(MAX_PARTS)
        self.post_threads = CapacityLimiter(MAX_POSTS)
        self.writers = CapacityLimiter(MAX_WRITERS)
        self.readers = CapacityLimiter(MAX_READERS)


async def patiently(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The body's chunks; Problem `client_too_slow` when none comes for BODY_IDLE_S."""
    while True:
        try:
            async with asyncio.timeout(BODY_IDLE_S):
                chunk = await anext(body)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise Problem(
                "client_too_slow", f"Nothing was sent for {BODY_IDLE_S:.0f} s; send it again."
            ) from None
        yield chunk


async def read_small(body: AsyncIterator[bytes], max_bytes: int, what: str) -> bytearray:
    """A whole body of at most `max_bytes`; Problem `too_large` beyond it."""
    whole = bytearray()
    async for chunk in patiently(body):
        whole += chunk
        if len(whole) > max_bytes:
            raise Problem("too_large", f"{what} has at most {max_bytes} bytes.")
    return whole
