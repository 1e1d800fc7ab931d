"""The benchmark's scorer, on cases small enough to count by hand, and on random ones that another scorer of
the same rules has scored.
"""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

import pytest

from actors.segmentation.shots.weights import ShotWeights
from tests.benchmarks.fit.whole import figures, outcome
from tests.benchmarks.scoring import (
    Score,
    Transitions,
    score_scenes,
    score_shots,
    score_sound,
    score_sound_only,
)
from tests.support.tracks import Edit, dissolve, place

LABELS: dict[str, Any] = {
    "fps": "25/1",
    "cuts": [100, 200],
    "gradual": [[300, 320, "dissolve"]],
    "optional": [[400, 410, "title appears"]],
    "edges": [[0, 13, "fade", "from black"]],
    "scenes": [200, 321],
    "scene_zones": [[300, 320]],
}


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        ([100, 200, 310], Score(3, 0, 0)),
        ([101, 199, 298], Score(3, 0, 0)),
        ([102, 200, 310], Score(2, 1, 1)),
        ([100, 101, 200, 310], Score(3, 0, 1)),
        ([100, 200, 305, 315], Score(3, 0, 0)),
        ([100, 200, 310, 5, 405], Score(3, 0, 0)),
        ([], Score(0, 3, 0)),
    ],
    ids=["exact", "within slack", "two off", "served once", "inside one gradual", "zones", "nothing found"],
)
def test_shots(frames: list[int], expected: Score) -> None:
    assert score_shots(LABELS, frames) == expected


def test_scenes_have_half_a_second_or_the_whole_transition() -> None:
    assert score_scenes(LABELS, [212, 300]) == Score(2, 0, 0)
    assert score_scenes(LABELS, [213, 340]) == Score(0, 2, 2)


def test_rates() -> None:
    assert Score(3, 1, 2).f1 == pytest.approx(6 / 9)
    assert Score(0, 0, 0).f1 == 1.0
    assert Score(0, 0, 2).precision == 0.0


def test_kinds_of_labels_are_ours() -> None:
    labels = {"cuts": [9], "gradual": [[20, 30, "iris"], [40, 50, "white"], [60, 70, "dissolve"]]}

    assert Transitions.of(labels).kinds == ("cut", "wipe", "fade", "dissolve")


def test_a_jump_cut_has_a_kind_of_its_own_where_labels_tell_it() -> None:
    labels = {"cuts": [9, 30], "gradual": [[50, 60, "wipe"]], "jump_cuts": [30]}
    told, untold = Transitions.of(labels), Transitions.of({k: labels[k] for k in ("cuts", "gradual")})

    assert told.kinds == ("cut", "jump", "wipe")
    assert [told.right(0, kind) for kind in ("cut", "jump", None)] == [True, False, False]
    assert [told.right(1, kind) for kind in ("cut", "jump")] == [False, True]
    assert untold.kinds == ("cut", "cut", "wipe")
    assert [untold.right(k, "jump") for k in range(3)] == [True, True, False]


def test_breaks_of_the_sound_have_half_a_second_and_serve_once() -> None:
    labels = {"audio_only_boundaries": [10.0, 20.0]}

    assert score_sound_only(labels, [9.6, 10.4, 20.6]) == Score(1, 1, 2)
    assert score_sound_only(labels, [20.5, 10.0]) == Score(2, 0, 0)


def heard(start_s: float, end_s: float, **shares: float) -> dict[str, Any]:
    silent = {"speech": 0.0, "singing": 0.0, "music": 0.0, "silence": 0.0, "loudness_lufs": None}
    return {"start_s": start_s, "end_s": end_s, "audio": silent | shares}


@pytest.mark.parametrize(
    ("label", "shares"),
    [
        ("silence", {"silence": 0.5, "speech": 0.9}),
        ("speech+music", {"speech": 0.5, "singing": 0.5}),
        ("music", {"speech": 0.4, "singing": 0.6}),
        ("speech", {"speech": 0.6, "music": 0.4}),
        ("noise", {"speech": 0.49, "music": 0.49, "silence": 0.49}),
    ],
)
def test_shares_amount_to_a_class(label: str, shares: dict[str, float]) -> None:
    assert score_sound({"audio": [[0.0, 1.0, label]]}, [heard(0.0, 1.0, **shares)]) == 1.0


