"""Trees that judge candidates: gradient boosting by scikit-learn, written as `shots.trees` reads it.

Knows tables and their answers; not what the columns mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit
from sklearn.ensemble import HistGradientBoostingClassifier

from actors.segmentation.shots.trees import Trees
from tests.benchmarks.fit.logistic import LEAST_EXAMPLES, Rows, Table

MEASURES_TRIED = 0.3
"""Share of the measures, drawn anew, among which each division of a tree chooses: trees that differ make a
better sum."""
DIGITS = 4
"""Decimals kept of thresholds and log odds."""


@dataclass(frozen=True)
class Boosting:
    """How large a model is. trees: their number. leaves: most of a tree. rate: share of what a tree has found
    that is taken, so that later ones may correct it. least: rows of a leaf at least; fewer are chance. draws:
    sums with other draws of the measures, of which the mean is taken."""

    trees: int
    leaves: int
    rate: float
    least: int
    draws: int = 1

    def __str__(self) -> str:
        return (
            f"{self.trees} trees of at most {self.leaves} leaves with at least {self.least} rows each, "
            f"rate {self.rate}" + (f", mean of {self.draws} draws" if self.draws > 1 else "")
        )

    def fitted(self, table: Table, penalty: float) -> dict[str, Any] | None:
        """Values of the weights file; None where there are too few examples of either answer."""
        if min(table.right.sum(), (~table.right).sum()) < LEAST_EXAMPLES:
            return None
        rows, trees = table.rows.astype(np.float32).astype(np.float64), []
        for draw in range(self.draws):
            model = HistGradientBoostingClassifier(
                max_iter=self.trees,
                learning_rate=self.rate,
                max_leaf_nodes=self.leaves,
                min_samples_leaf=self.least,
                l2_regularization=penalty,
                max_features=MEASURES_TRIED,
                early_stopping=False,
                random_state=draw,
            )
            model.fit(rows, table.right, sample_weight=table.counted)
            trees += [_nodes(predictors[0].nodes, self.draws) for predictors in model._predictors]
        return {"base": round(float(model._baseline_prediction.ravel()[0]), DIGITS), "trees": trees}

    def predicted(self, names: Sequence[str], rows: npt.ArrayLike, values: object) -> Rows:
        """Probability of each row (c, len(names)), 0..1."""
        trees = Trees.of(values, len(names), "a fit")
        out: Rows = expit(trees.score(np.asarray(rows, np.float32)))
        return out


LARGE = Boosting(trees=250, leaves=24, rate=0.06, least=12)
"""For tens of thousands of candidates."""
SMALL = Boosting(trees=150, leaves=8, rate=0.04, least=30)
"""For thousands, all of them in doubt. Both sizes were chosen among a few by cross-validation."""
METHOD = (
    f"gradient boosting, {MEASURES_TRIED} of the measures tried at each division, the penalty on leaves' "
    "log odds, no early stopping (scikit-learn's HistGradientBoostingClassifier); "
    f"unseen: {LARGE}; seen: {SMALL}."
)


def placed(values: dict[str, Any], columns: Sequence[int]) -> dict[str, Any]:
    """Values fitted to some columns of a table, for the whole table."""
    trees = [
        [[columns[node[0]], *node[1:]] if node[0] >= 0 else node for node in tree] for tree in values["trees"]
    ]
    return {**values, "trees": trees}


def _nodes(nodes: Any, draws: int) -> list[list[float]]:
    return [
        [-1, 0, 0, 0, round(float(node["value"]) / draws, DIGITS)]
        if node["is_leaf"]
        else [
            int(node["feature_idx"]),
            round(float(node["num_threshold"]), DIGITS),
            int(node["left"]),
            int(node["right"]),
            0,
        ]
        for node in nodes
    ]
