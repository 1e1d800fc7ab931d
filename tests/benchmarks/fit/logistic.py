"""Logistic models: fitting with a quadratic penalty, cross-validation by groups, weights by name.

Knows rows of numbers, answers and groups; not what they stand for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit

Rows = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Weights = dict[str, float]

BIAS = "bias"
LEAST_POSITIVES = 8
"""With fewer examples nothing is fitted."""
MOST_FOLDS = 10


@dataclass(frozen=True, repr=False)
class Table:
    """Candidates of one model. rows: (c, len(names)). right: what each is. group: from where it
    comes; rows of one group are never on both sides of a fold."""

    names: tuple[str, ...]
    rows: Rows
    right: Bools
    group: npt.NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.right)

    def where(self, mask: Bools) -> Table:
        """Some of the rows."""
        return Table(self.names, self.rows[mask], self.right[mask], self.group[mask])

    @classmethod
    def join(cls, tables: Sequence[Table]) -> Table:
        """One table with the rows of all."""
        return cls(
            tables[0].names,
            np.concatenate([t.rows for t in tables]),
            np.concatenate([t.right for t in tables]),
            np.concatenate([t.group for t in tables]),
        )


def fitted(table: Table, penalty: float) -> Weights | None:
    """Weights of the likeliest model; None where there are too few examples of either answer.

    penalty: of the sum of squared weights, each of a feature scaled to unit deviation; the bias is free.
    """
    if min(table.right.sum(), (~table.right).sum()) < LEAST_POSITIVES:
        return None
    mean, scale = table.rows.mean(axis=0), table.rows.std(axis=0)
    used = scale > 1e-6
    x = (table.rows[:, used] - mean[used]) / scale[used]
    sign = np.where(table.right, 1.0, -1.0)

    def loss(w: Rows) -> tuple[float, Rows]:
        margin = sign * (x @ w[1:] + w[0])
        slope = -sign * expit(-margin)
        gradient = np.concatenate([[slope.sum()], x.T @ slope + penalty * w[1:]])
        return float(np.logaddexp(0, -margin).sum() + 0.5 * penalty * (w[1:] @ w[1:])), gradient

    best = minimize(loss, np.zeros(x.shape[1] + 1), jac=True, method="L-BFGS-B", options={"maxiter": 2000}).x
    slopes = np.zeros(len(table.names))
    slopes[used] = best[1:] / scale[used]
    weights = dict(zip(table.names, slopes.tolist(), strict=True))
    return {**weights, BIAS: float(best[0] - slopes @ mean)}


def predicted(names: Sequence[str], rows: npt.ArrayLike, weights: Mapping[str, float]) -> Rows:
    """Probability of each row (c, len(names)), 0..1."""
    slopes = np.array([weights.get(name, 0.0) for name in names])
    out: Rows = expit(np.asarray(rows, np.float64) @ slopes + weights[BIAS])
    return out


def cross_validated(table: Table, penalty: float) -> Rows:
    """Probabilities of each row by a model that saw nothing of its group (of its fold, if there are many)."""
    groups = np.unique(table.group)
    fold_of = {group: k % MOST_FOLDS for k, group in enumerate(groups.tolist())}
    fold = np.array([fold_of[group] for group in table.group.tolist()])
    out = np.full(len(table), np.nan)
    for k in range(min(MOST_FOLDS, len(groups))):
        weights = fitted(table.where(fold != k), penalty)
        if weights is not None:
            out[fold == k] = predicted(table.names, table.rows[fold == k], weights)
    return out


def log_loss(right: Bools, probability: Rows) -> float:
    """Mean, in bits; the less the better, 1 is a coin."""
    p = np.clip(probability, 1e-6, 1 - 1e-6)
    return float(-np.log2(np.where(right, p, 1 - p)).mean())


def average_precision(right: Bools, probability: Rows) -> float:
    """Mean precision at each right row, rows taken from the likeliest down; 1 is perfect."""
    order = np.argsort(-probability, kind="stable")
    hits = right[order]
    if not hits.any():
        return 0.0
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float(precision[hits].mean())
