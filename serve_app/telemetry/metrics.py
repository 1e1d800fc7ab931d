"""Prometheus metrics of the API, exported in two ways: by /metrics and by Ray's exporter.

Each replica records what it counts itself (requests, uploads, event streams) in both. On /metrics the label
`replica` tells replicas apart, because a scrape through Serve's proxy reaches one of them. Ray's exporter
has all replicas of its node (`ray_scenestream_…`); dashboards and alerts read that one. The state of the
servers is in both as well: /metrics needs a key, which cannot be checked while PostgreSQL does not answer;
Ray's exporter needs none. Numbers from the stores are the same on every replica: they are read at a scrape
and cached for STORES_KEPT_S. Knows routes only by their templates.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import prometheus_client
from cachetools import TTLCache, cached
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from cluster.telemetry import metering

CONTENT_TYPE = CONTENT_TYPE_LATEST
STORES_KEPT_S = 5.0
"""Age up to which the stores' numbers are used again: the count of videos by state reads the whole table."""
# Other methods are counted as "other": every new value of a label makes a new time series.
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
_LATENCY_BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

REQUESTS = metering.Counter("scenestream_http_requests", "Requests answered", ("method", "route", "status"))
LATENCY = metering.Histogram(
    "scenestream_http_request_seconds",
    "Time from the first byte of a request to the last of its response",
    _LATENCY_BOUNDS_S,
    ("method", "route"),
)
UPLOAD_BYTES = metering.Counter("scenestream_upload_bytes", "Bytes of files that came in")
UPLOADS_ACTIVE = metering.Gauge(
    "scenestream_uploads_active", "Requests whose file is coming in", ("replica",)
)
UPLOADS_FAILED = metering.Counter(
    "scenestream_uploads_failed", "Such requests that were refused", ("status",)
)
RATE_LIMITED = metering.Counter("scenestream_rate_limited", "Requests turned away as too many")
LISTENERS = metering.Gauge("scenestream_event_listeners", "Streams of events that are open", ("replica",))
SERVER_UP = metering.Gauge(
    "scenestream_server_up", "1 where a replica reaches a server, 0 where it does not", ("replica", "server")
)

TABLE: tuple[metering.Instrument, ...] = (
    REQUESTS, LATENCY, UPLOAD_BYTES, UPLOADS_ACTIVE, UPLOADS_FAILED, RATE_LIMITED, LISTENERS, SERVER_UP,
)  # fmt: skip
"""All metrics that a replica counts itself."""

BY_STATE = {
    "scenestream_videos": "Videos by state",
    "scenestream_imports": "Imports by state",
    "scenestream_webhook_deliveries": "Deliveries to webhooks by state",
}
ALONE = {
    "scenestream_queue_depth": "Doorbells waiting in RabbitMQ",
    "scenestream_dead_letters": "Messages nobody could handle",
    "scenestream_backlog_seconds": "Seconds of video that are not analysed",
    "scenestream_backlog_videos": "Videos that wait or are in flight",
}


@dataclass(frozen=True, slots=True)
class StoreFigures:
    """Numbers read from the stores: by state (names of BY_STATE), and single ones (names of ALONE).

    Numbers of a store that did not answer are missing.
    """

    by_state: dict[str, dict[str, int]]
    alone: dict[str, float]


class _Child(Protocol):
    def inc(self, amount: float = 1) -> None: ...
    def dec(self, amount: float = 1) -> None: ...


class Metrics:
    """The registry of one replica. `look` reads the stores; it blocks."""

    def __init__(self, look: Callable[[], StoreFigures]) -> None:
        self.replica = secrets.token_hex(4)
        self._registry = CollectorRegistry()
        self._requests = self._counter(REQUESTS)
        self._latency = prometheus_client.Histogram(
            LATENCY.name, LATENCY.description, ("replica", *LATENCY.tags), buckets=LATENCY.bounds,
            registry=self._registry,
        )  # fmt: skip
        self._upload_bytes = self._counter(UPLOAD_BYTES)
        self._uploads_failed = self._counter(UPLOADS_FAILED)
        self._rate_limited = self._counter(RATE_LIMITED)
        self.uploads = _InProgressGauge(UPLOADS_ACTIVE, self.replica, self._registry)
        self.listeners = _InProgressGauge(LISTENERS, self.replica, self._registry)
        self._server_up = prometheus_client.Gauge(
            SERVER_UP.name, SERVER_UP.description, SERVER_UP.tags, registry=self._registry
        )
        # With a condition, scrapes that come while the stores are asked wait for that answer and share it.
        kept = cached(TTLCache(1, STORES_KEPT_S), condition=threading.Condition())(look)
        self._registry.register(_StoreCollector(kept))

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request. `route` is the template ("" when none matched), `status` 0 when cut off."""
        method = method if method in _METHODS else "other"
        self._requests.labels(self.replica, method, route, str(status)).inc()
        REQUESTS.add(method=method, route=route, status=str(status))
        self._latency.labels(self.replica, method, route).observe(seconds)
        LATENCY.observe(seconds, method=method, route=route)
        if status == 429:
            self._rate_limited.labels(self.replica).inc()
            RATE_LIMITED.add()

    def uploaded(self, bytes_: int, status: int) -> None:
        """A request with (a part of) a file has ended; `status` 0 when it was cut off."""
        self._upload_bytes.labels(self.replica).inc(bytes_)
        UPLOAD_BYTES.add(bytes_)
        if not 200 <= status < 300:
            self._uploads_failed.labels(self.replica, str(status)).inc()
            UPLOADS_FAILED.add(status=str(status))

    def reached(self, servers: Mapping[str, bool]) -> None:
        """Record which servers answer this replica, by name.

        Call it regularly: a series that is not updated disappears.
        """
        for server, is_up in servers.items():
            self._server_up.labels(self.replica, server).set(float(is_up))
            SERVER_UP.set(float(is_up), replica=self.replica, server=server)

    def render(self) -> bytes:
        """All metrics in the text exposition format. Blocks on the stores, so call it from a thread."""
        return generate_latest(self._registry)

    def _counter(self, told: metering.Instrument) -> prometheus_client.Counter:
        return prometheus_client.Counter(
            told.name, told.description, ("replica", *told.tags), registry=self._registry
        )


class _InProgressGauge:
    """Gauge of work in progress, in the replica's registry and in Ray's. One event loop."""

    def __init__(self, gauge: metering.Gauge, replica: str, registry: CollectorRegistry) -> None:
        own = prometheus_client.Gauge(gauge.name, gauge.description, ("replica",), registry=registry)
        self._child: _Child = own.labels(replica)
        self._gauge = gauge
        self._replica = replica
        self._count = 0

    def begin(self) -> None:
        """One more."""
        self._changed(1)

    def end(self) -> None:
        """One less."""
        self._changed(-1)

    def _changed(self, by: int) -> None:
        self._count += by
        self._child.inc(by)
        self._gauge.set(self._count, replica=self._replica)


class _StoreCollector(Collector):
    def __init__(self, look: Callable[[], StoreFigures]) -> None:
        self._look = look

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """The stores' numbers, at every scrape. A number that is not known is absent, not zero."""
        seen = self._look()
        for name, counts in seen.by_state.items():
            found = GaugeMetricFamily(name, BY_STATE[name], labels=("state",))
            for state, count in counts.items():
                found.add_metric((state,), count)
            yield found
        for name, value in seen.alone.items():
            yield GaugeMetricFamily(name, ALONE[name], value=value)

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Empty, so that registration does not read the stores."""
        return ()
