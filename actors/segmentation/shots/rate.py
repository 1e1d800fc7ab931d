"""Thins films of high frame rate before transitions are looked for, and places what was found at full rate
again.

The network and every window of this package were made for 24 to 30 frames a second; at 60 a dissolve is twice
as many frames long and moves half as fast. Knows tracks and transitions; does not find any.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from actors.segmentation.planning.chunks import BLOCK_FRAMES, CONTEXT_FRAMES
from actors.segmentation.shots.transitions import CUTS, Transition, find_transitions
from actors.segmentation.shots.weights import ShotWeights
from actors.segmentation.tracks import FrameTrack

THIN_ABOVE_FPS = 40.0
"""Frames per second above which a film is thinned: between the 30 that need it not and the 48 to 60 that
do."""
WANTED_FPS = 27.0
"""Frames per second that a thinned film should come near to: the middle of 24 to 30."""


def thin_step(fps: float) -> int:
    """Of so many frames one is kept; a divisor of a block, so that every block keeps its first frame."""
    if fps <= THIN_ABOVE_FPS:
        return 1
    wanted = max(1, min(round(fps / WANTED_FPS), CONTEXT_FRAMES))
    return max(step for step in range(1, wanted + 1) if BLOCK_FRAMES % step == 0)


def transitions_at_any_rate(
    frames: FrameTrack, fps: float, weights: ShotWeights | None = None
) -> tuple[Transition, ...]:
    """As `find_transitions`, whatever the frame rate: fps > 0."""
    step = thin_step(fps)
    if step == 1:
        return find_transitions(frames, fps, weights)
    found = find_transitions(thinned(frames, step), fps / step, weights)
    return tuple(_placed(transition, frames, step) for transition in found)


def thinned(frames: FrameTrack, step: int, first: int = 0) -> FrameTrack:
    """Every step-th frame from `first` on. The network's probabilities are the highest up to the next kept
    frame; motion is the sum of all changes since the one before."""
    if step == 1:
        return frames
    kept = np.arange(first, len(frames), step)
    return FrameTrack(
        valid=frames.valid[kept],
        estimated=frames.estimated[kept],
        looked=frames.looked[kept],
        # a cut is marked on the last frame before it: what happens up to the next kept frame belongs here
        cut=np.maximum.reduceat(frames.cut, kept),
        many=np.maximum.reduceat(frames.many, kept),
        luma_mean=frames.luma_mean[kept],
        luma_std=frames.luma_std[kept],
        motion=_motion_since(frames, kept),
        thumb=frames.thumb[kept],
        steps=frames.steps[kept],
    )


def _motion_since(frames: FrameTrack, kept: npt.NDArray[np.int64]) -> npt.NDArray[np.float16]:
    total = np.cumsum(frames.motion, dtype=np.float64)[kept]
    return np.minimum(np.diff(total, prepend=0.0), 255).astype(np.float16)


def _placed(transition: Transition, frames: FrameTrack, step: int) -> Transition:
    """Back at full rate: a cut where the picture changes most, an extent as wide as it may be."""
    if transition.kind in CUTS:
        first = (transition.frame - 1) * step + 1
        window = frames.motion[first : transition.frame * step + 1]
        frame = first + int(np.argmax(window))
        return replace(transition, frame=frame, first=frame, last=frame)
    first = max(0, (transition.first - 1) * step + 1)
    last = min(len(frames) - 1, transition.last * step + step - 1)
    return replace(transition, frame=(first + last + 1) // 2, first=first, last=last)
