"""The Ray actor "bridge": between the queue and the pool.

Its threads: the consumer (doorbell → lease → ack), one for each piece of leased work in hand, the heartbeat
of all leases, the outbox relay, the reaper, the watch over the pool, imports and webhooks. Any number of
bridges may run, none of them first: leases and fencing keep them apart, and whatever is done at intervals is
either claimed row by row (relay, imports, webhooks, clips) or comes out the same however often it is done
(reaper, backlog). Knows Ray's side of it; what a bridge does is in `coordinator`, how one is made in
`assembly`.
"""

from __future__ import annotations

import os
from typing import Any

import ray
import structlog

from actors.bridge.assembly import assemble
from actors.version import BRIDGE, version_of
from actors.worker.analyser import LIBRARY
from cluster.settings import Settings
from cluster.telemetry import logs, tracing

log = structlog.get_logger(__name__)


class Bridge:
    """Begins to work when constructed, so that a bridge Ray has restarted goes on by itself."""

    def __init__(self, settings: Settings, analyser: str = LIBRARY) -> None:
        logs.configure(settings)
        tracing.configure(settings.tracing, "bridge")
        self._version = version_of(BRIDGE, settings)
        self._coordinator = assemble(settings, analyser)
        self._coordinator.start()
        log.info("bridge started", owner=self._coordinator.owner, max_videos=settings.bridge.max_videos)

    def ping(self) -> dict[str, Any]:
        """Who this is and what it holds."""
        return {
            "pid": os.getpid(),
            "node_id": ray.get_runtime_context().get_node_id(),
            "version": self._version,
            **self._coordinator.status(),
        }

    def stop(self) -> bool:
        """An orderly end: every lease handed back, its attempt not counted. False when some could not be."""
        released = self._coordinator.stop()
        tracing.shutdown()
        log.info("bridge stopped", owner=self._coordinator.owner, released=released)
        return released
