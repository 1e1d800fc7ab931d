"""What a set of weights makes of whole films: boundaries found, kinds, and whether confidence keeps its word.

Puts weights into the library's tables for as long as it measures. Knows tracks and labels; fits nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction

from actors.segmentation import FusionSettings
from actors.segmentation.shots import confidence as shots_confidence
from actors.segmentation.shots.rate import transitions_at_any_rate
from actors.segmentation.shots.transitions import select
from actors.segmentation.tracks import FrameTrack
from tests.benchmarks.fit.tracks import gated
from tests.benchmarks.reliability import Judged, judged
from tests.benchmarks.scoring import Labels, Score, Transitions, score_shots

Weights = Mapping[str, float]


@dataclass(frozen=True)
class Outcome:
    """Of one film: score at the default sensitivity, kinds right of those found, all boundaries judged, and
    the share of frames at which the network looked."""

    name: str
    score: Score
    kinds_right: int
    found: Mapping[str, tuple[int, int]]
    judged: tuple[Judged, ...]
    looked: float


@contextmanager
def weights(values: Mapping[str, Weights]) -> Iterator[None]:
    """The library with these weights, by the names of `shots.confidence`; those not given stay."""
    tables = {name: getattr(shots_confidence, name) for name in values}
    before = {name: dict(table) for name, table in tables.items()}
    try:
        for name, table in tables.items():
            table.clear()
            table.update(values[name])
        yield
    finally:
        for name, table in tables.items():
            table.clear()
            table.update(before[name])


def outcome(name: str, frames: FrameTrack, labels: Labels, gate: bool) -> Outcome:
    """With the weights in force. gate: forget what the network said where it would not have been asked."""
    fps = float(Fraction(labels["fps"]))
    share = 1.0
    if gate:
        frames = gated(frames, labels)
        share = float(frames.looked.mean())
    settings = FusionSettings()
    transitions = transitions_at_any_rate(frames, fps)
    room = max(1, round(settings.min_shot_s * fps))
    chosen = select(transitions, settings.shot_sensitivity, room, len(frames))
    everything = select(transitions, 1.0, room, len(frames))
    wanted = Transitions.of(labels)
    kinds = {one.frame: one.kind for one in chosen}
    hits = wanted.found_by(kinds)
    found = {
        kind: (sum(wanted.kinds[k] == kind for k in hits), wanted.kinds.count(kind))
        for kind in ("cut", "dissolve", "fade", "wipe")
    }
    return Outcome(
        name,
        score_shots(labels, kinds),
        sum(kinds[frame] == wanted.kinds[k] for k, frame in hits.items()),
        found,
        tuple(judged(labels, [(one.frame, one.confidence) for one in everything])),
        share,
    )


def mean_f1(outcomes: Sequence[Outcome]) -> float:
    """Mean over films."""
    return sum(one.score.f1 for one in outcomes) / max(1, len(outcomes))
