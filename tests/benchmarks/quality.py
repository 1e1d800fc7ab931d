"""What each detector found in each film, held against the labels; and the means.

Knows scores; not how detectors work nor how a table looks. A detector that fails on a film has an error there
and no part in the means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import TypeVar

from tests.benchmarks.detectors import Detection, Detector
from tests.benchmarks.extents import overlaps
from tests.benchmarks.films import Film
from tests.benchmarks.negatives import Negatives, negatives_of
from tests.benchmarks.scoring import (
    Labels,
    Score,
    Transitions,
    score_scenes,
    score_shots,
    score_sound,
    score_sound_only,
)
from tests.benchmarks.timing.timed import CommandError

T = TypeVar("T")

ALL = "all"
"""Stands for every group."""


@dataclass(frozen=True)
class Shots:
    """Scores of all transitions, and what they are made of. `kinds_right`: of the found ones, those called
    what the label calls them; None if the detector names no kinds. jumps: jump cuts, where labels tell them,
    and of those found the ones that are called so; cuts: the others."""

    f1: float
    precision: float
    recall: float
    found: int
    missed: int
    false: int
    cuts_found: int
    cuts: int
    gradual_found: int
    gradual: int
    kinds_right: int | None
    jumps_found: int = 0
    jumps: int = 0
    jumps_right: int = 0


@dataclass(frozen=True)
class Row:
    """One detector on one film. Scenes, sound and extents only of who tells them, where the labels know them.
    negatives: false boundaries by kind of what happens there. extents: of found gradual transitions, the
    intersection over union with the label."""

    film: str
    group: str
    detector: str
    shots: Shots | None
    scenes: Score | None = None
    sound: float | None = None
    sound_only: Score | None = None
    wall_s: float | None = None
    error: str | None = None
    negatives: Mapping[str, Negatives] = field(default_factory=dict)
    extents: tuple[float, ...] = ()


@dataclass(frozen=True)
class Mean:
    """Means over the films of a group (or all) on which the detector did not fail. Shares in 0..1, None
    where there is nothing to take the mean of."""

    detector: str
    group: str
    films: int
    f1: float | None
    precision: float | None
    recall: float | None
    cuts_found: float | None
    jumps_found: float | None
    jumps_right: float | None
    kinds_right: float | None
    scene_f1: float | None
    sound: float | None
    sound_only_found: float | None
    extents: float | None


def measured(film: Film, detector: Detector) -> tuple[Row, Detection | None]:
    """Run a detector over a film and score what it found."""
    try:
        found = detector.detect(film.path)
    except CommandError as error:
        return Row(film.name, film.group, detector.name, None, error=str(error)), None
    labels = film.labels_for(found.frames)
    scenes, sound, sound_only = _heard(labels, found)
    row = Row(
        film=film.name,
        group=film.group,
        detector=detector.name,
        shots=shots_of(labels, found.kinds),
        scenes=scenes,
        sound=sound,
        sound_only=sound_only,
        wall_s=found.cost.wall_s,
        negatives=negatives_of(labels, found.kinds),
        extents=overlaps(labels, found.document) if found.document else (),
    )
    return row, found


def shots_of(labels: Labels, kinds: Mapping[int, str | None]) -> Shots:
    """`kinds`: frame of each boundary -> what the detector calls it."""
    score = score_shots(labels, kinds)
    wanted = Transitions.of(labels)
    found = wanted.found_by(kinds)
    cuts = wanted.kinds.count("cut")
    cuts_found = sum(wanted.kinds[number] == "cut" for number in found)
    named = any(kind is not None for kind in kinds.values()) or not kinds
    jumps = [number for number in found if wanted.kinds[number] == "jump"]
    all_jumps = wanted.kinds.count("jump")
    right = [number for number, frame in found.items() if wanted.right(number, kinds[frame])]
    return Shots(
        f1=score.f1,
        precision=score.precision,
        recall=score.recall,
        found=score.found,
        missed=score.missed,
        false=score.false,
        cuts_found=cuts_found,
        cuts=cuts,
        gradual_found=score.found - cuts_found - len(jumps),
        gradual=len(wanted.kinds) - cuts - all_jumps,
        kinds_right=len(right) if named else None,
        jumps_found=len(jumps),
        jumps=all_jumps,
        jumps_right=len(set(jumps) & set(right)),
    )


def _heard(labels: Labels, found: Detection) -> tuple[Score | None, float | None, Score | None]:
    """Scenes, share of sound, boundaries of the sound."""
    document = found.document
    if not document:
        return None, None, None
    starts = [s for s in document["segments"] if s["start_frame"] > 0]
    scenes = sound = sound_only = None
    if labels.get("scenes"):
        scenes = score_scenes(labels, [s["start_frame"] for s in starts if s["level"] == "scene"])
    if labels.get("audio") and document["audio_track"]:
        sound = score_sound(labels, document["audio_track"])
    if labels.get("audio_only_boundaries"):
        breaks = [s for s in starts if s["level"] == "shot" and s["start_boundary"]["kind"] == "audio"]
        sound_only = score_sound_only(labels, [s["start_s"] for s in breaks])
    return scenes, sound, sound_only


def means(rows: Sequence[Row]) -> list[Mean]:
    """For each detector: over all films, then over those of each group."""
    detectors = list(dict.fromkeys(row.detector for row in rows))
    groups = list(dict.fromkeys(row.group for row in rows))
    groups = [ALL, *groups] if len(groups) > 1 else [ALL]
    return [
        _mean(detector, group, [r for r in rows if r.detector == detector and group in (ALL, r.group)])
        for detector in detectors
        for group in groups
    ]


def _mean(detector: str, group: str, rows: Sequence[Row]) -> Mean:
    shots = [row.shots for row in rows if row.shots is not None]
    named = [s for s in shots if s.kinds_right is not None]
    heard = [row.sound_only for row in rows if row.sound_only is not None]
    return Mean(
        detector=detector,
        group=group,
        films=len(shots),
        f1=mean_of(shots, lambda s: s.f1),
        precision=mean_of(shots, lambda s: s.precision),
        recall=mean_of(shots, lambda s: s.recall),
        cuts_found=_share(sum(s.cuts_found for s in shots), sum(s.cuts for s in shots)),
        jumps_found=_share(sum(s.jumps_found for s in shots), sum(s.jumps for s in shots)),
        jumps_right=_share(sum(s.jumps_right for s in named), sum(s.jumps_found for s in named)),
        kinds_right=_share(sum(s.kinds_right or 0 for s in named), sum(s.found for s in named)),
        scene_f1=mean_of([row.scenes for row in rows if row.scenes is not None], lambda s: s.f1),
        sound=mean_of([row.sound for row in rows if row.sound is not None], float),
        sound_only_found=_share(sum(s.found for s in heard), sum(s.found + s.missed for s in heard)),
        extents=mean_of([extent for row in rows for extent in row.extents], float),
    )


def mean_of(things: Iterable[T], value: Callable[[T], float]) -> float | None:
    """The mean, or None of nothing."""
    values = [value(thing) for thing in things]
    return fmean(values) if values else None


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
