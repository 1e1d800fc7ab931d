"""Converts frame numbers, timestamps (PTS) and seconds into each other.

Seconds are PTS x time base, as the container states them: a file whose first PTS means 0.54 s has its first
frame at 0.54 s. Knows integers and fractions; imports no PyAV and nothing else of the library.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

UNKNOWN_TIME_BASE = Fraction(1, 90_000)
"""Seconds for each unit of a timestamp where FFmpeg gives a stream no time base: that of MPEG systems
(ISO/IEC 13818-1, 90 kHz). PyAV's types allow it; no file without one has been met."""
MAX_RATE_DENOMINATOR = 1_000_000
"""Measured frame rates are rounded to fractions of at most this denominator, which fit FFmpeg's AVRational
(two 32-bit integers). No measurement; timestamps do not resolve a millionth of a frame."""
PAUSE_S = 0.25
"""Seconds: a frame shown no longer than this is never a pause, whatever the frames around it do. No
measurement; frames that come in pairs (video calls) stay together, and fewer than four frames a second do not
look like motion."""
PAUSE_STEPS = 5
"""A pause is longer than this many usual steps (the median) from frame to frame. No measurement; dropped
frames make steps of two to four."""


def seconds(pts: int, time_base: Fraction) -> float:
    """The time of a timestamp in seconds, rounded once (exact product of integers, one division)."""
    return pts * time_base.numerator / time_base.denominator


def timestamp(time_s: Fraction | float | int, time_base: Fraction) -> int:
    """The last timestamp at or before a time in seconds."""
    return int(Fraction(time_s) / time_base // 1)


@dataclass(frozen=True, slots=True, repr=False)
class FrameClock:
    """The times of n frames: frame k is shown from `pts[k]` up to, not including, `pts[k + 1]`.

    pts: int64[n], strictly increasing, n >= 1, in units of `time_base` seconds. end_pts: exclusive end of the
    last frame, so that `pts_of(n) == end_pts` and segments that tile frames tile time. ValueError otherwise.
    """

    pts: npt.NDArray[np.int64]
    end_pts: int
    time_base: Fraction

    def __post_init__(self) -> None:
        if self.pts.ndim != 1 or self.pts.dtype != np.int64 or len(self.pts) == 0:
            raise ValueError(f"pts must be a non-empty int64 vector, not {self.pts.dtype}{self.pts.shape}")
        if not bool(np.all(np.diff(self.pts) > 0)):
            raise ValueError("pts must increase strictly")
        if self.end_pts <= int(self.pts[-1]):
            raise ValueError("end_pts must lie behind the last pts")
        if self.time_base <= 0:
            raise ValueError("time_base must be positive")

    def __repr__(self) -> str:
        return f"FrameClock(frames={len(self.pts)}, {self.start_s:.3f}..{self.end_s:.3f} s)"

    def __len__(self) -> int:
        return len(self.pts)

    def pts_of(self, frame: int) -> int:
        """PTS of a frame, 0 <= frame <= n; n gives `end_pts`. IndexError outside."""
        if not 0 <= frame <= len(self.pts):
            raise IndexError(f"frame {frame} is not in 0..{len(self.pts)}")
        return self.end_pts if frame == len(self.pts) else int(self.pts[frame])

    def seconds_of(self, frame: int) -> float:
        """Time of a frame in seconds, 0 <= frame <= n; n gives the end of the last frame."""
        return seconds(self.pts_of(frame), self.time_base)

    def exact_seconds_of(self, frame: int) -> Fraction:
        """The same without rounding, for grids that must not drift."""
        return self.pts_of(frame) * self.time_base

    def frame_at(self, time_s: float) -> int:
        """The frame shown at a time in seconds; the first or last one for times outside."""
        at = max(0, int(np.searchsorted(self.pts, timestamp(time_s, self.time_base), side="right")) - 1)
        # `seconds_of(k)` is rounded to a float, which may be a little less than the exact time of frame k
        while at + 1 < len(self.pts) and self.seconds_of(at + 1) <= time_s:
            at += 1
        return at

    @property
    def start_s(self) -> float:
        """When the first frame appears, in seconds."""
        return self.seconds_of(0)

    @property
    def end_s(self) -> float:
        """When the last frame ends, in seconds."""
        return self.seconds_of(len(self.pts))

    @property
    def pauses(self) -> npt.NDArray[np.bool_]:
        """bool[n]: whether frame k is shown so long that the next one does not follow it.

        A screen recorder writes idle frames, a camera records only movement, a clock jumps. The measure is
        the usual step of this video: of slides that stand for seconds each, none is a pause.
        """
        steps = self._steps
        longest_s = max(PAUSE_S, PAUSE_STEPS * float(np.median(steps)) * float(self.time_base))
        return np.asarray(steps * float(self.time_base) > longest_s)

    @property
    def exact_pace(self) -> Fraction:
        """Frames a second where frames follow each other: pauses are left out. Without any, the average."""
        pauses = self.pauses
        if not pauses.any():
            return len(self.pts) / ((self.end_pts - int(self.pts[0])) * self.time_base)
        following = self._steps[~pauses]
        return len(following) / (int(following.sum()) * self.time_base)

    @property
    def pace(self) -> float:
        """`exact_pace` as a float."""
        return float(self.exact_pace)

    @property
    def _steps(self) -> npt.NDArray[np.int64]:
        """int64[n]: how long each frame is shown, in ticks."""
        return np.diff(self.pts, append=self.end_pts)

    @property
    def duration_s(self) -> float:
        """Seconds from the first frame's start to the last frame's end."""
        return seconds(self.end_pts - int(self.pts[0]), self.time_base)
