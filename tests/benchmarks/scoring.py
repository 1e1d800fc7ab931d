"""How well what was detected agrees with labels.

A cut is found by a boundary at most one frame away, a gradual transition by one inside its extent (two frames
of slack at each end); every boundary serves once. Zones marked optional, and fades at the ends of the video,
neither reward nor punish. Knows labels, frame numbers and times; not how anything was detected.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

CUT_SLACK_FRAMES = 1
GRADUAL_SLACK_FRAMES = 2
SCENE_SLACK_S = Fraction(1, 2)
SOUND_ONLY_SLACK_S = 0.5
SOUND_STEP_S = 0.1
PRESENT = 0.5
"""From this share of a stretch on, a sound counts as heard in it."""

KIND_AS = {"iris": "wipe", "white": "fade"}
"""Kinds of labels that are special cases of ours."""

Labels = Mapping[str, Any]
Zone = tuple[int, int]


@dataclass(frozen=True)
class Score:
    """Counts of one file; rates in 0..1. Where there is nothing to find and nothing was found, F1 is 1 and
    the two others, which have no meaning then, are 0."""

    found: int
    missed: int
    false: int

    @property
    def precision(self) -> float:
        """Share of the detected boundaries that are right."""
        return self.found / max(1, self.found + self.false)

    @property
    def recall(self) -> float:
        """Share of the labelled boundaries that were found."""
        return self.found / max(1, self.found + self.missed)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        total = 2 * self.found + self.missed + self.false
        return 2 * self.found / total if total else 1.0


@dataclass(frozen=True)
class Transitions:
    """The labelled transitions of one film: their kinds, where each may be found, where none is judged.
    tells_jumps: whether the labels say which cuts are jump cuts; if not, a cut may be called either."""

    kinds: tuple[str, ...]
    zones: tuple[Zone, ...]
    unjudged: tuple[Zone, ...]
    tells_jumps: bool = True

    @classmethod
    def of(cls, labels: Labels) -> Transitions:
        """Cuts, then gradual ones. A second boundary in a gradual one, or just beside it, is not judged."""
        gradual = [_widened(first, last, GRADUAL_SLACK_FRAMES) for first, last, *_ in labels["gradual"]]
        cuts = [_widened(cut, cut, CUT_SLACK_FRAMES) for cut in labels["cuts"]]
        kinds = [KIND_AS.get(kind, kind) for _, _, kind, *_ in labels["gradual"]]
        ignored = [_widened(first, last, GRADUAL_SLACK_FRAMES) for first, last in _unjudged(labels)]
        around = [_widened(first, last, GRADUAL_SLACK_FRAMES) for first, last in gradual]
        within = set(labels.get("jump_cuts", []))
        kinds = ["jump" if cut in within else "cut" for cut in labels["cuts"]] + kinds
        zones, unjudged = tuple(cuts + gradual), tuple(around + ignored)
        return cls(tuple(kinds), zones, unjudged, "jump_cuts" in labels)

    def found_by(self, frames: Iterable[int]) -> dict[int, int]:
        """Number of the transition -> the boundary's frame, for those that were found."""
        return match(self.zones, frames)[0]

    def right(self, number: int, kind: str | None) -> bool:
        """Whether this is what a transition is to be called."""
        wanted = self.kinds[number]
        return kind == wanted or (kind == "jump" and wanted == "cut" and not self.tells_jumps)


def score_shots(labels: Labels, frames: Iterable[int]) -> Score:
    """Visual boundaries (first frames of shots, without frame 0) against cuts and gradual transitions."""
    wanted = Transitions.of(labels)
    return _score(wanted.zones, wanted.unjudged, frames)


def score_scenes(labels: Labels, frames: Iterable[int]) -> Score:
    """First frames of scenes against labelled ones; inside a gradual transition any frame is right."""
    return _score(scene_zones(labels), _unjudged(labels), frames)


def scene_zones(labels: Labels) -> list[Zone]:
    """Where the first frame of each labelled scene may be found."""
    slack = max(1, round(SCENE_SLACK_S * Fraction(labels["fps"])))
    wanted = []
    for scene in labels["scenes"]:
        low, high = _widened(scene, scene, slack)
        for first, last in labels.get("scene_zones", []):
            if first <= scene <= last + 1:
                zone = _widened(first, last, GRADUAL_SLACK_FRAMES)
                low, high = min(low, zone[0]), max(high, zone[1])
        wanted.append((low, high))
    return wanted


def score_sound(labels: Labels, track: Sequence[Mapping[str, Any]]) -> float:
    """Share of 100 ms steps in which the loudest class of `track` (an `audio_track`) is the labelled one."""
    starts = [heard["start_s"] for heard in track]
    classes = [dominant(heard["audio"]) for heard in track]
    good = total = 0
    for start_s, end_s, wanted in labels["audio"]:
        at_s = start_s + SOUND_STEP_S / 2
        while at_s < end_s:
            k = bisect_right(starts, at_s) - 1
            good += k >= 0 and at_s < track[k]["end_s"] and classes[k] == wanted
            total += 1
            at_s += SOUND_STEP_S
    return good / max(1, total)


def dominant(audio: Mapping[str, float]) -> str:
    """silence, speech+music, noise, speech or music: what shares of a stretch amount to."""
    speech, music = audio["speech"], max(audio["music"], audio["singing"])
    if audio["silence"] >= PRESENT:
        return "silence"
    if speech >= PRESENT and music >= PRESENT:
        return "speech+music"
    if max(speech, music) < PRESENT:
        return "noise"
    return "speech" if speech >= music else "music"


def score_sound_only(labels: Labels, times_s: Iterable[float]) -> Score:
    """Boundaries that only the sound gives, in seconds, against those labelled inside a take."""
    left = sorted(times_s)
    wanted = labels["audio_only_boundaries"]
    found = 0
    for truth_s in wanted:
        near = [at_s for at_s in left if abs(at_s - truth_s) <= SOUND_ONLY_SLACK_S]
        if near:
            left.remove(min(near, key=lambda at_s: abs(at_s - truth_s)))
            found += 1
    return Score(found, len(wanted) - found, len(left))


def match(wanted: Sequence[Zone], frames: Iterable[int]) -> tuple[dict[int, int], set[int]]:
    """Zone number -> frame in it, and the frames left over. Narrow zones choose first, each the frame
    nearest to its middle."""
    left = set(frames)
    found: dict[int, int] = {}
    for number in sorted(range(len(wanted)), key=lambda number: wanted[number][1] - wanted[number][0]):
        low, high = wanted[number]
        inside = [frame for frame in left if low <= frame <= high]
        if inside:
            found[number] = min(inside, key=lambda frame: (abs(2 * frame - low - high), frame))
            left.remove(found[number])
    return found, left


def inside_any(zones: Iterable[Zone], frame: int) -> bool:
    """Whether a frame lies in one of the zones."""
    return any(low <= frame <= high for low, high in zones)


def _score(wanted: Sequence[Zone], ignored: Sequence[Zone], frames: Iterable[int]) -> Score:
    found, left = match(wanted, frames)
    false = sum(not inside_any(ignored, frame) for frame in left)
    return Score(len(found), len(wanted) - len(found), false)


def _unjudged(labels: Labels) -> list[Zone]:
    return [(zone[0], zone[1]) for zone in (*labels.get("optional", []), *labels.get("edges", []))]


def _widened(first: int, last: int, slack: int) -> Zone:
    return first - slack, last + slack
