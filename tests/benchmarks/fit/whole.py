"""What a set of weights makes of whole films: boundaries found, kinds, and whether confidence keeps its word.

Knows tracks, labels and weights; fits nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import fmean
from typing import Any

from actors.segmentation import FusionSettings
from actors.segmentation.shots.rate import transitions_at_any_rate
from actors.segmentation.shots.transitions import CUTS, frames_apart, select
from actors.segmentation.shots.weights import ShotWeights
from actors.segmentation.tracks import FrameTrack
from tests.benchmarks.extents import shared
from tests.benchmarks.reliability import Judged, curve, judged
from tests.benchmarks.scoring import Labels, Score, Transitions, score_shots

KINDS = ("cut", "jump", "dissolve", "fade", "wipe")


@dataclass(frozen=True)
class Outcome:
    """Of one film: score at the default sensitivity, kinds right of those found, (found, labelled) of each
    kind, all boundaries judged, and the share of frames at which the network looked. told: of the cuts and
    jump cuts found, where labels tell them apart, (called what they are, found) of each. extents: of the
    gradual ones found, intersection over union of the extent with the labelled one, 0..1."""

    name: str
    score: Score
    kinds_right: int
    found: Mapping[str, tuple[int, int]]
    judged: tuple[Judged, ...]
    looked: float
    told: Mapping[str, tuple[int, int]]
    extents: tuple[float, ...]


def outcome(name: str, frames: FrameTrack, labels: Labels, weights: ShotWeights) -> Outcome:
    """What the weights find in a film's track, for which the network was asked where they were in doubt."""
    fps = float(Fraction(labels["fps"]))
    settings = FusionSettings()
    transitions = transitions_at_any_rate(frames, fps, weights)
    apart, within = frames_apart(round(settings.min_shot_s * fps)), (0, len(frames))
    chosen = select(transitions, settings.shot_sensitivity, apart, within)
    everything = select(transitions, 1.0, apart, within)
    wanted = Transitions.of(labels)
    kinds = {one.frame: one.kind for one in chosen}
    hits = wanted.found_by(kinds)
    found = {kind: (sum(wanted.kinds[k] == kind for k in hits), wanted.kinds.count(kind)) for kind in KINDS}
    right = {k for k, frame in hits.items() if wanted.right(k, kinds[frame])}
    told = {
        kind: (sum(wanted.kinds[k] == kind for k in right), found[kind][0])
        for kind in CUTS
        if wanted.tells_jumps
    }
    spans = {one.frame: (one.first, one.last + 1) for one in chosen}
    cuts = len(wanted.kinds) - len(labels["gradual"])
    gradual = [(labels["gradual"][k - cuts], frame) for k, frame in hits.items() if k >= cuts]
    return Outcome(
        name,
        score_shots(labels, kinds),
        len(right),
        found,
        tuple(judged(labels, [(one.frame, one.confidence) for one in everything])),
        float(frames.looked.mean()),
        told,
        tuple(shared((first, last + 1), spans[frame]) for (first, last, *_), frame in gradual),
    )


def mean_f1(outcomes: Sequence[Outcome]) -> float:
    """Mean over films."""
    return fmean(one.score.f1 for one in outcomes)


def figures(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """What is told of some films: counts, and rates in 0..1 to four digits; None where nothing was found."""
    found, missed, false = (sum(getattr(o.score, k) for o in outcomes) for k in ("found", "missed", "false"))
    reliability = curve([one for o in outcomes for one in o.judged])
    error = reliability.expected_calibration_error
    extents = [one for o in outcomes for one in o.extents]
    return {
        "films": len(outcomes),
        "mean_f1": round(mean_f1(outcomes), 4),
        "found": found,
        "missed": missed,
        "false": false,
        "films_with_false": sum(o.score.false > 0 for o in outcomes),
        "kinds_right": round(sum(o.kinds_right for o in outcomes) / found, 4) if found else None,
        "extents": round(fmean(extents), 4) if extents else None,
        "calibration_error": round(error, 4) if error is not None else None,
        "frames_looked_at": round(fmean(o.looked for o in outcomes), 4),
        **{kind: _of([o.found[kind] for o in outcomes]) for kind in KINDS},
        **{f"{kind}, called so": _of([o.told[kind] for o in outcomes if o.told]) for kind in CUTS},
    }


def _of(pairs: Sequence[tuple[int, int]]) -> str:
    part, whole = (sum(pair[k] for pair in pairs) for k in (0, 1))
    return f"{part} of {whole}"
