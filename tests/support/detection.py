"""Transitions found in pictures with known truth, through the same block analysis as in a video.

The network has no opinion: what is found is found by the small pictures alone.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from actors.segmentation.picture.blocks import BlockWindow, analyse_block
from actors.segmentation.planning.plan import BLOCK_FRAMES, CONTEXT_FRAMES
from actors.segmentation.settings import FusionSettings
from actors.segmentation.shots.rate import transitions_at_any_rate
from actors.segmentation.shots.transitions import CUTS, Transition, frames_apart, select
from actors.segmentation.tracks import FrameTrack
from tests.support.tracks import Pictures, place

MIN_SHOT_S, SENSITIVITY = FusionSettings().min_shot_s, FusionSettings().shot_sensitivity


class Blind:
    """A network that has no opinion."""

    def transitions(self, window: npt.NDArray[np.uint8], /) -> npt.NDArray[np.float16]:
        return np.full((len(window), 2), 0.01, np.float16)


def as_small(pictures: Pictures, seed: int = 0) -> npt.NDArray[np.uint8]:
    """With the noise of a sensor, in 8 bits."""
    noise = np.random.default_rng(seed).normal(0, 1, pictures.shape)
    return np.clip(pictures + noise + 0.5, 0, 255).astype(np.uint8)


def found_in(pictures: Pictures, fps: float = 25.0) -> list[Transition]:
    """Transitions at the default sensitivity."""
    small = as_small(pictures)
    n = len(small)
    change = np.zeros(n, np.int64)
    change[1:] = np.abs(small[1:].astype(np.int64) - small[:-1]).sum(axis=(1, 2, 3))
    rows = []
    for start in range(0, n, BLOCK_FRAMES):
        block = range(start, min(start + BLOCK_FRAMES, n))
        around = slice(max(0, start - CONTEXT_FRAMES), block.stop + CONTEXT_FRAMES)
        length = len(small[around])
        whole = np.ones(length, np.bool_)
        window = BlockWindow(around.start, small[around], change[around], whole, ~whole)
        rows.append(analyse_block(window, block, fps, Blind()).frames)
    track = FrameTrack.join(rows)
    return select(
        transitions_at_any_rate(track, fps), SENSITIVITY, frames_apart(round(MIN_SHOT_S * fps)), (0, n)
    )


def cuts_in(pictures: Pictures, fps: float = 25.0) -> list[int]:
    """First frames of the new shots, cuts and jump cuts only."""
    return [one.frame for one in found_in(pictures, fps) if one.kind in CUTS]


def edited(lengths: list[int], seed: int, drift: float = 0.15) -> tuple[Pictures, list[int]]:
    """Shots of these lengths, each of its own place, and the first frames of all but the first."""
    shots = [place(100 * seed + k, length, drift=drift) for k, length in enumerate(lengths)]
    return np.concatenate(shots), np.cumsum(lengths)[:-1].tolist()
