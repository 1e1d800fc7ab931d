"""Puts the curves behind the decisions onto one grid of 100 ms from the first frame on, to be drawn.

Knows tracks and times; does not know segments.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from actors.segmentation.shots.transitions import CUTS, Transition
from actors.segmentation.sound.classes import SoundClasses
from actors.segmentation.sound.loudness import short_term_lufs
from actors.segmentation.timebase import FrameClock
from actors.segmentation.timeline import CURVE_STEP_S, Curve
from actors.segmentation.tracks import NO_ENERGY_DB, STEPS_PER_SECOND, AudioTrack, FrameTrack

Floats = npt.NDArray[np.float32]


def make_curves(
    clock: FrameClock,
    frames: FrameTrack | None,
    transitions: Sequence[Transition],
    audio: AudioTrack | None,
    classes: SoundClasses | None,
) -> tuple[Curve, ...]:
    """cut and transition probability (highest of a step), motion and brightness (mean), and what is heard.

    The probabilities are the network's and, since it looks at doubtful frames only, those of all
    `transitions` that were found, however unlikely.
    A step without a frame of its own repeats the one before. Without sound there are no curves of sound, and
    without frames none of the picture.
    """
    grid = _Grid(clock)
    curves = _seen(grid, frames, transitions) if frames is not None else []
    if audio is not None and classes is not None and len(audio):
        loudness = _heard(audio.momentary_lufs)
        short_term = short_term_lufs(audio.momentary_lufs.astype(np.float64), floor=NO_ENERGY_DB)
        curves += [
            Curve("loudness", "LUFS", grid.steps(loudness, classes.start_s)),
            Curve("loudness_short_term", "LUFS", grid.steps(_heard(short_term), classes.start_s)),
            Curve("speech", "probability", grid.steps(audio.speech.astype(np.float32), classes.start_s)),
            Curve("singing", "probability", grid.steps(audio.singing.astype(np.float32), classes.start_s)),
            Curve("music", "probability", grid.steps(audio.music.astype(np.float32), classes.start_s)),
        ]
    return tuple(curves)


def _seen(grid: _Grid, frames: FrameTrack, transitions: Sequence[Transition]) -> list[Curve]:
    cut, many = frames.cut.copy(), frames.many.copy()
    for one in transitions:
        many[one.first : one.last + 1] = np.maximum(many[one.first : one.last + 1], one.confidence)
        if one.kind in CUTS:
            cut[one.frame - 1] = max(cut[one.frame - 1], one.confidence)
    return [
        Curve("cut", "probability", grid.highest(cut)),
        Curve("transition", "probability", grid.highest(many)),
        Curve("motion", "mean change 0..255", grid.mean(frames.motion)),
        Curve("brightness", "luma 0..255", grid.mean(frames.luma_mean)),
    ]


def _heard(lufs: npt.NDArray[np.floating]) -> Floats:
    """NaN where there is silence."""
    out: Floats = np.where(lufs > NO_ENERGY_DB, lufs, np.nan).astype(np.float32)
    return out


class _Grid:
    """Steps of 100 ms that cover the picture."""

    def __init__(self, clock: FrameClock) -> None:
        self._start_s = clock.start_s
        scale = float(clock.time_base)
        since_start_s = (clock.pts - clock.pts[0]) * scale
        self._step = np.floor(since_start_s / CURVE_STEP_S + 1e-6).astype(np.int64)
        self._count = max(int(np.ceil(clock.duration_s / CURVE_STEP_S - 1e-6)), int(self._step[-1]) + 1)
        self._firsts = np.flatnonzero(np.diff(self._step, prepend=-1))

    def highest(self, values: npt.NDArray[np.float16]) -> Floats:
        """Of the frames in each step."""
        return self._spread(np.maximum.reduceat(values.astype(np.float32), self._firsts))

    def mean(self, values: npt.NDArray[np.float16]) -> Floats:
        """Of the frames in each step."""
        sums = np.add.reduceat(values.astype(np.float64), self._firsts)
        counts = np.diff(np.append(self._firsts, len(values)))
        return self._spread((sums / counts).astype(np.float32))

    def steps(self, values: Floats, start_s: float) -> Floats:
        """Of a track that has one value a step already, beginning at start_s; NaN where it has none."""
        shift = round((self._start_s - start_s) * STEPS_PER_SECOND)
        out = np.full(self._count, np.nan, np.float32)
        first, last = max(0, -shift), min(self._count, len(values) - shift)
        if last > first:
            out[first:last] = values[first + shift : last + shift]
        return out

    def _spread(self, values: Floats) -> Floats:
        row = np.zeros(self._count, np.int64)
        row[self._step[self._firsts]] = np.arange(len(self._firsts))
        out: Floats = values[np.maximum.accumulate(row)]
        return out
