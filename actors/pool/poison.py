"""Poison-task detection: decides whether the loss of a worker counts against the task it was running.

A task that crashes its worker would crash the next one too, so losses are counted and the task fails after a
few (`task_table`). But a worker is also lost when its node goes, and Ray may report a worker as lost that is
only out of reach for a moment. Such losses say nothing about the task: counted, they would fail healthy
videos whenever a cluster shrinks. Knows Ray's exceptions and its table of nodes; knows no queue and no video.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import ray
from ray.exceptions import ActorUnavailableError, RayActorError, RayError

PROBE_INTERVAL_S = 0.5
"""Between probes of a worker that Ray calls unavailable: its state becomes clear within seconds."""
UNCLEAR_AT_MOST_S = 45.0
"""Probing ends after this time: Ray declares a node dead after five missed checks, of 3 s to 10 s each."""


async def counts_against_task(
    error: BaseException | None, node_id: str | None, probe: Callable[[], Awaitable[Any]]
) -> bool:
    """Whether the task may have caused the loss. True also where Ray cannot tell.

    False when the node was preempted or is gone, or when the worker turns out to be alive. `error`: what the
    call to the worker failed with, None if the worker stands still. `probe` calls the worker once more.
    """
    until = time.monotonic() + UNCLEAR_AT_MOST_S
    # ActorUnavailableError: the worker may be dead or only out of reach. Probe until Ray knows which.
    while isinstance(error, ActorUnavailableError) and time.monotonic() < until:
        await asyncio.sleep(PROBE_INTERVAL_S)
        try:
            await probe()
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
