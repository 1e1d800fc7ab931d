"""Logistic models: fitting with a quadratic penalty, weights by name.

Knows rows of numbers, answers and groups; not what they stand for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq, minimize
from scipy.special import expit, logit

from actors.segmentation.shots.weights import BIAS

Rows = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Weights = dict[str, float]

LEAST_EXAMPLES = 8
"""With fewer rows of either answer nothing is fitted."""
OFFSET_MAX = 20.0
"""Largest offset (log odds) that is looked for."""
DIGITS = 2
"""Decimals kept of a weight: enough for a probability to three digits, few enough that another processor's
last bits do not show."""


@dataclass(frozen=True, repr=False)
class Table:
    """Candidates of one model. rows: (c, len(names)). right: what each is. group: from where it comes; rows
    of one group are never on both sides of a fold. counted: how often each row counts."""

    names: tuple[str, ...]
    rows: Rows
    right: Bools
    group: npt.NDArray[np.str_]
    counted: Rows

    def __len__(self) -> int:
        return len(self.right)

    def where(self, mask: Bools) -> Table:
        """Some of the rows."""
        return Table(self.names, self.rows[mask], self.right[mask], self.group[mask], self.counted[mask])

    @classmethod
    def join(cls, tables: Sequence[Table]) -> Table:
        """One table with the rows of all. ValueError for none."""
        if not tables:
            raise ValueError("no table to join")
        return cls(
            tables[0].names,
            np.concatenate([t.rows for t in tables]),
            np.concatenate([t.right for t in tables]),
            np.concatenate([t.group for t in tables]),
            np.concatenate([t.counted for t in tables]),
        )


def fitted(table: Table, penalty: float) -> Weights | None:
    """Weights of the likeliest model, rounded to DIGITS; None where there are too few examples of either
    answer.

    penalty: of the sum of squared weights, each of a feature scaled to unit deviation; the bias is free.
    """
    if min(table.right.sum(), (~table.right).sum()) < LEAST_EXAMPLES:
        return None
    times = table.counted
    mean = np.average(table.rows, axis=0, weights=times)
    scale = np.sqrt(np.average((table.rows - mean) ** 2, axis=0, weights=times))
    used = scale > 1e-6
    x = (table.rows[:, used] - mean[used]) / scale[used]
    sign = np.where(table.right, 1.0, -1.0)

    def loss(w: Rows) -> tuple[float, Rows]:
        margin = sign * (x @ w[1:] + w[0])
        slope = -sign * expit(-margin) * times
        gradient = np.concatenate([[slope.sum()], x.T @ slope + penalty * w[1:]])
        return float((times * np.logaddexp(0, -margin)).sum() + 0.5 * penalty * (w[1:] @ w[1:])), gradient

    # far below the digits that are kept, so that those do not hang on when it stops
    options = {"maxiter": 20_000, "maxfun": 40_000, "ftol": 1e-15, "gtol": 1e-8}
    best = minimize(loss, np.zeros(x.shape[1] + 1), jac=True, method="L-BFGS-B", options=options).x
    slopes = np.zeros(len(table.names))
    slopes[used] = best[1:] / scale[used]
    bias = best[0] - slopes @ mean
    weights = {**dict(zip(table.names, slopes.tolist(), strict=True)), BIAS: float(bias)}
    return {name: round(weight, DIGITS) + 0.0 for name, weight in weights.items()}


def predicted(names: Sequence[str], rows: npt.ArrayLike, weights: Mapping[str, float]) -> Rows:
    """Probability of each row (c, len(names)), 0..1; names without a weight do not count."""
    slopes = np.array([weights.get(name, 0.0) for name in names])
    out: Rows = expit(np.asarray(rows, np.float64) @ slopes + weights[BIAS])
    return out


def offset(judged: Sequence[tuple[float, bool]]) -> float:
    """What has to be added to the log odds of confidences (0..1) so that their sum is the number of right
    ones, rounded to DIGITS; 0 where there are too few."""
    right = sum(ok for _, ok in judged)
    if min(right, len(judged) - right) < LEAST_EXAMPLES:
        return 0.0
    score = logit(np.clip([confidence for confidence, _ in judged], 1e-4, 1 - 1e-4))
    found = brentq(lambda add: float(expit(score + add).sum()) - right, -OFFSET_MAX, OFFSET_MAX)
    return round(float(found), DIGITS)


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
