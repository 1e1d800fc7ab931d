"""Numbers the frames of a source as editing tools do: by its timecode, else from where its file begins.

Knows the description of a file and a rate; no segment and no format.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cluster.cut_lists.rates import Rate

_HARDLY_S = 0.1
"""Seconds: sound that begins so little before the picture is a decoder's preroll (AAC, Opus) or a packet that
reaches across the beginning. No measurement; the longest preroll is 80 ms (Opus, RFC 7845)."""


@dataclass(frozen=True, slots=True)
class SourceClock:
    """Numbers of a source's frames, at a timeline's rate.

    begin: of the file's beginning. picture: of the first picture, which a file may show later. drop: whether
    timecode leaves numbers out. timecode: whether the numbers are those of the source's own timecode; else
    they count from 0.
    """

    rate: Rate
    begin: int
    picture: int
    drop: bool
    timecode: bool

    def number(self, frame: int) -> int:
        """Number of a frame that is counted from the first picture."""
        return self.picture + frame

    def label(self, frame: int) -> str:
        """The same as timecode."""
        return self.rate.timecode(self.number(frame), self.drop)


def source_clock(media: Mapping[str, Any], picture_s: float, rate: Rate) -> SourceClock:
    """The clock of a file whose first picture is shown at `picture_s`.

    A file begins with its sound if that comes first and the container's clock begins with it (MP4, QuickTime,
    Matroska): tools show black until the picture comes. A broadcast that was cut out of a stream often begins
    with sound, too, but at any time of its clock; there the file begins with the first picture.
    """
    ahead = _frames_ahead(media, picture_s, rate)
    text = media.get("timecode")
    if not text:
        return SourceClock(rate, 0, ahead, rate.drop_frame, timecode=False)
    drop = bool(media.get("timecode_drop")) and rate.drop_frame
    picture = rate.number_of(text, float(media.get("timecode_fps") or rate.fraction), drop)
    return SourceClock(rate, max(0, picture - ahead), picture, drop, timecode=True)


def _frames_ahead(media: Mapping[str, Any], picture_s: float, rate: Rate) -> int:
    """How many frames the file begins before its first picture."""
    sound_s = media.get("audio_start_s")
    if sound_s is None or abs(sound_s) > _HARDLY_S or picture_s - sound_s <= _HARDLY_S:
        return 0
    return rate.frame_at(picture_s - max(0.0, sound_s))  # a preroll before 0 is not heard
