"""From frame to timestamp to seconds and back.

Seconds are timestamp x time base, of the container as it stands: a file that starts at 0.54 s has its
first frame at 0.54 s. Knows integers and fractions, no container and no codec.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

PAUSE_S = 60
"""A frame shown longer is a pause (of a camera that records what moves, between recordings that were joined)
and says nothing about the rate."""


def seconds(pts: int, time_base: Fraction) -> float:
    """The time of a timestamp: pts x time_base, rounded once (exact product, one division)."""
    return pts * time_base.numerator / time_base.denominator


def timestamp(time_s: Fraction | float | int, time_base: Fraction) -> int:
    """The last timestamp at or before a time."""
    return int(Fraction(time_s) / time_base // 1)


@dataclass(frozen=True, slots=True, repr=False)
class FrameClock:
    """The times of n frames: frame k is shown from `pts[k]` up to, not including, `pts[k + 1]`.

    `pts` is int64, strictly increasing, n >= 1. `end_pts` (exclusive) is where the last frame ends, so
    `pts_of(n) == end_pts` and segments that tile frames tile time.
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
        """Timestamp of a frame, 0 <= frame <= n; n gives `end_pts`. IndexError outside."""
        if not 0 <= frame <= len(self.pts):
            raise IndexError(f"frame {frame} is not in 0..{len(self.pts)}")
        return self.end_pts if frame == len(self.pts) else int(self.pts[frame])

    def seconds_of(self, frame: int) -> float:
        """Time of a frame in seconds; n gives the end of the last frame."""
        return seconds(self.pts_of(frame), self.time_base)

    def exact_seconds_of(self, frame: int) -> Fraction:
        """Time of a frame as a fraction of a second, for grids that must not drift."""
        return self.pts_of(frame) * self.time_base

    def frame_at(self, time_s: float) -> int:
        """The frame shown at a time, clamped to the first and last frame."""
        at = max(0, int(np.searchsorted(self.pts, timestamp(time_s, self.time_base), side="right")) - 1)
        # A frame's own time, rounded to a float, may lie a hair before the frame.
        while at + 1 < len(self.pts) and self.seconds_of(at + 1) <= time_s:
            at += 1
        return at

    @property
    def start_s(self) -> float:
        """When the first frame appears."""
        return self.seconds_of(0)

    @property
    def end_s(self) -> float:
        """When the last frame ends."""
        return self.seconds_of(len(self.pts))

    @property
    def pace(self) -> float | None:
        """Frames a second while they follow each other; None where there are no pauses, or nothing but: the
        average says it then."""
        steps = np.diff(self.pts, append=self.end_pts)
        pauses = steps * float(self.time_base) > PAUSE_S
        if not pauses.any() or 2 * int(pauses.sum()) > len(steps):
            return None
        return float((~pauses).sum() / (int(steps[~pauses].sum()) * self.time_base))

    @property
    def duration_s(self) -> float:
        """From the first frame's start to the last frame's end."""
        return seconds(self.end_pts - int(self.pts[0]), self.time_base)
