"""The film as an editing tool's timeline: clips of one level end to end, on the frames of a nominal rate.

Frames count from the first picture, where a file without timecode of its own begins for editing tools. Times
come from the film's timestamps, so films of a variable rate and of dropped frames do not drift. Source and
timeline have the same times: the timeline is the film, cut. Knows no format.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from cluster.contract.results import Segment
from cluster.contract.vocabulary import COARSE_TO_FINE, Level
from serve_app.exports.material import Export
from serve_app.exports.rates import Rate, nominal_rate

MIXED = ("dissolve", "wipe")
"""Boundaries that editing tools can hold as a transition. The film shows it already, and mixing the film with
itself changes nothing. A fade is none of them: fading what is faded already would darken it twice."""
_LONGEST = 998
"""Frames of a transition; an EDL has three digits for them."""


@dataclass(frozen=True, slots=True)
class TimelineClip:
    """Frames start .. end - 1. `half`: how far the transition into it reaches to each side, 0 for a cut."""

    segment: Segment
    start: int
    end: int
    half: int


@dataclass(frozen=True, slots=True)
class Marker:
    """A segment of a coarser level, which begins with one of the clips."""

    segment: Segment
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class CutList:
    """`clips` tile 0 .. total - 1; `marks`: chapters first, then scenes, as far as they are coarser."""

    rate: Rate
    clips: tuple[TimelineClip, ...]
    marks: tuple[Marker, ...]

    @property
    def total(self) -> int:
        """Frames of the timeline."""
        return self.clips[-1].end if self.clips else 0

    def marks_at(self, frame: int) -> list[Marker]:
        """Those that begin there, the coarsest first."""
        return [mark for mark in self.marks if mark.start == frame]


def cut_list(made: Export, default: Level = "shot") -> CutList:
    """The film cut at the level asked for, or at `default`."""
    level = made.level or default
    segments = made.of(level)
    rate = nominal_rate(float(made.media.get("fps") or _average_fps(segments)))
    if not segments:
        return CutList(rate, (), ())
    origin_s = segments[0].start_s
    bounds = _on_grid([s.start_s - origin_s for s in segments] + [segments[-1].end_s - origin_s], rate)
    clips = []
    for index, (segment, (start, end)) in enumerate(zip(segments, pairwise(bounds), strict=True)):
        room = min(start - bounds[index - 1], end - start) // 2 if index else 0
        clips.append(TimelineClip(segment, start, end, _half(segment, start, room, rate, origin_s)))
    at = {segment.start_frame: bound for segment, bound in zip(segments, bounds, strict=False)}
    at[segments[-1].end_frame] = bounds[-1]
    marks = [
        Marker(segment, at[segment.start_frame], at[segment.end_frame])
        for coarser in COARSE_TO_FINE[: COARSE_TO_FINE.index(level)]
        for segment in made.of(coarser)
    ]
    return CutList(rate, tuple(clips), tuple(marks))


def _average_fps(segments: Sequence[Segment]) -> float:
    """What the frames themselves say; 25 for no frames."""
    if not segments:
        return 25.0
    return segments[-1].end_frame / (segments[-1].end_s - segments[0].start_s)


def _on_grid(times_s: Sequence[float], rate: Rate) -> list[int]:
    """The nearest frames, but at least one between two times that follow each other.

    Short shots of a film with more frames than the rate has would vanish otherwise.
    """
    frames = [rate.frame_at(time_s) for time_s in times_s]
    last = max(frames[-1], len(frames) - 1)
    for index in range(1, len(frames)):
        frames[index] = max(frames[index], frames[index - 1] + 1)
    frames[-1] = last
    for index in reversed(range(len(frames) - 1)):
        frames[index] = min(frames[index], frames[index + 1] - 1)
    return frames


def _half(segment: Segment, start: int, room: int, rate: Rate, origin_s: float) -> int:
    """As far as the transition reaches to both sides, into no more than half of either clip."""
    boundary = segment.start_boundary
    if boundary.kind not in MIXED:
        return 0
    first, last = rate.frame_at(boundary.from_s - origin_s), rate.frame_at(boundary.to_s - origin_s)
    return max(0, min(start - first, last - start, room, _LONGEST // 2))
