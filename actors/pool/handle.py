"""Finds or creates the pool's actor, for the launcher and for bridges that find no pool.

Knows Ray's actor registry and the pool's options; does not know what the pool does.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import ray

from actors.detached import find_or_create
from actors.pool.actor import MAX_TASKS, Pool
from cluster.contract.actor_names import POOL_NAME
from cluster.settings import Settings

CONTROL_CALLS = 100
"""Calls at once beside the waiting tasks: cancellations, snapshots and pings."""


@lru_cache(maxsize=1)
def pool_class() -> Any:
    """The Ray actor class; as many calls at once as the pool holds tasks, and CONTROL_CALLS more."""
    # One concurrency group for all: Ray gives each group of an async actor an event loop and a thread of its
    # own (measured on 2.60), and a future awaited on one loop is not woken by code that runs on another.
    options: dict[str, Any] = {"max_concurrency": MAX_TASKS + CONTROL_CALLS}
    return ray.remote(**options)(Pool)


def find_or_create_pool(settings: Settings, analyser: str) -> Any:
    """The handle of this namespace's pool, which is created if there is none."""
    return find_or_create(pool_class(), POOL_NAME, settings.ray_namespace, settings, analyser)
