"""Where the pool is: its name, its options, and how to get hold of it.

Knows Ray's actor registry; used by whoever starts the application and by bridges that find no pool.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import ray

from actors.detached import find_or_create
from actors.pool.actor import MAX_TASKS, Pool
from cluster.contract.actor_names import POOL_NAME
from cluster.settings import Settings

CONTROL_CALLS = 100  # cancellations, snapshots and pings at once


@lru_cache(maxsize=1)
def pool_class() -> Any:
    """The Ray actor class, with room for control calls beside as many waiting tasks as the pool accepts.

    One concurrency group for all: Ray gives each group of an async actor an event loop and a thread of its
    own (measured on 2.60), and what awaits in one would never hear what is set in another.
    """
    options: dict[str, Any] = {"max_concurrency": MAX_TASKS + CONTROL_CALLS}
    return ray.remote(**options)(Pool)


def find_or_create_pool(settings: Settings, analyser: str) -> Any:
    """The handle of the pool of this namespace, created if there is none."""
    return find_or_create(pool_class(), POOL_NAME, settings.ray_namespace, settings, analyser)
