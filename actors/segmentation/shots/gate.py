"""Where the network has to look: what a cheap signal can neither rule out nor settle.

The same candidates and the same models of confidence as for the whole film, over the pictures around one
block alone. A cut or dissolve that the small pictures leave no doubt about needs no network, and neither
does the middle of a shot. Knows one block's neighbourhood; not the network.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from actors.segmentation.shots.fades import find_fades
from actors.segmentation.shots.features import Looks
from actors.segmentation.shots.transitions import Transition, weigh
from actors.segmentation.shots.weights import ShotWeights
from actors.segmentation.tracks import FrameTrack

RULED_OUT, SETTLED = 0.15, 0.85
"""Confidences without the network below and above which it is not asked."""
BELIEVED = 0.5
MARGIN_FRAMES = 3
"""Looked at on either side of what is doubtful, since an extent may be found a little short."""

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, repr=False)
class Survey:
    """Of each frame, bool: doubtful, the network should look; moving, in a likely transition (of a cut, the
    last frame before it, as the network marks it)."""

    doubtful: Bools
    moving: Bools

    def __repr__(self) -> str:
        return f"Survey({len(self.doubtful)} frames, {int(self.doubtful.sum())} doubtful)"


def survey(frames: FrameTrack, fps: float, weights: ShotWeights | None = None) -> Survey:
    """Look over a stretch of film; what the network has looked at already is no more doubtful.

    `weights`: the packaged ones if not given.
    """
    doubtful, moving, settled = np.zeros((3, len(frames)), np.bool_)
    if len(frames) < 2:
        return Survey(doubtful, moving)
    looks = Looks.of(frames)
    fades = find_fades(looks.y, looks.std, looks.jumps, fps)
    candidates = weigh(looks, fades, RULED_OUT, weights or ShotWeights.packaged())
    for one in candidates:
        moving[_marked(one)] |= one.confidence > BELIEVED
        settled[_marked(one)] |= one.confidence >= SETTLED
    for one in candidates:
        if one.confidence < SETTLED and not settled[_marked(one)].any():
            doubtful[max(0, one.first - MARGIN_FRAMES) : one.last + MARGIN_FRAMES] = True
    return Survey(doubtful & ~frames.looked, moving)


def _marked(one: Transition) -> slice:
    return slice(one.first - 1, one.last) if one.kind == "cut" else slice(one.first, one.last + 1)
