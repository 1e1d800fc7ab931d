"""Measures whether a picture comes back after a step: then it was only interrupted, by a flash, a lost
signal or an effect of a few frames.

Knows small pictures and steps from an old picture to a new one; decides nothing.
"""

from __future__ import annotations

import numpy as np

from actors.segmentation.shots.comparing.distances import (
    Floats,
    Ints,
    Thumbs,
    alikeness,
    change_of,
    correlation,
    ratio,
)
from actors.segmentation.shots.comparing.matching import residual

RETURN_FRAMES = 8
"""Frames within which a picture that returns was only interrupted."""
RETURN_BEFORE = (0, 1, 2, 4, 7)
"""Frames before the step with which the pictures after it are compared for that: nearest densest."""


def returns(rgb: Thumbs, y: Thumbs, old: Ints, new: Ints) -> dict[str, Floats]:
    """By name, (c,) each, relative to the step's own change, as logarithms: least change between any picture
    before and any after (returns), between the old picture and those after (returns_soon: an interruption
    begins), between those before and the new picture (returned: it ends). Of the nearest pair of all these:
    how alike it is, and what is left of it when its blocks may move, as the camera goes on meanwhile.

    rgb: uint8 (n, rows, columns, 3). y: its luma. old, new: the clean frames of steps (c,).
    """
    step = change_of(rgb[old], rgb[new])
    least, soon, back, nearest = np.full((4, len(old)), np.inf, np.float32)
    one, other = old.copy(), new.copy()
    pairs = [(before, after) for before in RETURN_BEFORE for after in range(1, RETURN_FRAMES + 1)]
    pairs += [(before, 0) for before in range(1, RETURN_FRAMES + 1)]
    for before, after in pairs:
        a, b = np.maximum(old - before, 0), np.minimum(new + after, len(rgb) - 1)
        found = change_of(rgb[a], rgb[b])
        if after == 0:
            back = np.minimum(back, found)
        else:
            least = np.minimum(least, found)
            soon = np.minimum(soon, found) if before == 0 else soon
        nearer = found < nearest
        one[nearer], other[nearer] = a[nearer], b[nearer]
        nearest = np.minimum(nearest, found)
    moved, plain = residual(y[one], y[other])[0], residual(y[old], y[new])[0]
    return {
        "returns": ratio(least, step),
        "returns_soon": ratio(soon, step),
        "returned": ratio(back, step),
        "returns_alike": alikeness(correlation(y[one].astype(np.float32), y[other].astype(np.float32))),
        "returns_matched": ratio(moved, plain),
    }
