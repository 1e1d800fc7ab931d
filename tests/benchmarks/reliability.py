"""Whether confidence means what it says: of boundaries given 0.9, are nine in ten right?

Boundaries come from a fusion at the highest sensitivity, so that those which are usually left out are judged
too. Expected calibration error: Naeini et al. 2015, "Obtaining well calibrated probabilities using Bayesian
binning". Knows labels, frames and confidences.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from actors.segmentation import FusionSettings, fuse
from tests.benchmarks.analysis import Analysed
from tests.benchmarks.scoring import Labels, Transitions, inside_any

BINS = 10


@dataclass(frozen=True)
class Judged:
    """A boundary's confidence, and whether a labelled transition is there."""

    confidence: float
    right: bool


@dataclass(frozen=True)
class Bin:
    """Boundaries with a confidence in [low, high), the last bin with 1. Means are None of none."""

    low: float
    high: float
    boundaries: int
    mean_confidence: float | None
    share_right: float | None


@dataclass(frozen=True)
class Reliability:
    """The curve, and how far it lies from the diagonal, weighted by boundaries (0 is perfect)."""

    bins: tuple[Bin, ...]
    boundaries: int
    expected_calibration_error: float | None
    brier_score: float | None


def boundaries_of(analysed: Analysed, settings: FusionSettings) -> list[tuple[int, float]]:
    """Frame and confidence of all that might be a boundary of the picture."""
    timeline = fuse(analysed.plan, analysed.tracks, replace(settings, shot_sensitivity=1.0))
    starts = [(shot.start_frame, shot.start_boundary) for shot in timeline.level("shot")[1:]]
    return [(frame, boundary.confidence) for frame, boundary in starts if boundary.kind != "audio"]


def judged(labels: Labels, boundaries: Iterable[tuple[int, float]]) -> list[Judged]:
    """The surest first, each takes the transition in whose zone it lies; where labels do not judge, neither
    do we."""
    wanted = Transitions.of(labels)
    free = list(wanted.zones)
    found = []
    for frame, confidence in sorted(boundaries, key=lambda b: (-b[1], b[0])):
        zones = [zone for zone in free if inside_any([zone], frame)]
        if zones:
            free.remove(min(zones, key=lambda zone: zone[1] - zone[0]))
            found.append(Judged(confidence, True))
        elif not inside_any(wanted.unjudged, frame):
            found.append(Judged(confidence, False))
    return found


def curve(boundaries: Sequence[Judged]) -> Reliability:
    """Equal bins of confidence."""
    bins = tuple(
        _bin(
            k / BINS, (k + 1) / BINS, [b for b in boundaries if min(int(b.confidence * BINS), BINS - 1) == k]
        )
        for k in range(BINS)
    )
    if not boundaries:
        return Reliability(bins, 0, None, None)
    apart = sum(
        b.boundaries * abs(b.share_right - b.mean_confidence)
        for b in bins
        if b.share_right is not None and b.mean_confidence is not None
    )
    brier = fmean((b.confidence - b.right) ** 2 for b in boundaries)
    return Reliability(bins, len(boundaries), apart / len(boundaries), brier)


def _bin(low: float, high: float, inside: Sequence[Judged]) -> Bin:
    if not inside:
        return Bin(low, high, 0, None, None)
    return Bin(low, high, len(inside), fmean(b.confidence for b in inside), fmean(b.right for b in inside))
