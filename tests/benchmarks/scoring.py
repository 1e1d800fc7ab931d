"""How well detected boundaries agree with labels.

A cut is found by a boundary at most one frame away, a gradual transition by one inside its extent (two frames
of slack at each end); every boundary serves once. Zones marked optional, and fades at the ends of the video,
neither reward nor punish. Knows labels and frame numbers; not how they were detected.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

CUT_SLACK_FRAMES = 1
GRADUAL_SLACK_FRAMES = 2
SCENE_SLACK_S = Fraction(1, 2)

Zone = tuple[int, int]


@dataclass(frozen=True)
class Score:
    """Counts of one file; rates in 0..1, 1.0 where there is nothing to find and nothing was found."""

    found: int
    missed: int
    false: int

    @property
    def precision(self) -> float:
        """Share of the detected boundaries that are right."""
        return self.found / (self.found + self.false) if self.found + self.false else 1.0

    @property
    def recall(self) -> float:
        """Share of the labelled boundaries that were found."""
        return self.found / (self.found + self.missed) if self.found + self.missed else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        total = 2 * self.found + self.missed + self.false
        return 2 * self.found / total if total else 1.0


def score_shots(labels: Mapping[str, Any], frames: Iterable[int]) -> Score:
    """Visual boundaries (first frames of shots, without frame 0) against cuts and gradual transitions."""
    gradual = [_widened(first, last, GRADUAL_SLACK_FRAMES) for first, last, *_ in labels["gradual"]]
    wanted = [_widened(cut, cut, CUT_SLACK_FRAMES) for cut in labels["cuts"]] + gradual
    ignored = [_widened(first, last, GRADUAL_SLACK_FRAMES) for first, last in _unjudged(labels)]
    return _score(wanted, gradual + ignored, frames)


def score_scenes(labels: Mapping[str, Any], frames: Iterable[int]) -> Score:
    """First frames of scenes against labelled ones; inside a gradual transition any frame is right."""
    slack = max(1, round(SCENE_SLACK_S * Fraction(labels["fps"])))
    wanted = []
    for scene in labels["scenes"]:
        low, high = _widened(scene, scene, slack)
        for first, last in labels.get("scene_zones", []):
            if first <= scene <= last + 1:
                zone = _widened(first, last, GRADUAL_SLACK_FRAMES)
                low, high = min(low, zone[0]), max(high, zone[1])
        wanted.append((low, high))
    return _score(wanted, _unjudged(labels), frames)


def _score(wanted: Sequence[Zone], ignored: Sequence[Zone], frames: Iterable[int]) -> Score:
    """Narrow zones choose first, each the boundary nearest to its middle."""
    left = set(frames)
    found = 0
    for low, high in sorted(wanted, key=lambda zone: zone[1] - zone[0]):
        inside = [frame for frame in left if low <= frame <= high]
        if inside:
            left.remove(min(inside, key=lambda frame: (abs(2 * frame - low - high), frame)))
            found += 1
    false = sum(not any(low <= frame <= high for low, high in ignored) for frame in left)
    return Score(found, len(wanted) - found, false)


def _unjudged(labels: Mapping[str, Any]) -> list[Zone]:
    return [(zone[0], zone[1]) for zone in (*labels.get("optional", []), *labels.get("edges", []))]


def _widened(first: int, last: int, slack: int) -> Zone:
    return first - slack, last + slack