def test_where_nothing_is_told_nothing_is_right() -> None:
    labels = {"audio": [[0.0, 1.0, "noise"], [1.0, 2.0, "speech"]]}

    assert score_sound(labels, [heard(0.0, 0.5), heard(1.0, 2.0, speech=1.0)]) == 0.75


def random_case(seed: int) -> tuple[dict[str, Any], list[int], list[dict[str, Any]]]:
    """Labels, frames of boundaries near and far from them, and an audio track."""
    chance = random.Random(seed)
    places = sorted(chance.sample(range(40, 3000, 40), 24))
    gradual = [[at, at + chance.randrange(2, 30), chance.choice(["fade", "wipe"])] for at in places[::3]]
    labels: dict[str, Any] = {
        "fps": "30000/1001",
        "cuts": places[1::3],
        "gradual": gradual,
        "optional": [[at, at + 5, "title"] for at in places[2::6]],
        "edges": [[0, 12, "fade", "from black"]],
        "scenes": [at + chance.randrange(0, 3) for at in places[::4]],
        "scene_zones": [zone[:2] for zone in gradual],
    }
    bounds = [0.0, *sorted(round(chance.uniform(0, 100), 3) for _ in range(8)), 100.0]
    kinds = ["speech", "music", "speech+music", "noise", "silence"]
    labels["audio"] = [[a, b, chance.choice(kinds)] for a, b in pairwise(bounds)]
    near = [at + chance.randrange(-4, 5) for at in places for _ in range(chance.randrange(0, 3))]
    frames = sorted({*near, *chance.sample(range(1, 3000), 4)})
    cuts = sorted(round(bound + chance.uniform(-0.5, 0.5), 2) for bound in bounds[1:-1])
    track = []
    for start_s, end_s, (*_, kind) in zip([0.0, *cuts], [*cuts, 101.0], labels["audio"], strict=True):
        wrong = chance.random() < 0.3
        shares = {name: 0.8 for name in kind.split("+") if name != "noise" and not wrong}
        track.append(heard(start_s, end_s, **shares))
    return labels, frames, track


EXPECTED = {
    0: (0.4211, 0.3636, 0.5, 0.1053, 0.888),
    1: (0.4651, 0.3704, 0.625, 0.4545, 0.648),
    2: (0.3684, 0.3182, 0.4375, 0.5, 0.842),
    3: (0.25, 0.25, 0.25, 0.125, 0.944),
    4: (0.4324, 0.381, 0.5, 0.2105, 0.974),
    5: (0.2778, 0.25, 0.3125, 0.3, 0.6146),
    6: (0.4667, 0.5, 0.4375, 0.375, 0.939),
    7: (0.3182, 0.25, 0.4375, 0.3636, 0.621),
    8: (0.4, 0.3333, 0.5, 0.0952, 0.8252),
    9: (0.4103, 0.3478, 0.5, 0.0952, 0.885),
    10: (0.35, 0.2917, 0.4375, 0.4211, 0.751),
    11: (0.2941, 0.2778, 0.3125, 0.25, 0.2455),
}
"""Seed -> shots F1, precision, recall, scenes F1, sound."""


@pytest.mark.parametrize("seed", EXPECTED)
def test_random_cases_to_the_digit(seed: int) -> None:
    labels, frames, track = random_case(seed)

    shots, scenes = score_shots(labels, frames), score_scenes(labels, frames[::2])

    rates = shots.f1, shots.precision, shots.recall, scenes.f1, score_sound(labels, track)
    assert tuple(round(rate, 4) for rate in rates) == EXPECTED[seed]


@pytest.mark.parametrize("before", [0, 6])
def test_of_a_change_that_is_found_it_is_told_how_well_its_extent_agrees(before: int) -> None:
    edit, old, new = Edit(), place(1, 60, drift=0.0), place(2, 60, drift=0.0)
    cut = edit.cut(old[:20]) or edit.cut(place(3, 30))
    edit.cut(old[20:48])
    first, last = edit.mixed(dissolve(old[48:], new[:12]), new[12:])
    labels = {
        "fps": "25/1",
        "frames": edit.frames,
        "cuts": [cut, 50],
        "gradual": [[first - before, last, "dissolve"]],
    }

    found = outcome("film", edit.track(), labels, ShotWeights.packaged())

    assert found.score.found == 3
    assert found.extents == pytest.approx([12 / (12 + before)], abs=0.05)
    assert figures([found])["extents"] == pytest.approx(found.extents[0], abs=1e-4)
