"""Finds the stretches of a series in which something holds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def true_runs(mask: npt.NDArray[np.bool_], gap: int = 0) -> list[tuple[int, int]]:
    """[start, stop) of the stretches of True in bool (n,), in order; those at most `gap` apart are joined."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8))).reshape(-1, 2)
    out: list[tuple[int, int]] = []
    for start, stop in edges.tolist():
        if out and start - out[-1][1] <= gap:
            out[-1] = out[-1][0], stop
        else:
            out.append((start, stop))
    return out
