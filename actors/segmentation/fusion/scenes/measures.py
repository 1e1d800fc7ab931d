"""Measures, at each shot, of whether the shots before it and after it are of different scenes.

Windows of 1 to 12 shots on either side are compared: the best match across, the mean of all, the mean of the
three best, and by how much shots within either side are more alike than across. To that come the marginal
probabilities of `passages` and the lengths of the two shots. Knows ranks and lengths; judges nothing.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from actors.segmentation.fusion.alike import Alike
from actors.segmentation.fusion.scenes.passages import Scale, boundary_log_odds

Floats = npt.NDArray[np.float64]

WINDOWS = (1, 2, 3, 4, 6, 8, 12)
"""Shots on either side that are compared."""
BEST = 3
"""Pairs whose mean is taken: one pair may be alike by chance, or by a cutaway."""
SCALES = (Scale(2.0, 0.7, 8.0), Scale(2.0, 0.8, 4.0), Scale(1.0, 0.8, 16.0))
"""Near and far, so that short and long scenes are seen. `usual` ranks are high, because most of the pairs
within reach are of one scene."""
ALONE = 0.5
"""Rank that stands for the pairs of a window with one shot, which has none."""

MEASURES = (
    *(f"{what}_{window}" for window in WINDOWS for what in ("best", "mean", "best_three", "within")),
    *(f"passage_{number}" for number in range(len(SCALES))),
    *("length_before", "length_after"),
)
"""Columns of `scene_measures`."""


def scene_measures(alike: Alike, lengths_s: Floats) -> Floats:
    """float64 (n, len(MEASURES)) of n shots, whose lengths are > 0; row 0 is of the first shot, which begins
    no scene, and means nothing."""
    lengths = np.log(lengths_s / np.median(lengths_s))
    columns = [column for window in WINDOWS for column in _window(alike, window)]
    columns += [boundary_log_odds(alike, scale) for scale in SCALES]
    columns += [np.roll(lengths, 1), lengths]
    return np.stack(columns, axis=1)


def _window(alike: Alike, window: int) -> tuple[Floats, Floats, Floats, Floats]:
    """best, mean, best_three, within of a number of shots on either side, fewer at the ends of the video."""
    shots = np.arange(len(alike))
    side = np.arange(window)
    earlier, later = np.meshgrid(side - window, side, indexing="ij")
    across = alike.of(shots[:, None] + earlier.ravel(), shots[:, None] + later.ravel())
    ordered = -np.sort(-np.nan_to_num(across, nan=-1.0), axis=1)
    count = np.maximum((ordered >= 0).sum(axis=1), 1)
    known = np.maximum(ordered, 0.0)
    mean = known.sum(axis=1) / count
    three = known[:, :BEST].sum(axis=1) / np.minimum(count, BEST)
    first, second = np.triu_indices(window, 1)
    sides = [
        _mean(alike.of(shots[:, None] + first + at, shots[:, None] + second + at)) for at in (-window, 0)
    ]
    return known[:, 0], mean, three, np.minimum(*sides) - mean


def _mean(ranks: Floats) -> Floats:
    """(n,) of those that are there."""
    there = ~np.isnan(ranks)
    count = there.sum(axis=1)
    out: Floats = np.where(count > 0, np.where(there, ranks, 0.0).sum(axis=1) / np.maximum(count, 1), ALONE)
    return out
