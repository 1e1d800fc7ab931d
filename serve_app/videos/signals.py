"""Down-samples curves for drawing: minimum and maximum of each of n equal spans, so that no peak is lost.

Reads the curves as the timeline's document keeps them. Pure; knows no store.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from cluster.contract.results import Curve, Signals

DEFAULT_POINTS = 1000  # spans of one curve
MAX_POINTS = 10_000


def signals_of(document: Mapping[str, Any], revision: int, points: int) -> Signals:
    """The document's curves in at most `points` spans each.

    `document["curves"]` is {"start_s", "step_s", "series": [{"name", "unit", "values"}]}, the values as bytes
    of little-endian float16, one every `step_s` from `start_s` on.
    """
    stored = document.get("curves") or {}
    start_s, step_s = float(stored.get("start_s", 0.0)), float(stored.get("step_s", 0.0))
    curves = []
    longest = 0
    for series in stored.get("series", ()):
        values = np.frombuffer(series["values"], dtype="<f2").astype(np.float32)
        low, high = spans(values, points)
        longest = max(longest, len(values))
        curves.append(Curve(name=series["name"], unit=series["unit"], min=low, max=high))
    return Signals(
        revision=revision,
        start_s=start_s,
        end_s=start_s + step_s * longest,
        points=min(points, longest),
        curves=curves,
    )


def spans(values: npt.NDArray[np.float32], points: int) -> tuple[list[float | None], list[float | None]]:
    """Minima and maxima of `values` (float[n], NaN: not measured) in min(points, n) equal spans.

    None where a span holds no number.
    """
    count = min(points, len(values))
    if count == 0:
        return [], []
    starts = np.linspace(0, len(values), count, endpoint=False).astype(np.int64)
    low = np.fmin.reduceat(values, starts)
    high = np.fmax.reduceat(values, starts)
    return _numbers(low), _numbers(high)


def _numbers(values: npt.NDArray[np.float32]) -> list[float | None]:
    return [None if np.isnan(value) else round(float(value), 4) for value in values]
