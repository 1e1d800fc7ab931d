"""Very long and very restless films: what is found is the same, without memory for every pair."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction

import numpy as np
import pytest

from actors.segmentation.fusion import levels as fusion_levels
from actors.segmentation.fusion.levels import CueWeights, GroupingRules, Groups, Pairs, group_units
from actors.segmentation.fusion.locations import Locations
from actors.segmentation.fusion.takes import PIECE_MIN_S, moments, sound_breaks
from actors.segmentation.fusion.weights import FusionWeights
from actors.segmentation.sound.changes import SoundChanges
from actors.segmentation.timebase import FrameClock

WEIGHTS = FusionWeights.packaged()
RULES = GroupingRules(bias=-1.2, wanted=0.0, usual_s=20.0, shortest_s=1.0)


@contextmanager
def at_most(peak_mb: int) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < peak_mb << 20


def changes_of(steps: int, every: int) -> SoundChanges:
    """Someone talks: a pause of half a second or more now and then, and something changes between two."""
    rng = np.random.default_rng(3)
    starts = np.arange(5, steps - 20, every)
    pauses = tuple((int(a), int(a) + int(rng.integers(5, 9))) for a in starts)
    pause, classes = np.zeros(steps), np.zeros(steps)
    for a, b in pauses:
        pause[a:b] = (b - a) / 12
    classes[starts + every // 2] = rng.uniform(0.2, 0.9, len(starts))
    zeros = np.zeros(steps)
    return SoundChanges(0.0, classes, zeros, zeros, pause, np.zeros(steps, np.bool_), pauses)


def clock_of(seconds: int) -> FrameClock:
    return FrameClock(np.arange(seconds, dtype=np.int64), seconds, Fraction(1))


def test_breaks_of_a_long_take_are_the_strongest_that_lie_apart() -> None:
    changes = changes_of(6000, 47)
    times, strengths = moments(changes, WEIGHTS)

    found = sound_breaks(changes, clock_of(600), [0, 600], WEIGHTS)

    kept: list[int] = []
    for k in sorted(range(len(times)), key=lambda k: (-strengths[k], times[k])):
        inside = PIECE_MIN_S <= times[k] < 600 - PIECE_MIN_S
        if inside and all(abs(times[k] - times[other]) >= PIECE_MIN_S for other in kept):
            kept.append(k)
    assert [one.time_s for one in found] == [times[k] for k in sorted(kept)]
    assert len(found) > 50


def test_hours_of_talk_take_no_memory_for_every_pair() -> None:
    steps = 6 * 36_000

    with at_most(60):
        found = sound_breaks(changes_of(steps, 50), clock_of(steps // 10), [0, steps // 10], WEIGHTS)

    assert len(found) > 4000


def test_a_frame_that_is_held_for_minutes_is_divided_by_no_break() -> None:
    clock = FrameClock(np.array([0, 200, 201, 400], np.int64), 600, Fraction(1))

    found = sound_breaks(changes_of(6000, 47), clock, [0, 1, 3, 4], WEIGHTS)

    assert [one.frame for one in found] == [2]


def grouped(units: int) -> Groups:
    rng = np.random.default_rng(5)
    times_s = np.arange(units + 1) * 0.5
    vectors = np.repeat(rng.normal(0, 1, (units // 20 + 1, 8)), 20, axis=0)[:units].astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    locations = Locations(vectors, np.abs(vectors), 8.0, WEIGHTS)
    evidence, cues = rng.normal(0, 0.5, (2, units)), CueWeights.of(0.5)
    pairs = Pairs(times_s, 1800.0, (locations, np.arange(units)), None, cues, WEIGHTS)
    return group_units(times_s, pairs, *evidence, RULES, cues)


def test_pairs_that_were_let_go_are_found_again(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = grouped(300)

    monkeypatch.setattr(fusion_levels, "UNITS_KEPT", 5)

    assert grouped(300) == whole
    assert len(whole.starts) > 3


def test_a_film_that_flickers_takes_no_memory_for_every_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fusion_levels, "UNITS_KEPT", 200)

    with at_most(4):  # all pairs would be 18
        grouped(1500)
