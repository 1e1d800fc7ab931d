"""Counters, gauges and histograms of a process that works in Ray: every node exports them for Prometheus.

Ray puts `ray_` before a name and `_total` behind a counter's, adds up what the processes of a node count, and
keeps of a gauge what was set last: so a gauge that several processes set needs a tag that tells them apart.
Outside Ray (commands, most tests) nothing is counted and Ray is not loaded. Knows no particular metric.
"""

from __future__ import annotations

import sys
from typing import Any

EXPORTED_PREFIX = "ray_"


class Instrument:
    """One metric. `tags` are the names of its labels; every call gives a value to each of them."""

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
        """Ray's metric, made at the first use; None outside Ray."""
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
    """Only grows."""

    kind = "Counter"

    def add(self, value: float = 1.0, **tags: str) -> None:
        """`value` more; nothing happens for 0."""
        metric = self._told() if value > 0 else None
        if metric is not None:
            metric.inc(value, tags=tags)

    @property
    def exported(self) -> frozenset[str]:
        """The names of its series in Prometheus."""
        return frozenset({f"{EXPORTED_PREFIX}{self.name}_total"})


class Gauge(Instrument):
    """The last value. Prometheus forgets it when it is not set for some minutes."""

    kind = "Gauge"

    def set(self, value: float, **tags: str) -> None:
        """It is `value` now."""
        metric = self._told()
        if metric is not None:
            metric.set(value, tags=tags)


class Histogram(Instrument):
    """How often values fell below each of `bounds`, which are above 0 and rise."""

    kind = "Histogram"

    def __init__(
        self, name: str, description: str, bounds: tuple[float, ...], tags: tuple[str, ...] = ()
    ) -> None:
        super().__init__(name, description, tags)
        self.bounds = bounds

    def observe(self, value: float, **tags: str) -> None:
        """One more value; clocks that disagree make no negative ones."""
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
