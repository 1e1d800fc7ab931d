"""Makes an editing timeline of a film: clips of one level end to end, on the frames of a nominal rate.

The timeline is the film, cut: it begins with the first picture, or with the part that is segmented. Where
only some segments are wanted, it has these end to end, each the same frames of the film as in the whole.
`CutList.source` says which number a frame of the film has in the source, by its timecode. Times come from the
film's timestamps, so films with a variable rate or dropped frames do not drift. Knows no format.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from cluster.contract.results import Segment
from cluster.contract.vocabulary import COARSE_TO_FINE, Level
from cluster.cut_lists.rates import Rate, nominal_rate
from serve_app.exports.material import Export
from serve_app.exports.source_clock import SourceClock, source_clock

MIXED = ("dissolve", "wipe")
"""Kinds of boundaries that are exported as transitions. The film shows them already, and mixing the film with
itself changes nothing. Fades are not exported: a picture that is faded already would be darkened twice."""
_MAX_TRANSITION_FRAMES = 998
"""Frames of a transition, an even number: an EDL has three digits for them."""


@dataclass(frozen=True, slots=True)
class TimelineClip:
    """Clip of the timeline: frames start .. end - 1 of the film, from frame `record` of the timeline on.

    `half`: frames of the transition at its start on either side of the boundary, 0 for a cut.
    """

    segment: Segment
    start: int
    end: int
    half: int
    record: int

    @property
    def record_end(self) -> int:
        """The frame of the timeline after its last."""
        return self.record + self.end - self.start


@dataclass(frozen=True, slots=True)
class Marker:
    """Timeline marker: a segment of a coarser level, frames start .. end - 1 of the timeline.

    Begins with the first of its clips and ends with the last of them.
    """

    segment: Segment
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class CutList:
    """A timeline. `clips` tile it; `markers`: the coarser levels, chapters first. `first`: the frame of the
    film with which the segmented part begins. `total`: length of the film in frames."""

    source: SourceClock
    clips: tuple[TimelineClip, ...]
    markers: tuple[Marker, ...]
    first: int
    total: int

    @property
    def rate(self) -> Rate:
        """The timeline's rate."""
        return self.source.rate

    @property
    def drop(self) -> bool:
        """Whether its timecode leaves numbers out: as the source does."""
        return self.source.drop

    @property
    def length(self) -> int:
        """Length of the timeline in frames."""
        return self.clips[-1].record_end if self.clips else 0

    def markers_at(self, frame: int) -> list[Marker]:
        """The markers that begin at a frame of the timeline, the coarsest first."""
        return [marker for marker in self.markers if marker.start == frame]


def cut_list(made: Export, default: Level = "shot") -> CutList:
    """The timeline, cut at the level of `made`, or at `default` if it has none."""
    level = made.level or default
    segments = made.of(level)
    rate = _rate(made, segments)
    origin_s = made.picture_start_s
    source = source_clock(made.media, origin_s, rate)
    if not segments:
        return CutList(source, (), (), 0, 0)
    bounds = _on_grid([s.start_s - origin_s for s in segments] + [segments[-1].end_s - origin_s], rate)
    clips: list[TimelineClip] = []
    for index, (segment, (start, end)) in enumerate(zip(segments, pairwise(bounds), strict=True)):
        if not made.wants(segment):
            continue
        # A transition mixes two clips: there is none where the one before is left out.
        mixes = bool(clips) and clips[-1].end == start
        room = min(start - bounds[index - 1], end - start) // 2 if mixes else 0
        half = _half(segment, start, room, rate, origin_s)
        clips.append(TimelineClip(segment, start, end, half, clips[-1].record_end if clips else 0))
    markers = [
        Marker(segment, inside[0].record, inside[-1].record_end)
        for coarser in COARSE_TO_FINE[: COARSE_TO_FINE.index(level)]
        for segment in made.of(coarser)
        if (inside := _inside(clips, segment))
    ]
    total = bounds[-1]
    if segments[-1].end_frame < int(made.media.get("frames") or 0):
        total = max(total, rate.frame_at(float(made.media["duration_s"])))
    return CutList(source, tuple(clips), tuple(markers), bounds[0], total)


def source_labels(made: Export) -> Callable[[Segment], tuple[str | None, str | None]]:
    """Gives the source's timecode at a segment's start and end; (None, None) where the source has none."""
    rate, origin_s = _rate(made, made.segments), made.picture_start_s
    source = source_clock(made.media, origin_s, rate)

    def labels(segment: Segment) -> tuple[str | None, str | None]:
        if not source.timecode:
            return None, None
        start, end = (rate.frame_at(time_s - origin_s) for time_s in (segment.start_s, segment.end_s))
        return source.label(start), source.label(end)

    return labels


def _inside(clips: Sequence[TimelineClip], segment: Segment) -> Sequence[TimelineClip]:
    """The clips that are parts of a coarser segment: levels are nested."""
    first = bisect_left(clips, segment.start_frame, key=_start_frame)
    return clips[first : bisect_left(clips, segment.end_frame, key=_start_frame)]


def _start_frame(clip: TimelineClip) -> int:
    return clip.segment.start_frame


def _rate(made: Export, segments: Sequence[Segment]) -> Rate:
    return nominal_rate(float(made.media.get("fps") or _average_fps(segments)))


def _average_fps(segments: Sequence[Segment]) -> float:
    """Frames per second from number and times of the frames; 25 for no segments."""
    if not segments:
        return 25.0
    return segments[-1].end_frame / (segments[-1].end_s - segments[0].start_s)


def _on_grid(times_s: Sequence[float], rate: Rate) -> list[int]:
    """The nearest frame of each time, moved where needed so that neighbours are at least one frame apart.

    Otherwise shots shorter than a frame of the rate would vanish, in a film with a higher rate.
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
    """Frames of the transition on either side of the boundary, at most `room`; 0 for a cut."""
    boundary = segment.start_boundary
    if boundary.kind not in MIXED:
        return 0
    first, last = rate.frame_at(boundary.from_s - origin_s), rate.frame_at(boundary.to_s - origin_s)
    return max(0, min(start - first, last - start, room, _MAX_TRANSITION_FRAMES // 2))
