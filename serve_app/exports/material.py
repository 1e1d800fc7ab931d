"""Input of every export (`Export`), and texts that several formats share.

Pure. Knows no format, no store and no HTTP.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cluster.contract.results import Segment
from cluster.contract.vocabulary import COARSE_TO_FINE, VIDEO_START, Level


def no_image(_segment: Segment) -> bytes | None:
    """No keyframe: the default of `Export.image`."""
    return None


@dataclass(frozen=True, slots=True)
class Export:
    """Input of a writer. `segments`: all levels, each in time order; `level`: the requested one, or None.
    `only`: numbers (`index`) of the segments of `level` that are wanted; None: all of them.

    `media`, `settings`, `audio_track`, `warnings`, `transcript`, `screen_text` as in the document of
    `scenestream segment --json`. `image`: a segment's keyframe as the bytes of a WebP file, None where there
    is none.
    """

    filename: str
    media: Mapping[str, Any]
    settings: Mapping[str, Any]
    audio_track: Sequence[Mapping[str, Any]]
    segments: Sequence[Segment]
    level: Level | None = None
    only: frozenset[int] | None = None
    image: Callable[[Segment], bytes | None] = no_image
    warnings: Sequence[Mapping[str, Any]] = ()
    transcript: Mapping[str, Any] | None = None
    screen_text: Sequence[Mapping[str, Any]] | None = None

    @property
    def stem(self) -> str:
        """The film's name without its extension."""
        return stem_of(self.filename)

    @property
    def has_picture(self) -> bool:
        """Whether there is a picture; documents that do not say have one."""
        return self.media.get("video_codec", "") is not None

    @property
    def picture_start_s(self) -> float:
        """When the film's first picture is shown: also where only a later part of it is segmented."""
        first = min(self.segments, key=lambda segment: segment.start_frame, default=None)
        if first is not None and first.start_frame == 0:
            return first.start_s
        return float(self.media.get("start_s") or 0.0)

    @property
    def has_audio(self) -> bool:
        """Whether the film has a sound track."""
        return bool(self.media.get("audio_codec"))

    def of(self, level: Level) -> list[Segment]:
        """All segments of one level, in time order."""
        return [segment for segment in self.segments if segment.level == level]

    def chosen(self) -> list[Segment]:
        """The wanted segments of `level`; with None all chapters, then scenes, then shots."""
        levels = COARSE_TO_FINE if self.level is None else (self.level,)
        return [segment for level in levels for segment in self.of(level) if self.wants(segment)]

    def wants(self, segment: Segment) -> bool:
        """Whether a segment of `level` is one of those that are wanted."""
        return self.only is None or segment.index in self.only


def stem_of(filename: str) -> str:
    """A file's name without its extension, never empty."""
    stem, dot, _ = filename.rpartition(".")
    return stem if dot and stem else filename.strip(".") or "video"


def title(segment: Segment) -> str:
    """A segment's name for people: "Scene 3: Plate tectonics", or without a title "Scene 3: speech"."""
    name = f"{segment.level.capitalize()} {segment.index + 1}"
    what = own_title(segment) or segment.label
    return one_line(f"{name}: {what}" if what else name)


def own_title(segment: Segment) -> str | None:
    """The title that a segment has from its words or its text on screen; None without one."""
    return (
        None if segment.title is None or segment.title_source == "class" else one_line(segment.title) or None
    )


def chapter_title(segment: Segment) -> str:
    """As `title`, without level and number where the segment has a title of its own: for menus of players."""
    return own_title(segment) or title(segment)


def one_line(text: str) -> str:
    """`text` without line breaks, control characters and characters that XML forbids.

    Characters that change the reading direction (category Cf) are removed as well: they would change the
    direction of the rest of the line.
    """
    spaced = " ".join(text.split())
    return "".join(char for char in spaced if unicodedata.category(char)[0] != "C")


def described(segment: Segment) -> str:
    """How a segment begins, for comments and notes: "dissolve, confidence 0.93"."""
    boundary = segment.start_boundary
    return (
        boundary.kind
        if boundary.kind == VIDEO_START
        else f"{boundary.kind}, confidence {boundary.confidence:.2f}"
    )


def ceil_ms(time_s: float) -> int:
    """The first whole millisecond at or after a time, and not before zero, where players' time begins.

    Rounded down, a boundary at 1.0833… s would be 1.083 s, when the last frame before it is still shown.
    """
    nearest = round(time_s * 1000)
    # A nanosecond of grace: 16.12 * 1000 is 16120.000000000002.
    return max(0, nearest if nearest >= time_s * 1000 - 1e-6 else nearest + 1)
