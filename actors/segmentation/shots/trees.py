"""Sums of small decision trees, as gradient boosting fits them: log odds of rows of numbers.

J. H. Friedman, "Greedy function approximation: a gradient boosting machine", 2001. A model is data: for each
tree its nodes, each [column, threshold, left, right, value]; a row goes left where its number is at most the
threshold; a leaf has column -1. Knows rows; does not know what the columns mean, nor how trees are fitted.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from math import isfinite

import numpy as np
import numpy.typing as npt

from actors.segmentation.weights_file import WeightsError, parts

Floats = npt.NDArray[np.float32]

NODE_VALUES = 5
"""Numbers of a node."""
_BATCH = 1024
"""Rows judged at once: bounds memory."""


@dataclass(frozen=True, repr=False, eq=False)
class Trees:
    """All nodes of all trees in a row. column: int64, -1 for a leaf. left, right: node numbers. value: what a
    leaf adds. roots: first node of each tree. base: log odds before any tree."""

    column: npt.NDArray[np.int64]
    threshold: Floats
    left: npt.NDArray[np.int64]
    right: npt.NDArray[np.int64]
    value: Floats
    roots: npt.NDArray[np.int64]
    base: float

    def __repr__(self) -> str:
        return f"Trees({len(self.roots)} of {len(self.column)} nodes)"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Trees):
            return NotImplemented
        mine, theirs = ([getattr(one, f.name) for f in fields(Trees)] for one in (self, other))
        return all(np.array_equal(a, b) for a, b in zip(mine, theirs, strict=True))

    __hash__ = None  # type: ignore[assignment]

    @classmethod
    def of(cls, values: object, columns: int, where: str) -> Trees:
        """From `{"base": log odds, "trees": [[node, ...], ...]}`, for rows of so many columns.

        WeightsError when it is anything else, or a node leads backwards or out of its tree.
        """
        found = parts(values, ("base", "trees"), where)
        tables = [_nodes(tree, columns, where) for tree in found["trees"]]
        base = found["base"]
        if isinstance(base, bool) or not isinstance(base, (int, float)) or not isfinite(base):
            raise WeightsError(f"{where}: base must be a finite number, not {base!r}.")
        roots = np.cumsum([0, *map(len, tables)])[:-1].astype(np.int64)
        nodes = np.concatenate(tables) if tables else np.zeros((0, NODE_VALUES))
        first = np.repeat(roots, [len(table) for table in tables])
        return cls(
            nodes[:, 0].astype(np.int64),
            nodes[:, 1].astype(np.float32),
            nodes[:, 2].astype(np.int64) + first,
            nodes[:, 3].astype(np.int64) + first,
            nodes[:, 4].astype(np.float32),
            roots,
            float(base),
        )

    def score(self, rows: Floats) -> npt.NDArray[np.float64]:
        """float64 (c,): log odds of rows (c, columns)."""
        scores = [self._score(rows[k : k + _BATCH]) for k in range(0, len(rows), _BATCH)]
        return np.concatenate(scores) if scores else np.zeros(0)

    def _score(self, rows: Floats) -> npt.NDArray[np.float64]:
        walk = self._walk
        values, first = np.ascontiguousarray(rows).ravel(), np.arange(len(rows))[:, None] * rows.shape[1]
        at = np.tile(self.roots, (len(rows), 1))
        for _ in range(walk.depth):
            goes_left = values.take(first + walk.column.take(at)) <= self.threshold.take(at)
            at = walk.children.take(2 * at + goes_left)
        out: npt.NDArray[np.float64] = self.base + self.value[at].sum(axis=1, dtype=np.float64)
        return out

    @cached_property
    def _walk(self) -> _Walk:
        return _Walk.of(self)


@dataclass(frozen=True, slots=True, eq=False)
class _Walk:
    """Trees such that every row takes as many steps: a leaf leads back to itself.

    column: int64, 0 for a leaf. children: int64, of each node the right and the left one. depth: steps from
    a root to the deepest leaf.
    """

    column: npt.NDArray[np.int64]
    children: npt.NDArray[np.int64]
    depth: int

    @classmethod
    def of(cls, trees: Trees) -> _Walk:
        leaf, own = trees.column < 0, np.arange(len(trees.column))
        pair = [np.where(leaf, own, side) for side in (trees.right, trees.left)]
        depth, at = 0, trees.roots
        while len(at := at[~leaf[at]]):
            at = np.concatenate([side[at] for side in pair])
            depth += 1
        return cls(np.maximum(trees.column, 0), np.stack(pair, axis=1).ravel(), depth)


def _nodes(tree: object, columns: int, where: str) -> npt.NDArray[np.float64]:
    """float64 (nodes, NODE_VALUES), checked."""
    try:
        table = np.array(tree, np.float64).reshape(-1, NODE_VALUES)
    except (TypeError, ValueError) as error:
        raise WeightsError(f"{where}: a tree is a list of nodes of {NODE_VALUES} numbers.") from error
    inner = table[table[:, 0] >= 0]
    here = np.flatnonzero(table[:, 0] >= 0)
    children = inner[:, 2:4]
    fits = (
        len(table) > 0
        and np.isfinite(table).all()
        and (table[:, 0] < columns).all()
        and (children > here[:, None]).all()
        and (children < len(table)).all()
    )
    if not fits:
        raise WeightsError(f"{where}: a tree has a node that is not finite or leads out of it.")
    return table
