"""Timecode: frames numbered as HH:MM:SS:FF from midnight on (SMPTE ST 12-1).

Knows numbers; no file and no video.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

_TEXT = re.compile(r"(\d{2}):(\d{2}):(\d{2})([:;.,])(\d{1,3})")
"""Hours, minutes, seconds, frames. Anything but a colon before the frames means drop frame, as FFmpeg reads
it; up to 10 frames a second it writes one digit of them."""
_DAY_S = 86_400
"""Seconds of a day, as timecode counts them: at 29.97 frames/s without drop frame it lasts 86 s longer."""
_MINUTES_WITH_DROPS = 9
"""Of ten minutes, those that begin with numbers left out (SMPTE ST 12-1, drop frame)."""


@dataclass(frozen=True, slots=True)
class Timecode:
    """The number of one frame.

    frame: counted from midnight, less than a day. rate: frames that it counts a second, which need not be
    those of the picture (29.97 beside a picture of 59.94). drop: whether numbers are left out so that it
    stays in step with the clock; only multiples of 30000/1001 can. ValueError for impossible values.
    """

    frame: int
    rate: Fraction
    drop: bool = False

    def __post_init__(self) -> None:
        if self.base < 1:
            raise ValueError(f"timecode cannot count {float(self.rate):g} frames a second")
        if self.drop and not may_drop(self.rate):
            raise ValueError(f"there is no drop frame at {float(self.rate):g} frames a second")
        if not 0 <= self.frame < self._day:
            raise ValueError(f"a day has no frame {self.frame}")

    @classmethod
    def parse(cls, text: str, rate: Fraction) -> Timecode:
        """Read HH:MM:SS:FF, or HH:MM:SS;FF for drop frame, of a picture of `rate` frames a second.

        With drop frame it counts 29.97 (59.94 ...) a second, even if the picture has 30. Where numbers cannot
        be left out (24, 25), a semicolon is read as a colon. ValueError for anything else.
        """
        match = _TEXT.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"{text!r} is no timecode")
        hours, minutes, seconds, frames = (int(match[group]) for group in (1, 2, 3, 5))
        base = base_of(rate)
        if hours > 23 or minutes > 59 or seconds > 59 or frames >= base:
            raise ValueError(f"{text!r} is no timecode of {base} frames a second")
        drop = match[4] != ":" and base % 30 == 0
        frame = (3600 * hours + 60 * minutes + seconds) * base + frames
        if drop:
            minute = 60 * hours + minutes
            frame -= _dropped(base) * (minute - minute // 10)
            rate = Fraction(1000 * base, 1001)
        return cls(frame, rate, drop)

    def __str__(self) -> str:
        number = self.frame
        if self.drop:
            dropped = _dropped(self.base)
            tens, rest = divmod(number, self._ten_minutes)
            minutes = max(0, rest - dropped) // (60 * self.base - dropped)
            number += dropped * (_MINUTES_WITH_DROPS * tens + minutes)
        seconds, frames = divmod(number, self.base)
        mark = ";" if self.drop else ":"
        return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{mark}{frames:02d}"

    def contract(self) -> dict[str, Any]:
        """The keys of `media` in the HTTP contract that tell a timecode, as JSON types."""
        return {"timecode": str(self), "timecode_drop": self.drop, "timecode_fps": float(self.rate)}

    @property
    def base(self) -> int:
        """Frame numbers of a second: 30 at 29.97."""
        return base_of(self.rate)

    def after(self, frames: int) -> Timecode:
        """The timecode so many frames later, before if negative. Begins again at 0 after a day."""
        return Timecode((self.frame + frames) % self._day, self.rate, self.drop)

    def after_s(self, time_s: Fraction) -> Timecode:
        """The timecode so many seconds later, to the nearest frame."""
        return self.after(math.floor(time_s * self.rate + Fraction(1, 2)))

    def at_rate(self, rate: Fraction) -> Timecode:
        """The same time of day where `rate` frames are counted a second. ValueError where none can be."""
        drop = self.drop and may_drop(rate)
        if drop == self.drop:
            return Timecode(self.frame * base_of(rate) // self.base, rate, drop)
        hours, minutes, seconds, frames = (int(part) for part in re.split("[:;]", str(self)))
        base = base_of(rate)
        return Timecode(
            (3600 * hours + 60 * minutes + seconds) * base + frames * base // self.base, rate, drop
        )

    @property
    def _ten_minutes(self) -> int:
        return 600 * self.base - (_MINUTES_WITH_DROPS * _dropped(self.base) if self.drop else 0)

    @property
    def _day(self) -> int:
        return self._ten_minutes * _DAY_S // 600


def base_of(rate: Fraction) -> int:
    """Frame numbers of a second at a rate: the nearest integer."""
    return math.floor(rate + Fraction(1, 2))


def may_drop(rate: Fraction) -> bool:
    """Whether timecode of a rate may leave numbers out: 29.97 frames/s, and two and four times as many."""
    base = base_of(rate)
    return base > 0 and base % 30 == 0 and rate == Fraction(1000 * base, 1001)


def _dropped(base: int) -> int:
    """Numbers left out at a time: 2 of 30."""
    return base // 15
