"""Nominal frame rates of editing tools, and timecode (SMPTE ST 12-1) at them.

Knows numbers only, no segment and no format.
"""

from __future__ import annotations

import math
import re
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
_TIMECODE = re.compile(r"(\d{2}):(\d{2}):(\d{2})[:;](\d{2,3})")
_DROP_FRAME_RATES = (30 * _NTSC, 60 * _NTSC)
_SAME_RATIO = 0.0004
"""Relative difference below which two rates count as equal: 23.976 and 24 differ by 0.001."""
_MAX_FACTOR = 60
"""Largest multiple of a film's rate that is tried: the highest rate of NOMINAL for 1 frame a second."""


@dataclass(frozen=True, slots=True)
class Rate:
    """An exact frame rate in frames per second; one of NOMINAL."""

    fraction: Fraction

    @property
    def drop_frame(self) -> bool:
        """Whether timecode skips numbers to stay in step with the clock (drop frame): 29.97 and 59.94.

        It can at no other rate. A source of these rates may do without; where it tells none, this is usual.
        """
        return self.fraction in _DROP_FRAME_RATES

    def frame_at(self, time_s: float) -> int:
        """The frame whose start is nearest to a time."""
        return math.floor(Fraction(time_s) * self.fraction + Fraction(1, 2))

    def timecode(self, frame: int, drop: bool | None = None) -> str:
        """Timecode HH:MM:SS:FF, with drop frame HH:MM:SS;FF; begins again at 0 after 24 hours.

        `drop`: None for what is usual at this rate.
        """
        rate = float(self.fraction)
        return str(RationalTime(frame, rate).to_timecode(rate, self.drop_frame if drop is None else drop))

    def number_of(self, timecode: str, fps: float, drop: bool) -> int:
        """The frame of this rate, counted from midnight, with a timecode that counts `fps` frames a second.

        `drop`: whether this rate leaves numbers out. ValueError for a text that is no timecode.
        """
        match = _TIMECODE.fullmatch(timecode)
        if match is None:
            raise ValueError(f"{timecode!r} is no timecode")
        hours, minutes, seconds, frames = (int(part) for part in match.groups())
        base, counted = math.floor(self.fraction + Fraction(1, 2)), math.floor(fps + 0.5)
        number = (3600 * hours + 60 * minutes + seconds) * base + frames * base // counted
        if drop:
            total = 60 * hours + minutes
            number -= base // 15 * (total - total // 10)  # all but every tenth minute leave out 2 of 30
        return number


def nominal_rate(fps: float) -> Rate:
    """The timeline's rate for a film of `fps` frames per second on average. ValueError unless positive.

    The film's own rate if it is in NOMINAL. Else the smallest multiple in NOMINAL, so that every frame of the
    film is a frame of the timeline (15 becomes 30). Else the largest fraction in NOMINAL (120 becomes 60).
    Else the nearest rate. In the last two cases, and for films of a variable rate, boundaries move to the
    nearest frame of the timeline.
    """
    if not (math.isfinite(fps) and fps > 0):
        raise ValueError(f"a film has a positive number of frames per second, not {fps}")
    factors = [*range(1, _MAX_FACTOR + 1), *(Fraction(1, part) for part in range(2, 11))]
    for factor in factors:
        for rate in NOMINAL:
            if abs(fps * float(factor) / float(rate) - 1) < _SAME_RATIO:
                return Rate(rate)
    return Rate(min(NOMINAL, key=lambda rate: abs(math.log(fps / float(rate)))))
