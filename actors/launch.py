"""Starts what runs on the cluster: pool, fuser and bridge, as detached Ray actors that outlive this process.

`ensure` may be called any number of times, by any number of processes. The settings travel to the actors as
an argument, not in a runtime environment, which Ray's dashboard would show with the passwords in its URLs.
Knows what must be there first (schema, indexes, queues); not how servers are started.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import ray
import structlog
from ray.exceptions import GetTimeoutError, RayError

from actors.bridge.bridge import Bridge
from actors.detached import find_or_create
from actors.fuser import FUSER_NAME, find_or_create_fuser
from actors.pool.handle import POOL_NAME, find_or_create_pool
from actors.segmenter_analysis import LIBRARY
from cluster.errors import UnavailableError
from cluster.settings import Settings, get_settings
from cluster.stores.broker import declare_topology
from cluster.stores.jobs import Jobs
from cluster.stores.results import Results

BRIDGE_NAME = "bridge"
BRIDGE_THREADS = 4  # calls at once: pings, and one `stop`
ANSWER_TIMEOUT_S = 60.0  # a process starts within seconds, also on a loaded machine; weights come later
STOP_TIMEOUT_S = 15.0  # for each actor; what has not ended by then is killed
_NAMES = (BRIDGE_NAME, POOL_NAME, FUSER_NAME)  # in the order in which they are stopped

log = structlog.get_logger(__name__)


def ensure(settings: Settings | None = None, *, analyser: str = LIBRARY) -> dict[str, Any]:
    """Get or create "pool", "fuser" and "bridge" in the namespace of the settings, and see that they answer.

    `ray.init` has been called. Called regularly, it is the watch over the bridge (which watches the others):
    one that stands still is killed, so that Ray starts it anew. Returns the handles by name.
    UnavailableError when a store is away that must be prepared, or an actor does not answer.
    """
    settings = settings or get_settings()
    handles = _running(settings)
    if len(handles) < len(_NAMES):
        prepare_stores(settings)
        handles = {
            FUSER_NAME: find_or_create_fuser(settings, analyser),
            POOL_NAME: find_or_create_pool(settings, analyser),
            BRIDGE_NAME: find_or_create_bridge(settings, analyser),
        }
        log.info("actors created", actors=sorted(handles), namespace=settings.ray_namespace)
    for name, handle in handles.items():
        _see_it_answer(name, handle)
    return handles


def stop(settings: Settings | None = None) -> bool:
    """End the actors in order: leases handed back, segmenters ended. False when it had to be by force."""
    settings = settings or get_settings()
    orderly = True
    handles = _running(settings)
    for name in _NAMES:
        handle = handles.get(name)
        if handle is None:
            continue
        try:
            orderly &= bool(ray.get(handle.stop.remote(), timeout=STOP_TIMEOUT_S))
        except (GetTimeoutError, RayError) as error:
            log.warning("actor ended by force", actor=name, reason=type(error).__name__)
            orderly = False
        ray.kill(handle, no_restart=True)
    return orderly


def prepare_stores(settings: Settings) -> None:
    """Schema, indexes and queues, whoever else does the same. UnavailableError when a store is away."""
    with Jobs(settings.postgres_url, max_connections=1) as jobs:
        jobs.migrate()
    with Results(settings.mongodb_url, settings.mongodb_database) as results:
        results.ensure_indexes()
    declare_topology(settings.rabbitmq_url)


def find_or_create_bridge(settings: Settings, analyser: str) -> Any:
    """The handle of the bridge of this namespace, created if there is none."""
    return find_or_create(_bridge_class(), BRIDGE_NAME, settings.ray_namespace, settings, analyser)


def _running(settings: Settings) -> dict[str, Any]:
    """The handles of those that exist, whether they answer or not."""
    handles = {}
    for name in _NAMES:
        try:
            handles[name] = ray.get_actor(name, namespace=settings.ray_namespace)
        except ValueError:
            log.debug("no such actor", actor=name)
    return handles


def _see_it_answer(name: str, handle: Any) -> None:
    try:
        ray.get(handle.ping.remote(), timeout=ANSWER_TIMEOUT_S)
    except GetTimeoutError as error:
        ray.kill(handle, no_restart=False)
        raise UnavailableError(
            f"The actor {name!r} did not answer for {ANSWER_TIMEOUT_S:.0f} s and is being restarted."
        ) from error
    except RayError as error:
        raise UnavailableError(f"The actor {name!r} is away ({type(error).__name__}).") from error


@lru_cache(maxsize=1)
def _bridge_class() -> Any:
    options: dict[str, Any] = {"max_concurrency": BRIDGE_THREADS}
    return ray.remote(**options)(Bridge)
