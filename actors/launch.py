"""Launches pool, fuser and bridges as detached Ray actors, which outlive this process.

`ensure` is idempotent: any number of processes may call it any number of times. The settings are passed to
the actors as an argument and not in a runtime environment, because Ray's dashboard shows runtime
environments, and with them the passwords in the settings' URLs. Knows what must be prepared first (schema,
indexes, queues); does not know how servers are started.

An update is the same call, made by a process with other code or other settings. It is a rolling replacement:
bridges are replaced one after the other while the rest works on. A bridge that ends hands its leases back, so
no attempt counts, and another bridge goes on at the first chunk that is not stored. Where the pool or the
fuser must be replaced, all bridges are stopped first and started again last, so that no bridge ever speaks to
a pool of another version or creates one with old settings; the start of the segmenters takes longer than that
anyway. The chunks that segmenters have in hand at that moment are done again.

The last rollout wins: a process that rolled out earlier and now finds actors of another version starts none
of its own beside them. What it started while the update ran is replaced like the rest.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

import ray
import structlog
from ray.exceptions import ActorUnavailableError, GetTimeoutError, RayError

from actors.bridge.actor import Bridge
from actors.detached import find_or_create
from actors.pool.handle import find_or_create_pool
from actors.version import BRIDGE, POOL, version_of
from actors.worker.analyser import LIBRARY
from actors.worker.fuser import find_or_create_fuser
from cluster.contract.actor_names import BRIDGE_NAME, FUSER_NAME, POOL_NAME
from cluster.errors import UnavailableError
from cluster.settings import Settings, get_settings
from cluster.stores.mongodb.results import Results
from cluster.stores.postgres.jobs import Jobs
from cluster.stores.rabbitmq.broker import declare_topology

BRIDGE_THREADS = 4
"""Calls at once on a bridge: pings, and one `stop`."""
ANSWER_TIMEOUT_S = 60.0
"""For a new actor's first answer: its process starts within seconds, and weights are loaded after it."""
STOP_TIMEOUT_S = 15.0
"""For each actor to stop in order; after it, the actor is killed."""
GONE_TIMEOUT_S = 10.0
"""For Ray to free the name of an actor that was killed."""
PING_INTERVAL_S = 1.0
"""Between pings of an actor that Ray is just restarting."""
VERSION_TIMEOUT_S = 60.0
"""For a running actor to tell its version; after it, the actor counts as outdated."""
ROUNDS = 3
"""Tries of an update, since another process may create actors of its own version at the same time."""

_rolled_out: set[tuple[str, str, str]] = set()
"""Versions that this process has rolled out, as (namespace, pool's, bridges'). Only the first call for a
version replaces actors, so that two processes of different versions never keep replacing each other's
actors."""

log = structlog.get_logger(__name__)


def ensure(settings: Settings | None = None, *, analyser: str = LIBRARY) -> dict[str, Any]:
    """Get or create "pool", "fuser" and the bridges in the namespace of the settings; check that they answer.

    `ray.init` must have been called. Called at intervals, it is the liveness probe of the bridges (which
    probe pool and fuser): a bridge that stands still is killed, so that Ray restarts it. Returns the handles
    by name. Raises UnavailableError when a store that must be prepared is away, or an actor does not answer.
    """
    settings = settings or get_settings()
    version = (settings.ray_namespace, version_of(POOL, settings), version_of(BRIDGE, settings))
    if version in _rolled_out:
        return _kept(settings, analyser)
    for _ in range(ROUNDS):
        _replace_outdated(settings, analyser)
        before = _running(settings)
        handles = _completed(before, settings, analyser)
        versions = {name: _answer(name, handle).get("version") for name, handle in handles.items()}
        if all(versions[name] == version_of(_kind(name), settings) for name in handles):
            _end_all([name for name in before if name not in handles], before, settings)
            _rolled_out.add(version)
            return handles
    raise UnavailableError(
        "Another process keeps starting actors with other code or settings under the same ray_namespace. End "
        "it, or give one of the two another namespace."
    )


def stop(settings: Settings | None = None) -> bool:
    """End all actors in order: hand leases back, end segmenters. False if any had to be killed."""
    settings = settings or get_settings()
    running = _running(settings)
    bridges = [name for name in running if _is_bridge(name)]
    ended = _end_all(bridges, running, settings)
    return _end_all([name for name in running if name not in bridges], running, settings) and ended


def leave(settings: Settings, node_id: str) -> bool:
    """Drain a node that is about to end: stop its bridges in order, so that others take over their work at
    once.

    The next call of `ensure` creates the missing bridges elsewhere. False if any had to be killed.
    """
    running = _running(settings)
    bridges = {name: handle for name, handle in running.items() if _is_bridge(name)}
    there = [name for name, told in _told(bridges).items() if told.get("node_id") == node_id]
    return _end_all(there, running, settings)


def prepare_stores(settings: Settings) -> None:
    """Create or migrate schema, indexes and queues; safe beside other processes that do the same.

    Raises UnavailableError when a store is away.
    """
    with Jobs(settings.postgres_url, max_connections=1) as jobs:
        jobs.migrate()
    with Results(settings.mongodb_url, settings.mongodb_database) as results:
        results.ensure_indexes()
    declare_topology(settings.rabbitmq_url)


