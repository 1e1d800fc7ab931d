"""The probability of a boundary at each shot over all ways to divide a video into runs of alike shots.

Each way has a weight: the product over pairs of shots in one run of how much more alike they are than usual,
and a price for each boundary. Forward and backward sums over all ways give the marginal probability of each
boundary (as for hidden semi-Markov models: S.-Z. Yu, "Hidden semi-Markov models", 2010). Boundaries compete,
so that of three places in a row where the picture changes the best is told. Knows ranks; does not know
scenes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from actors.segmentation.fusion.alike import REACH, Alike

Floats = npt.NDArray[np.float64]

LONGEST = 80
"""Shots of the longest run: bounds the time."""
LOG_ODDS_MAX = 12.0
"""Beyond that all are told as equally sure."""
PRICE = 3.0
"""Log odds that a boundary costs before any evidence: a run has about ten shots in films and broadcasts."""


@dataclass(frozen=True, slots=True)
class Scale:
    """gain: log odds that a pair of the highest rank says more than a pair of rank 0. usual: rank of a pair
    that says nothing. reach: shots apart at which a pair says a third of what neighbours say."""

    gain: float
    usual: float
    reach: float


def boundary_log_odds(alike: Alike, scale: Scale) -> Floats:
    """float64 (n,): of a boundary before each shot; 0 before the first, where there is none to judge."""
    n = len(alike)
    distance = np.arange(1, REACH + 1)
    evidence = scale.gain * (np.nan_to_num(alike.near, nan=scale.usual) - scale.usual)
    inside = _runs(evidence * np.exp(-distance / scale.reach))
    forward, backward = np.full(n + 1, -np.inf), np.full(n + 1, -np.inf)
    forward[0] = backward[n] = 0.0
    for end in range(1, n + 1):
        first = max(0, end - LONGEST)
        ways = forward[first:end] + inside[np.arange(first, end), np.arange(end - first - 1, -1, -1)] - PRICE
        forward[end] = np.logaddexp.reduce(ways)
    for start in range(n - 1, -1, -1):
        last = min(n, start + LONGEST)
        ways = backward[start + 1 : last + 1] + inside[start, : last - start] - PRICE
        backward[start] = np.logaddexp.reduce(ways)
    share = np.minimum(forward[:n] + backward[:n] - forward[n], -1e-9)
    out: Floats = np.clip(share - np.log(-np.expm1(share)), -LOG_ODDS_MAX, LOG_ODDS_MAX)
    out[0] = 0.0
    return out


def _runs(pairs: Floats) -> Floats:
    """float64 (n, LONGEST): sum of the evidence of all pairs in the run of 1, 2, ... shots from each shot.

    pairs[k, d - 1]: evidence of shots k and k + d. A run that is one shot longer adds that shot's pairs with
    the ones before it: a sum along an anti-diagonal of `pairs`.
    """
    n = len(pairs)
    # back[k, d]: evidence of shot k with the d shots before it
    turned = np.zeros((n, REACH))
    for apart in range(1, min(REACH, n - 1) + 1):
        turned[apart:, apart - 1] = pairs[: n - apart, apart - 1]
    back = np.pad(np.cumsum(turned, axis=1), ((0, 0), (1, 0)))
    length = np.arange(LONGEST)
    last = np.arange(n)[:, None] + length
    added = np.where(last < n, back[np.minimum(last, n - 1), np.minimum(length, REACH)], 0.0)
    out: Floats = np.cumsum(added, axis=1)
    return out
