"""What the words say at candidate boundaries: no break inside a sentence, and where a topic changes.

A break of the sound that falls into a sentence is a breath of the speaker's or a noise beside the voice: it
moves to the next pause between two sentences, or goes. Where a topic changes inside a long take, a candidate
is added, as nothing else may happen there. Evidence is log odds. The numbers are set by hand: no labelled
film has words and chapters. Knows moments and sentences; does not know texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from actors.segmentation.fusion.evidence import Moment
from actors.segmentation.fusion.takes import LONG_TAKE_S, PIECE_MIN_S, SoundBreak
from actors.segmentation.spoken import Spoken
from actors.segmentation.timebase import FrameClock

Floats = npt.NDArray[np.float64]

EDGE_S = 0.15
"""Seconds at either end of a sentence that may be outside of it: as exact as the times of words are."""
MOVED_S = 2.0
"""Seconds that a break moves at most: half of the window in which sounds are compared."""
LEAD_S = 0.5
"""Seconds before its first sentence that a topic begins at most, in the middle of the pause if there is
one."""
TOPIC_REACH_S = 6.0
"""Seconds from a boundary to the start of a topic's first sentence at which it counts for nothing; it loses
evenly with distance. A speaker begins a few seconds after the picture has changed, or a sentence before."""
TOPIC_EVEN = 9.5
"""Log odds for a chapter, at full weight, where it is as likely as not that the topic changes: about what
speaks against a chapter inside a take, so that there it is as likely as not, too."""
TOPIC_SLOPE = 2.0
"""... and by how much it rises with each log odd of the topic: of two changes the surer one wins against
length and sound."""
TOPIC_MAX = 14.0
"""The words say at most this much for a chapter."""
GOES_ON = -2.0
"""Log odds for a chapter, at full weight, where somebody speaks before and after it and no topic changes."""
SPEAKS_WITHIN_S = 10.0
"""Seconds before and after a boundary within which somebody speaks who goes on with a topic."""


def between_sentences(
    breaks: Sequence[SoundBreak], spoken: Spoken, clock: FrameClock, bounds: Sequence[int]
) -> list[SoundBreak]:
    """The breaks outside of sentences, and those inside moved to the nearest pause within MOVED_S; of those
    that come too near to each other the strongest. In order. bounds: frames at which shots begin and the last
    ends; a break that would leave its shot goes."""
    if not len(spoken):
        return list(breaks)
    cuts = np.array(bounds)
    pauses = _pauses(spoken)
    moved: list[SoundBreak] = []
    for one in breaks:
        if not _inside(one.time_s, spoken):
            moved.append(one)
            continue
        nearest = pauses[np.abs(pauses - one.time_s).argmin()] if len(pauses) else np.inf
        frame = clock.frame_at(float(nearest)) if abs(nearest - one.time_s) <= MOVED_S else 0
        if frame and _shot_of(frame, cuts) == _shot_of(one.frame, cuts) and _inside_shot(frame, cuts, clock):
            moved.append(replace(one, frame=frame, time_s=float(nearest)))
    kept: list[SoundBreak] = []
    for one in sorted(moved, key=lambda one: (-one.strength, one.time_s)):
        if all(abs(one.time_s - other.time_s) >= PIECE_MIN_S for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda one: one.frame)


def topic_moments(moments: Sequence[Moment], spoken: Spoken, clock: FrameClock, part: range) -> list[Moment]:
    """Candidates where a topic may begin inside a long take, away from all other candidates and from cuts.

    moments: in order. part: frames that are segmented.
    """
    cuts = [part.start, *(moment.frame for moment in moments if moment.transition), part.stop]
    others = np.array([moment.time_s for moment in moments])
    out: list[Moment] = []
    for first, last in pairwise(cuts):
        start_s, end_s = clock.seconds_of(first), clock.seconds_of(last)
        if end_s - start_s < LONG_TAKE_S:
            continue
        for number in spoken.topics.tolist():
            time_s = _topic_start_s(spoken, number)
            if not start_s + PIECE_MIN_S <= time_s <= end_s - PIECE_MIN_S:
                continue
            frame = clock.frame_at(time_s)
            near = len(others) and np.abs(others - time_s).min() < PIECE_MIN_S
            if not near and first < frame < last and (not out or out[-1].frame < frame):
                out.append(Moment(frame, clock.seconds_of(frame), None, topic=float(spoken.topic[number])))
    return out


def topic_evidence(moments: Sequence[Moment], spoken: Spoken | None) -> Floats:
    """float64 (m,): log odds for a chapter at each moment by the topics near it; zeros without topics."""
    out = np.zeros(len(moments))
    if spoken is None or not len(spoken.topics):
        return out
    starts = np.array([_topic_start_s(spoken, number) for number in spoken.topics.tolist()])
    says = np.clip(TOPIC_EVEN + TOPIC_SLOPE * spoken.topic[spoken.topics], 0.0, TOPIC_MAX)
    for k, moment in enumerate(moments):
        near = np.clip(1.0 - np.abs(starts - moment.time_s) / TOPIC_REACH_S, 0.0, 1.0)
        out[k] = (says * near).max()
        if out[k] == 0.0 and _speaks_around(moment.time_s, spoken):
            out[k] = GOES_ON
    return out


def _topic_start_s(spoken: Spoken, number: int) -> float:
    """The middle of the pause before a sentence, but no more than LEAD_S before it."""
    start_s = float(spoken.starts_s[number])
    before_s = float(spoken.ends_s[:number].max(initial=start_s - 2 * LEAD_S))
    return max(start_s - LEAD_S, min(start_s, 0.5 * (before_s + start_s)))


def _pauses(spoken: Spoken) -> Floats:
    """Middles of the pauses between two sentences, and the start of the first and the end of the last."""
    ends = np.maximum.accumulate(spoken.ends_s)
    apart = spoken.starts_s[1:] >= ends[:-1]
    middles = 0.5 * (ends[:-1] + spoken.starts_s[1:])[apart]
    return np.concatenate([[spoken.starts_s[0]], middles, [ends[-1]]])


def _inside_shot(frame: int, cuts: npt.NDArray[np.int64], clock: FrameClock) -> bool:
    """Whether both pieces of the shot that a break at `frame` divides are long enough. cuts: ascending."""
    place = int(np.searchsorted(cuts, frame, "right"))
    if place in (0, len(cuts)):
        return False
    at_s = clock.seconds_of(frame)
    start_s, end_s = clock.seconds_of(int(cuts[place - 1])), clock.seconds_of(int(cuts[place]))
    return min(at_s - start_s, end_s - at_s) >= PIECE_MIN_S


def _shot_of(frame: int, cuts: npt.NDArray[np.int64]) -> int:
    return int(np.searchsorted(cuts, frame, "right"))


def _inside(time_s: float, spoken: Spoken) -> bool:
    return bool(np.any((spoken.starts_s + EDGE_S < time_s) & (time_s < spoken.ends_s - EDGE_S)))


def _speaks_around(time_s: float, spoken: Spoken) -> bool:
    before = np.any((spoken.starts_s < time_s) & (spoken.ends_s > time_s - SPEAKS_WITHIN_S))
    after = np.any((spoken.ends_s > time_s) & (spoken.starts_s < time_s + SPEAKS_WITHIN_S))
    return bool(before and after)
