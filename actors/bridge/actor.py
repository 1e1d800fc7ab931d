"""The Ray actor "bridge", which takes work from the queue and gives it to the pool.

Its threads: the consumer (doorbell → lease → ack), one for each piece of leased work in hand, the heartbeat
of all leases, the outbox relay, the reaper, the watch over the pool, imports and webhooks. Any number of
bridges may run, and there is no leader: leases and fencing tokens keep them apart. Work at intervals is
either claimed row by row (relay, imports, webhooks, clips) or idempotent (reaper, backlog). Knows Ray; the
work of a bridge is in `coordinator`, its construction in `assembly`.
"""

from __future__ import annotations

import os
from typing import Any

import ray
import structlog

from actors.bridge.assembly import assemble
from actors.oom_score import spare_this_process
from actors.version import BRIDGE, version_of
from actors.worker.analyser import LIBRARY
from cluster.settings import Settings
from cluster.telemetry import logs, tracing

log = structlog.get_logger(__name__)


class Bridge:
    """One bridge as a Ray actor. Starts to work in its constructor, so that a bridge restarted by Ray goes
    on.
    """

    def __init__(self, settings: Settings, analyser: str = LIBRARY) -> None:
        logs.configure(settings)
        spare_this_process()
        tracing.configure(settings.tracing, "bridge")
        self._version = version_of(BRIDGE, settings)
        self._coordinator = assemble(settings, analyser)
        self._coordinator.start()
        log.info("bridge started", owner=self._coordinator.owner, max_videos=settings.bridge.max_videos)

    def ping(self) -> dict[str, Any]:
        """The node, process and held work of this bridge."""
        return {
            "pid": os.getpid(),
            "node_id": ray.get_runtime_context().get_node_id(),
            "version": self._version,
            **self._coordinator.status(),
        }

    def stop(self) -> bool:
        """Orderly stop: hands every lease back, its attempt not counted. False when some could not be."""
        released = self._coordinator.stop()
        tracing.shutdown()
        log.info("bridge stopped", owner=self._coordinator.owner, released=released)
        return released
