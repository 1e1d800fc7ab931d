"""Cross-validation by groups: every candidate is judged by a model that saw nothing of its film.

Knows tables and a way to fit them; not what they stand for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from tests.benchmarks.fit.logistic import Rows, Table

MOST_FOLDS = 10


class Method(Protocol):
    """A module that fits models: `logistic`, `trees`."""

    def fitted(self, table: Table, penalty: float, /) -> Any:
        """Values of a model; None where there are too few examples of either answer."""

    def predicted(self, names: Sequence[str], rows: npt.ArrayLike, values: Any, /) -> Rows:
        """Probability of each row (c, len(names)), 0..1."""


def fold_of(groups: Sequence[str], most: int = MOST_FOLDS) -> dict[str, int]:
    """Which fold each group belongs to, the same whatever order they come in."""
    return {group: k % most for k, group in enumerate(sorted(set(groups)))}


def cross_validated(
    how: Method, table: Table, penalty: float, most: int = MOST_FOLDS
) -> tuple[Rows, dict[str, Any]]:
    """Probabilities (c,) of each row by a model that saw nothing of its fold, and that model's values by
    group; NaN and no values where it could not be fitted."""
    folds = fold_of(table.group.tolist(), most)
    fold = np.array([folds[group] for group in table.group.tolist()])
    out, models = np.full(len(table), np.nan), {}
    for k in sorted(set(folds.values())):
        values = how.fitted(table.where(fold != k), penalty)
        if values is not None:
            out[fold == k] = how.predicted(table.names, table.rows[fold == k], values)
            models |= {group: values for group in folds if folds[group] == k}
    return out, models
