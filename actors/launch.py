"""Starts what runs on the cluster: pool, fuser and bridges, as detached Ray actors that outlive this process.

`ensure` may be called any number of times, by any number of processes. The settings travel to the actors as
an argument, not in a runtime environment, which Ray's dashboard would show with the passwords in its URLs.
Knows what must be there first (schema, indexes, queues); not how servers are started.

An update is the same call by a process that has other code or other settings: what runs with others is then
replaced in order. Bridges hand their leases back, so no attempt counts and another bridge goes on at the
first chunk that is not stored. They are replaced one after the other while the rest works on. Where pool or
fuser are to be replaced, all bridges are stopped first and begin again last: no bridge ever speaks to a pool
of another version, nor makes a new one with old settings, and the segmenters' start takes longer than that
anyway. What a segmenter has in hand at that moment, a chunk, is done again.

Whoever rolled out last counts: a process that did so before, and finds actors of another version now, starts
none of its own beside them. What it started in the very moment of the update is replaced like all the rest.
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

BRIDGE_THREADS = 4  # calls at once: pings, and one `stop`
ANSWER_TIMEOUT_S = 60.0  # a process starts within seconds, also on a loaded machine; weights come later
STOP_TIMEOUT_S = 15.0  # for each actor; what has not ended by then is killed
GONE_TIMEOUT_S = 10.0  # for Ray to forget the name of an actor that was killed
ASK_AGAIN_S = 1.0
VERSION_TIMEOUT_S = 60.0  # who has not said what it is by then is replaced
ROUNDS = 3  # of an update, in which another process may bring up what it has

_rolled_out: set[tuple[str, str, str]] = set()
"""What this process has brought up: only its first call for a version replaces or ends others, so that two
processes of different versions never take turns at replacing each other's actors.
"""

log = structlog.get_logger(__name__)


def ensure(settings: Settings | None = None, *, analyser: str = LIBRARY) -> dict[str, Any]:
    """Get or create "pool", "fuser" and the bridges in the namespace of the settings; see that they answer.

    `ray.init` has been called. Called regularly, it is the watch over the bridges (which watch the others):
    one that stands still is killed, so that Ray starts it anew. Returns the handles by name.
    UnavailableError when a store is away that must be prepared, or an actor does not answer.
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
    """End the actors in order: leases handed back, segmenters ended. False when it had to be by force."""
    settings = settings or get_settings()
    running = _running(settings)
    bridges = [name for name in running if _is_bridge(name)]
    ended = _end_all(bridges, running, settings)
    return _end_all([name for name in running if name not in bridges], running, settings) and ended


def leave(settings: Settings, node_id: str) -> bool:
    """End the bridges of a node that is about to end, in order: the others take up at once what they had.
    They are missed, and made anew elsewhere, by whoever calls `ensure`. False when it had to be by force.
    """
    running = _running(settings)
    bridges = {name: handle for name, handle in running.items() if _is_bridge(name)}
    there = [name for name, told in _told(bridges).items() if told.get("node_id") == node_id]
    return _end_all(there, running, settings)


def prepare_stores(settings: Settings) -> None:
    """Schema, indexes and queues, whoever else does the same. UnavailableError when a store is away."""
    with Jobs(settings.postgres_url, max_connections=1) as jobs:
        jobs.migrate()
    with Results(settings.mongodb_url, settings.mongodb_database) as results:
        results.ensure_indexes()
    declare_topology(settings.rabbitmq_url)


def _kept(settings: Settings, analyser: str) -> dict[str, Any]:
    """What is missing is made anew, unless another version was rolled out since."""
    running = _running(settings)
    others = [name for name, handle in running.items() if _is_outdated(name, _answer(name, handle), settings)]
    if others:
        missing = sorted({FUSER_NAME, POOL_NAME, BRIDGE_NAME} - running.keys())  # which every version has
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
    """The handles of all there shall be; those that are missing are created."""
    names = (FUSER_NAME, POOL_NAME, *_bridge_names(settings))
    missing = sorted(set(names) - running.keys())
    if missing:
        prepare_stores(settings)
        log.info("actors created", actors=missing, namespace=settings.ray_namespace)
    return {name: running.get(name) or _create(name, settings, analyser) for name in names}


def _replace_outdated(settings: Settings, analyser: str) -> None:
    """See the module. What is missing afterwards is the caller's to create.

    Who does not answer counts as outdated: it may never have found a place with the settings it has.
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
    """The answers to pings by name, all asked at once; empty where none comes."""
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
            # One that Ray is just starting again is not silent, and may be of the right version.
            if not isinstance(error, ActorUnavailableError) or time.monotonic() > give_up_at:
                log.warning("actor says nothing", actor=name, reason=type(error).__name__)
                return {}
        time.sleep(ASK_AGAIN_S)


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
    """The handles of those that exist, whether they answer or not."""
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
    """All at once, so that what one bridge hands back no other takes meanwhile; False if any was forced."""
    if not names:
        return True
    with ThreadPoolExecutor(len(names)) as enders:
        return all(list(enders.map(lambda name: _end(name, running[name], settings), names)))


def _end(name: str, handle: Any, settings: Settings) -> bool:
    """End one in order, and see that its name is free; False when it had to be by force."""
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
