"""Whether the work a segmenter had in hand may be why it is gone: not if its whole node went.

A spot node vanishes at any moment, and no video shall be failed for it. Knows Ray's errors and its table of
nodes; not what is done with the answer.

When a process dies, Ray says so at once (ActorDiedError). When its raylet dies with it, Ray first says
"unavailable", and only after some missed health checks that the node has died (measured on 2.60: 13 s).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import ray
from ray.exceptions import ActorUnavailableError, RayActorError, RayError

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
