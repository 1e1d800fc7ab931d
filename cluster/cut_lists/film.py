"""Finds the frame of a film that a timecode or a time means, from the segments that are known of it.

Segments tell frame and time of every boundary. Between two of them frames are taken to be evenly spaced,
which is exact for a film of a constant rate. Pure: knows no file and no server.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from cluster.cut_lists.rates import Rate, nominal_rate

_TIMECODE = re.compile(r"(\d{2}):([0-5]\d):([0-5]\d)([:;.,])(\d{2,3})")
"""As in CMX 3600: anything but a colon before the frames means drop frame."""


@dataclass(frozen=True, slots=True)
class Film:
    """points: (seconds, frame) of every known boundary and the end, ascending. rate: of its timecode. drop:
    whether that leaves numbers out. begin: the timecode of the first picture, as a number of `rate`.
    picture_s: when that is shown. kinds: of the boundaries of shots, by frame."""

    points: Sequence[tuple[float, int]]
    rate: Rate
    drop: bool
    begin: int
    picture_s: float
    kinds: Mapping[int, str]

    @classmethod
    def of(cls, media: Mapping[str, Any], segments: Sequence[Mapping[str, Any]]) -> Film:
        """From the contract's media and the segments of all levels. ValueError for no segments."""
        if not segments:
            raise ValueError("a film without segments tells no times")
        points = {(one["start_s"], one["start_frame"]) for one in segments}
        points |= {(one["end_s"], one["end_frame"]) for one in segments}
        ordered = sorted(points)
        (from_s, first), (to_s, end) = ordered[0], ordered[-1]
        rate = nominal_rate(float(media.get("fps") or (end - first) / (to_s - from_s)))
        text = media.get("timecode")
        drop = rate.drop_frame and (not text or bool(media.get("timecode_drop")))
        fps = float(media.get("timecode_fps") or rate.fraction)
        begin = rate.number_of(text, fps, drop) if text else 0
        picture_s = from_s if first == 0 else float(media.get("start_s") or 0.0)
        shots = [one for one in segments if one["level"] == "shot"]
        kinds = {one["start_frame"]: one["start_boundary"]["kind"] for one in shots}
        return cls(ordered, rate, drop, begin, picture_s, kinds)

    @property
    def fps(self) -> float:
        """Frames a second on average, of those that are segmented."""
        (from_s, first), (to_s, end) = self.points[0], self.points[-1]
        return (end - first) / (to_s - from_s)

    @property
    def begins_at(self) -> int:
        """Number of the first frame that is segmented, counted from the first picture at `rate`."""
        return self.rate.frame_at(self.points[0][0] - self.picture_s)

    def number(self, timecode: str, *, drop: bool | None = None) -> int:
        """The number of a timecode at `rate`, counted from midnight. ValueError for what is none.

        drop: None for what the mark before the frames says.
        """
        match = _TIMECODE.fullmatch(timecode)
        if match is None:
            raise ValueError(f"{timecode!r} is no timecode (HH:MM:SS:FF)")
        base = round(self.rate.fraction)
        if int(match[5]) >= base:
            raise ValueError(f"{timecode!r} is no timecode of {base} frames a second")
        drops = (match[4] != ":" if drop is None else drop) and self.rate.drop_frame
        plain = f"{match[1]}:{match[2]}:{match[3]}:{match[5]}"
        return self.rate.number_of(plain, float(self.rate.fraction), drops)

    def frame_of_number(self, number: int) -> int:
        """The film's frame that is shown at frame `number` of its timeline at `rate`, from the first picture.

        A boundary that is known wins within half a frame of the timeline.
        """
        time_s = float(self.picture_s + Fraction(number) / self.rate.fraction)
        half_s = float(1 / (2 * self.rate.fraction)) * 1.001  # a boundary half way between is rounded up
        place = bisect_left(self.points, (time_s,))
        near = self.points[max(0, place - 1) : place + 1]
        at_s, frame = min(near, key=lambda point: abs(point[0] - time_s))
        if abs(at_s - time_s) <= half_s:
            return frame
        right = min(max(place, 1), len(self.points) - 1)
        (a_s, a), (b_s, b) = self.points[right - 1], self.points[right]
        return round(a + (time_s - a_s) * (b - a) / (b_s - a_s))

    def frame_of_timecode(self, timecode: str) -> int:
        """The film's frame with this timecode of the source; without one, counted from the first picture."""
        return self.frame_of_number(self.number(timecode) - self.begin)