def _kept(settings: Settings, analyser: str) -> dict[str, Any]:
    """Create the actors that are missing, unless another version was rolled out since."""
    running = _running(settings)
    others = [name for name, handle in running.items() if _is_outdated(name, _answer(name, handle), settings)]
    if others:
        missing = sorted({FUSER_NAME, POOL_NAME, BRIDGE_NAME} - running.keys())  # every version has these
        if missing:
            raise UnavailableError(
                f"Actors are missing ({', '.join(missing)}), and the others have other code or settings than "
                "this process: an update has not come to its end. Start it again, or this process."
            )
        log.warning("actors of another version are left alone", actors=sorted(others))
        return running
    handles = _completed(running, settings, analyser)
    for name in handles.keys() - running.keys():
        _answer(name, handles[name])
    return handles


def _completed(running: dict[str, Any], settings: Settings, analyser: str) -> dict[str, Any]:
    """The handles of all wanted actors; those that are missing are created."""
    names = (FUSER_NAME, POOL_NAME, *_bridge_names(settings))
    missing = sorted(set(names) - running.keys())
    if missing:
        prepare_stores(settings)
        log.info("actors created", actors=missing, namespace=settings.ray_namespace)
    return {name: running.get(name) or _create(name, settings, analyser) for name in names}


def _replace_outdated(settings: Settings, analyser: str) -> None:
    """Rolling replacement, as the module describes; the caller creates what is missing afterwards.

    An actor that does not answer counts as outdated: with its settings, no node may ever have had room for
    it.
    """
    running = _running(settings)
    outdated = [name for name, told in _told(running).items() if _is_outdated(name, told, settings)]
    if not outdated:
        return
    log.info("replacing actors of another version", actors=sorted(outdated))
    prepare_stores(settings)
    if all(_is_bridge(name) for name in outdated):
        for name in sorted(outdated):
            _end(name, running[name], settings)
            if name in _bridge_names(settings):
                _answer(name, _create(name, settings, analyser))
    else:
        bridges = [name for name in running if _is_bridge(name)]
        _end_all(bridges, running, settings)
        _end_all([name for name in outdated if name not in bridges], running, settings)


def _is_outdated(name: str, told: dict[str, Any], settings: Settings) -> bool:
    return told.get("version") != version_of(_kind(name), settings)


def _told(running: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The answers to pings, by actor name, all sent in parallel; an empty dict where none comes."""
    if not running:
        return {}
    with ThreadPoolExecutor(len(running)) as askers:
        return dict(zip(running, askers.map(_told_by, running, running.values()), strict=True))


def _told_by(name: str, handle: Any) -> dict[str, Any]:
    give_up_at = time.monotonic() + VERSION_TIMEOUT_S
    while True:
        try:
            return dict(ray.get(handle.ping.remote(), timeout=max(give_up_at - time.monotonic(), 0.1)))
        except (GetTimeoutError, RayError) as error:
            # ActorUnavailableError: Ray is just restarting it, and it may be of the right version.
            if not isinstance(error, ActorUnavailableError) or time.monotonic() > give_up_at:
                log.warning("actor says nothing", actor=name, reason=type(error).__name__)
                return {}
        time.sleep(PING_INTERVAL_S)


def _create(name: str, settings: Settings, analyser: str) -> Any:
    if name == FUSER_NAME:
        return find_or_create_fuser(settings, analyser)
    if name == POOL_NAME:
        return find_or_create_pool(settings, analyser)
    return find_or_create(
        _bridge_class(),
        name,
        settings.ray_namespace,
        settings,
        analyser,
        scheduling_strategy="SPREAD" if settings.bridge.spread else "DEFAULT",
    )


def _running(settings: Settings) -> dict[str, Any]:
    """The handles of this installation's actors that exist, whether they answer or not."""
    handles = {}
    for actor in ray.util.list_named_actors(all_namespaces=True):
        name = str(actor["name"])
        ours = name in (POOL_NAME, FUSER_NAME) or _is_bridge(name)
        if not ours or actor["namespace"] != settings.ray_namespace:
            continue
        try:
            handles[name] = ray.get_actor(name, namespace=settings.ray_namespace)
        except ValueError:
            log.debug("actor ended meanwhile", actor=name)
    return handles


def _bridge_names(settings: Settings) -> tuple[str, ...]:
    more = (f"{BRIDGE_NAME}-{number}" for number in range(1, settings.bridge.replicas))
    return (BRIDGE_NAME, *more)


def _is_bridge(name: str) -> bool:
    base, dash, number = name.partition("-")
    return base == BRIDGE_NAME and (number.isdecimal() if dash else True)


def _kind(name: str) -> str:
    return BRIDGE if _is_bridge(name) else POOL


def _end_all(names: Sequence[str], running: dict[str, Any], settings: Settings) -> bool:
    """End actors in parallel, so that no bridge takes what another one hands back. False if any was
    killed.
    """
    if not names:
        return True
    with ThreadPoolExecutor(len(names)) as enders:
        return all(list(enders.map(lambda name: _end(name, running[name], settings), names)))


def _end(name: str, handle: Any, settings: Settings) -> bool:
    """Stop an actor in order, kill it, and wait until its name is free. False if it did not stop in order."""
    orderly = True
    try:
        orderly = bool(ray.get(handle.stop.remote(), timeout=STOP_TIMEOUT_S))
    except (GetTimeoutError, RayError) as error:
        log.warning("actor ended by force", actor=name, reason=type(error).__name__)
        orderly = False
    ray.kill(handle, no_restart=True)
    give_up_at = time.monotonic() + GONE_TIMEOUT_S
    while name in _running(settings):
        if time.monotonic() > give_up_at:
            raise UnavailableError(f"Ray still lists the actor {name!r} although it was ended; try again.")
        time.sleep(0.05)
    return orderly


def _answer(name: str, handle: Any) -> dict[str, Any]:
    try:
        return dict(ray.get(handle.ping.remote(), timeout=ANSWER_TIMEOUT_S))
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
