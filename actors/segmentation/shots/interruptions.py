"""Tells changes that only interrupt a shot from transitions: after some frames the old picture is back.

A flash, a lost signal, an inverted or a foreign picture of a few frames gives two steps as sharp as cuts, and
an effect inside a shot may look like a dissolve to something and back. The shot goes on, so neither is a
transition. Knows candidates and what the analysis measured of them; not the network.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from actors.segmentation.shots.compare import Floats, Ints, distance, pictures, ratio
from actors.segmentation.shots.cuts import CUT_MEASURES
from actors.segmentation.shots.features import PictureTrack

Bools = npt.NDArray[np.bool_]

FPS_MIN = 20.0
"""Frames per second from which the few frames of `returns` (eight) are too short for a shot: 0.4 s. In a
recording of one frame a second they would be a slide between two showings of another."""
SAME = -1.3
"""Logarithm of the change between old and returned picture, relative to the step: it is the same picture
where that is about a quarter. Chosen on generated films: at -1.1 shots of four frames between two views of
one place begin to be lost."""
ALIKE, MATCHED = -0.5, -1.5
"""... or where the picture moved on meanwhile: relative to the step as it is, and with blocks that may move.
Chosen likewise."""
PAIR_FRAMES = 7
"""Most frames of an interruption that is told by its two ends together, where the camera moves so fast that
no picture comes back."""
EXPLAINED, PAIR_STEP = 1.1, 1.5
"""Most change across such an interruption, relative to the larger of what the shots on either side do in as
many frames, and to the smaller of the two steps. Chosen on generated films."""
INSIDE_AT = np.array([0.25, 0.5, 0.75])
"""Places in the extent of a gradual change, as shares of its length, at which its inside is looked at."""


def interrupting_cuts(picture: PictureTrack, frames: Ints) -> Bools:
    """bool (c,): which possible cuts begin or end an interruption."""
    rows = picture.steps[frames].astype(np.float32)
    soon, returned, matched = (
        rows[:, CUT_MEASURES.index(name)] for name in ("returns_soon", "returned", "returns_matched")
    )
    nearest = np.minimum(soon, returned)
    out: Bools = (nearest < SAME) | ((nearest < ALIKE) & (matched < MATCHED))
    return out


def interrupting_changes(picture: PictureTrack, first: Ints, last: Ints) -> Bools:
    """bool (c,): which gradual changes (first and last mixed frame) lead back to the picture before them. In
    a mix of two pictures the inside lies between them, so that the ends differ most."""
    old, new = pictures(picture.y, first - 1), pictures(picture.y, last + 1)
    inside = np.round(first[:, None] + INSIDE_AT * (last - first)[:, None]).astype(np.int64)
    away: Floats = distance(pictures(picture.y, inside), old[:, None]).max(axis=1, initial=0.0)
    out: Bools = ratio(distance(old, new), away) < SAME
    return out


def interrupting_pairs(picture: PictureTrack, cuts: Ints, sure: Ints) -> Bools:
    """bool (c,): which cuts, ascending, are one of two ends of an interruption across which nothing changes
    that the motion of the shot does not explain.

    sure: first frames of shots that are near certain. One of them beside the two, so near that the motion
    cannot be told, leaves them as they are.
    """
    out = np.zeros(len(cuts), np.bool_)
    for k, (a, b) in enumerate(zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True)):
        span = b - a + 1
        beside = ((sure >= a - span) & (sure < a)) | ((sure > b) & (sure <= b + span))
        if span > PAIR_FRAMES + 1 or beside.any():
            continue
        ends = np.array([[a - 1, b], [a - 1 - span, a - 1], [b, b + span], [a - 1, a], [b - 1, b]])
        across, before, after, *steps = distance(*pictures(picture.y, ends.T)).tolist()
        if across <= EXPLAINED * max(before, after) and across <= PAIR_STEP * min(steps):
            out[k : k + 2] = True
    return out
