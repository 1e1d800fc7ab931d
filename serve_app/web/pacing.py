"""Back-pressure on responses: sends a file at a bounded rate, after a first burst.

Serve's proxy has none: every byte that a replica has read and the client has not yet taken is in memory.
Knows no file.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator

from anyio import CapacityLimiter, to_thread

BURST_BYTES = 32 << 20  # sent without a pause, so that seeking and short clips are not slowed down
RATE_BYTES_S = 32 << 20  # bytes a second after that: more than playing a film of any bit rate needs


async def paced(
    blocks: Iterator[bytes],
    threads: CapacityLimiter,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> AsyncIterator[bytes]:
    """The blocks, the first BURST_BYTES at once and the rest at RATE_BYTES_S.

    Each block is read on one of `threads`; no thread is held between two blocks. Tests pass their own `clock`
    and `sleep`, both in seconds.
    """
    began = clock()
    sent = 0
    reading = True
    try:
        while block := await to_thread.run_sync(next, blocks, b"", limiter=threads):
            reading = False
            ahead_s = (sent - BURST_BYTES) / RATE_BYTES_S - (clock() - began)
            if ahead_s > 0:
                await sleep(ahead_s)
            sent += len(block)
            yield block
            reading = True
    finally:
        # A read that was cancelled goes on in its thread, which the generator cannot be closed from under;
        # it is closed when that thread lets go of it.
        if isinstance(blocks, Generator) and not reading:
            blocks.close()
