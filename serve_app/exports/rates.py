"""Frame rates that editing tools know, and timecode (SMPTE ST 12-1) at them.

Knows numbers only, no segment and no format.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from opentimelineio.opentime import RationalTime

_NTSC = Fraction(1000, 1001)
NOMINAL = tuple(
    sorted(
        [Fraction(rate) for rate in (24, 25, 30, 48, 50, 60)] + [rate * _NTSC for rate in (24, 30, 48, 60)]
    )
)
"""Frames per second. Timecode has two digits for frames, and editing tools agree on no rates but these."""
_DROPPING = (30 * _NTSC, 60 * _NTSC)
_SAME = 0.0004
"""Rates this near to each other, relatively, are one: 23.976 and 24 lie 0.001 apart."""
_MOST = 60


@dataclass(frozen=True, slots=True)
class Rate:
    """Frames per second, exactly; one of NOMINAL."""

    fraction: Fraction

    @property
    def drop_frame(self) -> bool:
        """Whether timecode leaves numbers out, so that it keeps up with the clock: 29.97 and 59.94."""
        return self.fraction in _DROPPING

    def frame_at(self, time_s: float) -> int:
        """The frame that begins nearest to a time."""
        return math.floor(Fraction(time_s) * self.fraction + Fraction(1, 2))

    def timecode(self, frame: int) -> str:
        """HH:MM:SS:FF, HH:MM:SS;FF where numbers are dropped; begins anew after 24 hours."""
        rate = float(self.fraction)
        return str(RationalTime(frame, rate).to_timecode(rate, self.drop_frame))


def nominal_rate(fps: float) -> Rate:
    """The rate of a timeline for a film of `fps` frames per second on average.

    The film's own where it is one of NOMINAL; else the smallest multiple that is, which every frame of it
    falls on (15 becomes 30), or the largest part (120 becomes 60); else the nearest. With the latter, and for
    films of a variable rate, a boundary is moved to the nearest frame of the timeline.
    """
    if not (math.isfinite(fps) and fps > 0):
        raise ValueError(f"a film has a positive number of frames per second, not {fps}")
    factors = [*range(1, _MOST + 1), *(Fraction(1, part) for part in range(2, 11))]
    for factor in factors:
        for rate in NOMINAL:
            if abs(fps * float(factor) / float(rate) - 1) < _SAME:
                return Rate(rate)
    return Rate(min(NOMINAL, key=lambda rate: abs(math.log(fps / float(rate)))))
