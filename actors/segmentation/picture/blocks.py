"""Turns one block of small pictures into rows of the frame track; runs TransNetV2 where it is needed.

The pictures of the block and its context are measured; a cheap survey (`shots.gate`) marks frames of which it
is in doubt; the network runs on views around these only. A block's rows are a function of its own window of
pictures, so they are the same however the video is divided into chunks. Where the result depends on pictures
that were estimated, they are decoded and the block is analysed again. Above 40 frames/s the survey and the
network see every second (third, ...) frame, because they were made for 24 to 30 frames/s. Knows small
pictures and something that gives probabilities; imports no PyAV and no torch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from actors.segmentation.picture.measures import luma, mean_change, thumbs
from actors.segmentation.runs import true_runs
from actors.segmentation.shots.cuts import SmallPictures, cut_measures, proposed, seen_by_network
from actors.segmentation.shots.gate import RepeatedSurvey, Survey
from actors.segmentation.shots.rate import thin_step, thinned
from actors.segmentation.tracks import FrameTrack

VIEW_CONTEXT_FRAMES = 16
"""Frames that the network sees before and after those it is asked about. Tried on labelled films: with three
times as many the same cuts stand out, more sharply; with half as many some do not."""
VIEW_STEP_FRAMES = 8
"""A view's length is a multiple of this, so that few different shapes occur: for each, torch (oneDNN, cuDNN)
prepares its convolutions anew. No measurement."""
SUSPECT_REACH_FRAMES = 2
"""Frames (of those that are kept at high rates) around a decisive candidate that must be decoded. Less than
`packet_activity.REACH_FRAMES`, so that a cut which a packet gave away needs no second look."""
DECIDES_FRAMES = 16
"""Frames outside of the block whose candidates matter to it: what lies further away is another block's."""

Image = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]


Surveyor = Callable[[FrameTrack, float], Survey]
"""From a stretch of the track and its frames per second: where the network has to look."""


class TransitionNetwork(Protocol):
    """The part of `networks.models.Models` that is used here."""

    def transitions(self, window: Image, /) -> npt.NDArray[np.float16]:
        """uint8 RGB [T, 27, 48, 3] -> float16 [T, 2] in 0..1: TransNetV2's two heads."""


class _Remembering:
    """The network, asked once about each view: after a second look most of a block's are the same."""

    def __init__(self, network: TransitionNetwork) -> None:
        self._network = network
        self._found: dict[bytes, npt.NDArray[np.float16]] = {}

    def transitions(self, window: Image, /) -> npt.NDArray[np.float16]:
        """See `TransitionNetwork`."""
        pixels = window.tobytes()
        if pixels not in self._found:
            self._found[pixels] = self._network.transitions(window)
        return self._found[pixels]


@dataclass(frozen=True, slots=True, repr=False)
class BlockWindow:
    """The pictures of a block and its context, one row for each slot from `start` on.

    At the video's ends there is less context. small: uint8 RGB [n, 27, 48, 3]. change: int64[n], valid and
    estimated: bool[n], see `measured_frames.MeasuredFrame`. ValueError when they differ in length.
    """

    start: int
    small: Image
    change: npt.NDArray[np.int64]
    valid: Bools
    estimated: Bools

    def __post_init__(self) -> None:
        if not len(self.small) == len(self.change) == len(self.valid) == len(self.estimated):
            raise ValueError("a window's rows must be parallel")

    def __repr__(self) -> str:
        return f"BlockWindow({self.start}..{self.start + len(self.small)})"


@dataclass(frozen=True, slots=True, repr=False)
class BlockRows:
    """A block's rows of the track. moving: bool[n], the frame is in a likely transition (of a cut, the last
    frame before it)."""

    frames: FrameTrack
    moving: Bools

    def __repr__(self) -> str:
        return f"BlockRows({self.frames!r}, {int(self.moving.sum())} moving)"


def analyse_block(
    window: BlockWindow,
    block: range,
    fps: float,
    network: TransitionNetwork,
    ask: Surveyor | None = None,
    *,
    decoded: Callable[[Bools], BlockWindow] | None = None,
) -> BlockRows:
    """Rows of the slots `block`, which lie inside the window. `fps`: frames/s of the video.

    `ask` selects the frames that the network looks at, a RepeatedSurvey if not given. `decoded`: gives the
    window with these of its estimated pictures (bool[n]) decoded; None: they stay as they are.
    """
    ask, network = ask or RepeatedSurvey(), _Remembering(network)
    rows, surveyed = _analysed(window, block, fps, network, ask)
    suspected = _near(surveyed, window, block, thin_step(fps)) & window.estimated
    if decoded is None or not suspected.any():
        return rows
    return _analysed(decoded(suspected), block, fps, network, ask)[0]


