"""Puts segments together: frames become times, ranges become summaries, levels get parents.

Knows where segments start and why, and the clock; decides nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from actors.segmentation.fusion.summary import Summaries, label
from actors.segmentation.sound.classes import LABELS
from actors.segmentation.timebase import FrameClock
from actors.segmentation.timeline import HUMAN, AudioSegment, Boundary, Segment
from actors.segmentation.tracks import AUDIO_STEP_S


@dataclass(frozen=True, slots=True)
class SegmentStart:
    """A segment starts at `frame`. from_frame .. to_frame (exclusive): extent of the transition; both are
    `frame` at a cut. scene: probability that a scene begins here. title: given by hand, None without one.
    topic, and the rest: as in Boundary."""

    frame: int
    kind: str
    confidence: float
    visual: float
    audio: float
    from_frame: int
    to_frame: int
    scene: float | None = None
    topic: float | None = None
    locked: bool = False
    title: str | None = None

    def moved(self, by: int) -> SegmentStart:
        """The same start in a video in which this part begins `by` frames later."""
        return replace(
            self, frame=self.frame + by, from_frame=self.from_frame + by, to_frame=self.to_frame + by
        )


def assemble(
    clock: FrameClock,
    summaries: Summaries,
    *,
    chapters: Sequence[SegmentStart],
    scenes: Sequence[SegmentStart],
    shots: Sequence[SegmentStart] | None,
    within: tuple[int, int] | None = None,
    first_titles: Mapping[str, str] | None = None,
) -> tuple[tuple[Segment, ...], tuple[AudioSegment, ...]]:
    """Chapters, scenes and shots from their starts (ascending, without the first one's), and the sound track.

    `shots`: None where there is no picture, and so no shots. `within`: frames of the video that are
    segmented, default all of them. The sound track of all of them goes on where it is longer than the
    picture. `first_titles`: by level, the title given by hand to its first segment.
    """
    first, last = within or (0, len(clock))
    segments: list[Segment] = []
    above: np.ndarray | None = None
    for level, given in (("chapter", chapters), ("scene", scenes), ("shot", shots)):
        if given is None:
            continue
        starts = np.array([first, *(one.frame for one in given)], np.int64)
        for index, (start, stop) in enumerate(pairwise([*starts.tolist(), last])):
            parent = None if above is None else int(np.searchsorted(above, start, "right")) - 1
            why = given[index - 1] if index else None
            title = why.title if why is not None else (first_titles or {}).get(level)
            segment = _segment(clock, summaries, level, index, parent, start, stop, why)
            segments.append(segment if title is None else replace(segment, title=title, title_source=HUMAN))
        above = starts
    begin_s = clock.seconds_of(first) if first > 0 else -math.inf
    end_s = clock.seconds_of(last) if last < len(clock) else math.inf
    return tuple(segments), _audio_track(summaries, begin_s, end_s)


def _segment(
    clock: FrameClock,
    summaries: Summaries,
    level: str,
    index: int,
    parent: int | None,
    start: int,
    stop: int,
    why: SegmentStart | None,
) -> Segment:
    start_s, end_s = clock.seconds_of(start), clock.seconds_of(stop)
    keyframe = summaries.keyframe(start, stop)
    visual, sound = summaries.visual(start, stop, keyframe), summaries.sound(start_s, end_s)
    role, role_confidence = summaries.role(start, stop, end_s - start_s, sound)
    slot = None if keyframe is None else int(summaries.keyframes.frame[keyframe])
    return Segment(
        level=level,
        index=index,
        parent=parent,
        start_s=start_s,
        end_s=end_s,
        start_frame=start,
        end_frame=stop,
        start_pts=clock.pts_of(start),
        end_pts=clock.pts_of(stop),
        start_boundary=_boundary(clock, why, start),
        label=label(visual, sound),
        audio=sound,
        visual=visual,
        keyframe_s=None if slot is None else clock.seconds_of(slot),
        thumbnail=slot,
        role=role,
        role_confidence=role_confidence,
    )


def _boundary(clock: FrameClock, why: SegmentStart | None, start: int) -> Boundary:
    if why is None:
        start_s = clock.seconds_of(start)
        return Boundary("start", 1.0, 0.0, 0.0, start_s, start_s, from_frame=start, to_frame=start)
    return Boundary(
        why.kind,
        why.confidence,
        why.visual,
        why.audio,
        clock.seconds_of(why.from_frame),
        clock.seconds_of(why.to_frame),
        why.scene,
        why.topic,
        why.from_frame,
        why.to_frame,
        why.locked,
    )


def _audio_track(summaries: Summaries, begin_s: float, end_s: float) -> tuple[AudioSegment, ...]:
    """Runs of one class over the sound track between two times."""
    classes = summaries.classes
    if classes is None or not classes.present.any():
        return ()
    there = np.flatnonzero(classes.present)
    first, last = int(there[0]), int(there[-1]) + 1
    found = []
    for start, stop, kind in classes.runs():
        a, b = max(start, first), min(stop, last)
        from_s = max(classes.start_s + a * AUDIO_STEP_S, begin_s)
        to_s = min(classes.start_s + b * AUDIO_STEP_S, end_s)
        if a < b and round(from_s, 3) < round(to_s, 3):
            sound = summaries.sound(from_s, to_s)
            assert sound is not None
            found.append(AudioSegment(round(from_s, 3), round(to_s, 3), LABELS[kind], sound))
    return tuple(found)
