"""Counters, gauges and histograms of a process that runs in Ray: Ray exports them on every node for
Prometheus.

Ray puts `ray_` before a name and `_total` behind a counter's, adds up what the processes of a node count, and
keeps of a gauge what was set last: so a gauge that several processes set needs a tag that tells them apart.
Outside Ray (commands, most tests) nothing is counted and Ray is not loaded. Knows no particular metric.
"""

from __future__ import annotations

import sys
from typing import Any

EXPORTED_PREFIX = "ray_"


class Instrument:
    """Base of the metrics. `tags` are the names of the labels; every call gives a value for each of them."""

    kind = ""

    def __init__(self, name: str, description: str, tags: tuple[str, ...] = ()) -> None:
        self.name = name
        self.description = description
        self.tags = tags
        self._metric: Any = None

    @property
    def exported(self) -> frozenset[str]:
        """The names of its series in Prometheus."""
        return frozenset({EXPORTED_PREFIX + self.name})

    def _told(self) -> Any:
        """Ray's metric object, made at the first use; None outside Ray."""
        if self._metric is None:
            ray = sys.modules.get("ray")
            if ray is None or not ray.is_initialized():
                return None
            self._metric = self._make()
        return self._metric

    def _make(self) -> Any:
        from ray.util import metrics

        return getattr(metrics, self.kind)(self.name, self.description, tag_keys=self.tags)


class Counter(Instrument):
    """Counter: a value that only grows."""

    kind = "Counter"

    def add(self, value: float = 1.0, **tags: str) -> None:
        """Adds `value`; 0 changes nothing."""
        metric = self._told() if value > 0 else None
        if metric is not None:
            metric.inc(value, tags=tags)

    @property
    def exported(self) -> frozenset[str]:
        """The names of its series in Prometheus."""
        return frozenset({f"{EXPORTED_PREFIX}{self.name}_total"})


class Gauge(Instrument):
    """Gauge: the last value that was set. Prometheus drops the series when it is not set for some minutes."""

    kind = "Gauge"

    def set(self, value: float, **tags: str) -> None:
        """Sets the present value."""
        metric = self._told()
        if metric is not None:
            metric.set(value, tags=tags)


class Histogram(Instrument):
    """Histogram: counts the values up to each of `bounds`, which are above 0 and rise."""

    kind = "Histogram"

    def __init__(
        self, name: str, description: str, bounds: tuple[float, ...], tags: tuple[str, ...] = ()
    ) -> None:
        super().__init__(name, description, tags)
        self.bounds = bounds

    def observe(self, value: float, **tags: str) -> None:
        """Counts one value; a negative one (two clocks that disagree) counts as 0."""
        metric = self._told()
        if metric is not None:
            metric.observe(max(value, 0.0), tags=tags)

    @property
    def exported(self) -> frozenset[str]:
        """The names of its series in Prometheus."""
        return frozenset(f"{EXPORTED_PREFIX}{self.name}_{part}" for part in ("bucket", "sum", "count"))

    def _make(self) -> Any:
        from ray.util import metrics

        return metrics.Histogram(
            self.name, self.description, boundaries=list(self.bounds), tag_keys=self.tags
        )
