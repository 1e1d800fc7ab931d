"""Keeps what was computed of windows, so that what is asked for again is not computed again.

A window's row must depend on the window alone, not on the others that are computed with it. Knows pairs of
numbers and a function; does not know what it measures.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Rows = npt.NDArray[Any]


class KnownRows:
    """Rows of one function, by window. none: no rows, in their shape and type."""

    def __init__(self, none: Rows) -> None:
        self._none = none
        self._rows: dict[tuple[int, int], Rows] = {}

    def __repr__(self) -> str:
        return f"KnownRows({len(self._rows)})"

    def of(self, windows: Ints, compute: Callable[[Ints], Rows]) -> Rows:
        """(c, ...) of windows (c, 2), of which `compute` gets those that are new, each once."""
        keys = [(first, last) for first, last in windows.tolist()]
        new = list(dict.fromkeys(key for key in keys if key not in self._rows))
        if new:
            self._rows.update(zip(new, compute(np.array(new, np.int64)), strict=True))
        return np.stack([self._rows[key] for key in keys]) if keys else self._none
