"""Prometheus metrics of one API replica: requests, latency, videos by state, depth of the queue.

Counters live in this process (label `replica`), since a scrape through the proxy reaches one replica at a
time; what the stores know is asked at the scrape. Knows nothing of routes beyond their templates.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

CONTENT_TYPE = CONTENT_TYPE_LATEST
_OUTSIDE = {"imports": "Imports by state", "webhook_deliveries": "Deliveries to webhooks by state"}
_LATENCY_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """The registry of one application. `counts()` gives videos by state, `depth()` the queue's length,
    `outside()` the names of _OUTSIDE, each by state.

    Either may return None when its store does not answer; the metric is then absent, not zero.
    """

    def __init__(
        self,
        counts: Callable[[], dict[str, int] | None],
        depth: Callable[[], int | None],
        outside: Callable[[], dict[str, dict[str, int]] | None] = lambda: None,
    ) -> None:
        self._replica = secrets.token_hex(4)
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "scenestream_http_requests",
            "Requests answered",
            ("replica", "method", "route", "status"),
            registry=self._registry,
        )
        self._latency = Histogram(
            "scenestream_http_request_seconds",
            "Time from the first byte of a request to the last of its response",
            ("replica", "method", "route"),
            buckets=_LATENCY_BUCKETS_S,
            registry=self._registry,
        )
        self._registry.register(_Stores(counts, depth, outside))

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request. `route` is the template ("" when none matched), `status` 0 when cut off."""
        self._requests.labels(self._replica, method, route, str(status)).inc()
        self._latency.labels(self._replica, method, route).observe(seconds)

    def render(self) -> bytes:
        """The text exposition format; asks the stores, so call it from a thread."""
        return generate_latest(self._registry)


class _Stores(Collector):
    def __init__(
        self,
        counts: Callable[[], dict[str, int] | None],
        depth: Callable[[], int | None],
        outside: Callable[[], dict[str, dict[str, int]] | None],
    ) -> None:
        self._outside = outside
        self._counts = counts
        self._depth = depth

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Asked at every scrape."""
        counts = self._counts()
        if counts is not None:
            videos = GaugeMetricFamily("scenestream_videos", "Videos by state", labels=("state",))
            for state, count in counts.items():
                videos.add_metric((state,), count)
            yield videos
        for what, by_state in (self._outside() or {}).items():
            found = GaugeMetricFamily(f"scenestream_{what}", _OUTSIDE[what], labels=("state",))
            for state, count in by_state.items():
                found.add_metric((state,), count)
            yield found
        depth = self._depth()
        if depth is not None:
            yield GaugeMetricFamily("scenestream_queue_depth", "Doorbells waiting in RabbitMQ", value=depth)

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Nothing: registering must not ask the stores."""
        return ()