def _analysed(
    window: BlockWindow, block: range, fps: float, network: TransitionNetwork, ask: Surveyor
) -> tuple[BlockRows, Survey]:
    """The rows by the pictures as they are, and the last survey, of every step-th frame of the window."""
    step = thin_step(fps)
    kept = np.arange(-window.start % step, len(window.small), step)
    inside = (kept + window.start >= block.start) & (kept + window.start < block.stop)
    track, pictures = _measured(window), SmallPictures.of(window.small[kept])
    thin = _with_steps(thinned(track, step, int(kept[0])), pictures, proposed(pictures))
    surveyed = ask(thin, fps / step)
    looked = surveyed.doubtful & inside
    if looked.any():
        probabilities = _probabilities(window.small[kept], looked, network)
        thin = replace(thin, looked=looked, cut=probabilities[:, 0], many=probabilities[:, 1])
        thin = _with_steps(thin, pictures, seen_by_network(probabilities[:, 0].astype(np.float32), pictures))
        surveyed = ask(thin, fps / step)
    # frames left out by thinning take the row of the kept frame before them
    rows = np.searchsorted(kept, np.arange(block.start, block.stop) - window.start, "right") - 1
    frames = replace(
        track.rows(block.start - window.start, block.stop - window.start),
        looked=thin.looked[rows],
        cut=thin.cut[rows],
        many=thin.many[rows],
        steps=_spread(thin.steps, kept + window.start - block.start, len(block)),
    )
    return BlockRows(frames, surveyed.moving[rows]), surveyed


def _near(surveyed: Survey, window: BlockWindow, block: range, step: int) -> Bools:
    """bool[n]: of the window's frames, those near what is decisive for the block's own rows."""
    near = np.zeros(len(window.small), np.bool_)
    reach = SUSPECT_REACH_FRAMES * step
    first = -window.start % step
    for at in (first + step * np.flatnonzero(surveyed.decisive)).tolist():
        if block.start - DECIDES_FRAMES <= window.start + at < block.stop + DECIDES_FRAMES:
            near[max(0, at - reach) : at + step + reach] = True
    return near


def _with_steps(track: FrameTrack, pictures: SmallPictures, frames: npt.NDArray[np.int64]) -> FrameTrack:
    """With measures of these steps, too."""
    steps = track.steps.copy()
    steps[frames] = cut_measures(pictures, frames)
    return replace(track, steps=steps)


def _spread(
    steps: npt.NDArray[np.float16], at: npt.NDArray[np.int64], length: int
) -> npt.NDArray[np.float16]:
    """Rows at their places among `length`; what lies outside is left out, all others are 0."""
    out = np.zeros((length, steps.shape[1]), np.float16)
    inside = (at >= 0) & (at < length)
    out[at[inside]] = steps[inside]
    return out


def _measured(window: BlockWindow) -> FrameTrack:
    n = len(window.small)
    mean, spread = luma(window.small)
    motion = mean_change(window.change)
    motion[:1] = 0  # the frame before the window is known to some chunks only, so to none here
    return replace(
        FrameTrack.empty(n),
        valid=window.valid,
        estimated=window.estimated,
        luma_mean=mean,
        luma_std=spread,
        motion=motion,
        thumb=thumbs(window.small),
    )


def _probabilities(small: Image, wanted: Bools, network: TransitionNetwork) -> npt.NDArray[np.float16]:
    """float16 [n, 2]: the network's probabilities where they are wanted, 0 elsewhere.

    Each run of wanted frames, with context, is one view. At the ends the outermost picture is repeated.
    """
    out = np.zeros((len(small), 2), np.float16)
    for start, stop in true_runs(wanted, 2 * VIEW_CONTEXT_FRAMES):
        length = -(-(stop - start + 2 * VIEW_CONTEXT_FRAMES) // VIEW_STEP_FRAMES) * VIEW_STEP_FRAMES
        first = start - VIEW_CONTEXT_FRAMES
        view = np.clip(np.arange(first, first + length), 0, len(small) - 1)
        found = network.transitions(small[view])[VIEW_CONTEXT_FRAMES : VIEW_CONTEXT_FRAMES + stop - start]
        out[start:stop] = np.where(wanted[start:stop, None], found, 0)
    return out
