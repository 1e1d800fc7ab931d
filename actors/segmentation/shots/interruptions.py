"""Tells changes that only interrupt a shot from transitions: after some frames the old picture is back.

A flash, a lost signal, an inverted or a foreign picture of a few frames gives two steps as sharp as cuts, an
effect inside a shot may look like a dissolve to something and back, a change of exposure like a fade. The
shot goes on, so none of them is a transition. Knows candidates and what the analysis measured of them; not
the network.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from actors.segmentation.shots.comparing.distances import Floats, Ints, correlation, distance, pictures, ratio
from actors.segmentation.shots.cuts import CUT_MEASURES
from actors.segmentation.shots.features import PictureTrack

Bools = npt.NDArray[np.bool_]

FPS_MIN = 20.0
"""Frames per second from which a picture that is gone for at most eight frames, 0.4 s, was interrupted. So an
insert as short as that between two pictures of one camera that stands still is lost. In a recording of one
frame a second it would be a slide between two showings of another."""
GONE_FRAMES = 9
"""Frames from the first of an interruption to the first after it at most; see `returns`."""
SAME = -1.3
"""Logarithm of the change between old and returned picture, relative to the step: it is the same picture
where that is about a quarter. Chosen on generated films: at -1.1 shots of four frames between two views of
one place begin to be lost."""
ALIKE, MATCHED = -0.5, -1.5
"""... or where the picture moved on meanwhile: relative to the step as it is, and with blocks that may move.
Chosen likewise."""
PAIR_FRAMES = 7
"""Most frames of an interruption of a shot that moves so fast that no picture comes back."""
EXPLAINED, PAIR_STEP = 1.1, 1.5
"""Most change across such an interruption, relative to the smaller of what the shots on either side do in as
many frames (in one shot both move), and to the smaller of the two steps. Chosen on generated films."""
INSIDE_AT = np.array([0.25, 0.5, 0.75])
"""Places in the extent of a gradual change, as shares of its length, at which its inside is looked at."""

LIGHT_ALIKE, LIGHT_LEFT = 0.75, (0.1, 0.6)
"""A fade between pictures that correlate more than this, and that leaves a share of their contrast between
these, is a change of the light: a fade leaves less, and where more is left one of the two is flat itself.
Chosen on generated films: changes of exposure there leave 0.12 to 0.38 between pictures of 0.86 and more;
fades with that much left lie between pictures of at most 0.3."""


def interrupting_cuts(picture: PictureTrack, cuts: Ints, others: Ints) -> Bools:
    """bool (c,): which cuts, ascending, begin or end an interruption.

    Two that follow each other, the old picture back after the second, or nothing changed across both that
    the motion of the shot does not explain. One alone, where the other end is not told at all. Each belongs
    to one interruption; where a third cut lies within, all are left.

    others: int64 (k, 2), first and last mixed frame of all that is near certain, these cuts among it; of a
    cut, its first frame twice.
    """
    begins, ends = _returns(picture, cuts)
    out = np.zeros(len(cuts), np.bool_)
    frames = cuts.tolist()
    for k, a in enumerate(frames):
        after = k + 1 < len(frames) and frames[k + 1] - a <= GONE_FRAMES
        before = k > 0 and a - frames[k - 1] <= GONE_FRAMES
        if out[k]:
            continue
        if after and not out[k + 1]:
            both = begins[k] and ends[k + 1]
            out[k : k + 2] = both or _explained(picture, a, frames[k + 1], others)
        elif not before and not after:
            out[k] = begins[k] or ends[k]
    return out


def _returns(picture: PictureTrack, cuts: Ints) -> tuple[Bools, Bools]:
    """Whether the picture before each cut is back soon, and whether that after it was there just before."""
    rows = picture.steps[cuts].astype(np.float32)
    soon, returned, matched = (
        rows[:, CUT_MEASURES.index(name)] for name in ("returns_soon", "returned", "returns_matched")
    )
    begins, ends = ((left < SAME) | ((left < ALIKE) & (matched < MATCHED)) for left in (soon, returned))
    return begins, ends


def _explained(picture: PictureTrack, a: int, b: int, others: Ints) -> bool:
    """Whether what changes from the frame before cut a to cut b is no more than the shots on either side
    change in as many frames. Not where another transition is so near that their motion cannot be told."""
    span = b - a + 1
    if b - a > PAIR_FRAMES:
        return False
    first, last = others.T
    within, near = (first >= a) & (last <= b), (last >= a - 1 - span) & (first <= b + span)
    if (near & ~within).any():
        return False
    ends = np.array([[a - 1, b], [a - 1 - span, a - 1], [b, b + span], [a - 1, a], [b - 1, b]])
    across, before, after, *steps = distance(*pictures(picture.y, ends.T)).tolist()
    return bool(across <= EXPLAINED * min(before, after) and across <= PAIR_STEP * min(steps))


def interrupting_changes(picture: PictureTrack, first: Ints, last: Ints) -> Bools:
    """bool (c,): which gradual changes (first and last mixed frame) lead back to the picture before them. In
    a mix of two pictures the inside lies between them, so that the ends differ most."""
    old, new = pictures(picture.y, first - 1), pictures(picture.y, last + 1)
    inside = np.round(first[:, None] + INSIDE_AT * (last - first)[:, None]).astype(np.int64)
    away: Floats = distance(pictures(picture.y, inside), old[:, None]).max(axis=1, initial=0.0)
    out: Bools = ratio(distance(old, new), away) < SAME
    return out


def changes_of_light(picture: PictureTrack, first: Ints, last: Ints) -> Bools:
    """bool (c,): which fades (first and last frame of each) only change the light of a shot that goes on: the
    picture is the same after it and, unlike in a fade, never gone."""
    old, new = pictures(picture.y, first - 1), pictures(picture.y, last + 1)
    ends = np.clip(np.stack([first - 1, last + 1]), 0, len(picture) - 1)
    inside = [picture.std[a : b + 1].min() for a, b in zip(first.tolist(), last.tolist(), strict=True)]
    left = np.array(inside, np.float32) / np.maximum(picture.std[ends].min(axis=0), 1e-6)
    dimmed = (left > LIGHT_LEFT[0]) & (left < LIGHT_LEFT[1])
    out: Bools = dimmed & (correlation(old, new) > LIGHT_ALIKE)
    return out
