"""Ranks how alike the shots near each other are, among all near pairs of the same video.

What two shots of one place have in common differs from film to film (in a talk show everything is alike, in a
trailer nothing is) and from network to network, so likeness is replaced by its rank within the video. Knows
vectors of shots; does not know scenes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Vectors = npt.NDArray[np.float32]

REACH = 24
"""Shots apart up to which pairs are compared: twice the widest window of `scenes.measures`."""
COLOUR_SHARE = 0.5
"""Weight of the rank by colours, where that by embeddings has 1."""
PRIOR_PAIRS = 60
"""A rank among so many pairs counts as much as likeness on a fixed scale does: of a clip of a few shots the
own distribution says nothing. Set by hand."""
UNLIKE_RANK, SAME_RANK = 0.4, 0.9
"""Ranks that pairs of different places and of one place usually have."""


@dataclass(frozen=True, slots=True, repr=False)
class Alike:
    """near[k, d - 1]: rank, 0..1, of the likeness of shots k and k + d; NaN behind the last shot. float64
    (n, REACH)."""

    near: Floats

    def __len__(self) -> int:
        return len(self.near)

    def __repr__(self) -> str:
        return f"Alike({len(self)} shots)"

    def of(self, earlier: npt.NDArray[np.int64], later: npt.NDArray[np.int64]) -> Floats:
        """Ranks of pairs of shots, any shape; NaN for a shot outside of the video. 0 < later - earlier <=
        REACH."""
        inside = (earlier >= 0) & (later < len(self))
        out: Floats = np.where(inside, self.near[np.where(inside, earlier, 0), later - earlier - 1], np.nan)
        return out


def find_alike(embeddings: Vectors, colours: Vectors, usual: tuple[float, float] | None = None) -> Alike:
    """From each shot's mean embedding (n, e), which has no negative numbers, and the square roots of its
    colour distribution (n, c).

    usual: cosines of the embeddings of two shots of different places and of one place, for videos with few
    shots; None where the network's are not known.
    """
    embeddings = np.nan_to_num(embeddings, posinf=0.0, neginf=0.0)
    embedded = _ranked(_near(unit(_centred(unit(np.sqrt(np.maximum(embeddings, 0.0)))))))
    coloured = _ranked(_near(unit(colours)))
    ranks = _ranked(embedded + COLOUR_SHARE * coloured)
    if usual is not None:
        pairs = np.count_nonzero(~np.isnan(ranks))
        fixed = _fixed(_near(unit(embeddings)), usual)
        ranks = (pairs * ranks + PRIOR_PAIRS * fixed) / (pairs + PRIOR_PAIRS)
    return Alike(ranks)


def _fixed(cosines: Floats, usual: tuple[float, float]) -> Floats:
    unlike, same = usual
    share = (cosines - unlike) / (same - unlike)
    out: Floats = np.clip(UNLIKE_RANK + (SAME_RANK - UNLIKE_RANK) * share, 0.0, 1.0)
    return out


def _near(vectors: Vectors) -> Floats:
    """Cosines of unit vectors (n, v) with the next REACH ones."""
    n = len(vectors)
    out = np.full((n, REACH), np.nan)
    for apart in range(1, min(REACH, n - 1) + 1):
        out[: n - apart, apart - 1] = np.einsum("ij,ij->i", vectors[:-apart], vectors[apart:])
    return out


def _ranked(values: Floats) -> Floats:
    """Share of all values that are at most each, 0..1: equal shots are as alike as can be."""
    there = ~np.isnan(values)
    ordered = np.sort(values[there])
    return np.where(there, np.searchsorted(ordered, values, side="right") / max(1, len(ordered)), np.nan)


def _centred(vectors: Vectors) -> Vectors:
    """Without what all shots have in common."""
    out: Vectors = vectors - vectors.mean(axis=0)
    return out


def unit(vectors: Vectors) -> Vectors:
    """Each row divided by its length; rows of zeros stay."""
    norm = np.linalg.norm(vectors, axis=1, keepdims=True)
    out: Vectors = (vectors / np.maximum(norm, 1e-6)).astype(np.float32, copy=False)
    return out
