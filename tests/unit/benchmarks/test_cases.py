"""Films of one difficulty each: labels are what happens in the pictures, and a seed makes the same film."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tests.benchmarks.edits.__main__ import make_case
from tests.benchmarks.edits.cases import CASES, Case, Maker
from tests.benchmarks.edits.decks import SCREENS
from tests.benchmarks.edits.happenings import HAPPENINGS
from tests.benchmarks.edits.passings import PASSINGS
from tests.benchmarks.edits.places import Place
from tests.benchmarks.edits.textures import textures
from tests.benchmarks.fit.material import entries_of
from tests.benchmarks.fit.recipe import FITTED, HELD_OUT, THIRD, TWO_THIRDS, Takes
from tests.support.media import Picture, make_media

MAKERS: dict[str, Maker] = {**CASES, **SCREENS, **HAPPENINGS, **PASSINGS}
SIZE = (96, 54)


def texture(seed: int) -> Place:
    """A place of 150 frames whose pattern drifts."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (12, 40, 3)).astype(np.uint8).repeat(12, 0).repeat(12, 1)
    return Place(f"take{seed}.mp4", np.stack([np.roll(coarse, -k, 1)[:, :256] for k in range(150)]), 25.0)


@pytest.fixture(scope="module")
def places() -> list[Place]:
    return [texture(seed) for seed in range(5)]


def change(case: Case, frame: int) -> float:
    old, new = (case.pictures[k].astype(float) for k in (frame - 1, frame))
    return float(np.abs(new - old).mean())


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_labels_are_in_order_and_within_the_film(kind: str, seed: int, places: list[Place]) -> None:
    case = MAKERS[kind](np.random.default_rng(seed), places, SIZE)

    n = len(case.pictures)
    assert all(picture.shape == (SIZE[1], SIZE[0], 3) for picture in case.pictures)
    assert case.cuts or case.gradual
    assert all(0 < a < b < n for a, b in pairwise([*case.cuts, n - 1]) if a != b)
    assert all(0 < a <= b < n - 1 for a, b, _ in case.gradual)
    assert all(b < c for (_, b, _), (c, _, _) in pairwise(case.gradual))
    assert all(0 <= a <= b < n for a, b, _ in case.negatives)
    assert set(case.jump_cuts) <= set(case.cuts)


@pytest.mark.parametrize("kind", ["montage", "jump cuts", "deck"])
def test_at_a_cut_the_picture_is_another(kind: str, places: list[Place]) -> None:
    case = MAKERS[kind](np.random.default_rng(4), places, SIZE)

    usual = float(np.median([change(case, k) for k in range(1, len(case.pictures))]))
    assert all(change(case, cut) > usual for cut in case.cuts)


def test_a_case_with_jump_cuts_leaves_time_out_of_one_take(places: list[Place]) -> None:
    case = CASES["jump cuts"](np.random.default_rng(1), places, SIZE)

    assert case.jump_cuts
    assert len(case.jump_cuts) < len(case.cuts)


@pytest.mark.parametrize("seed", range(6))
def test_what_interrupts_a_shot_is_no_cut_at_either_end(seed: int, places: list[Place]) -> None:
    case = CASES["interruptions"](np.random.default_rng(seed), places, SIZE)

    usual = float(np.median([change(case, k) for k in range(1, len(case.pictures))]))
    assert len(case.negatives) == len(case.cuts) + 1  # one in each shot
    for first, last, _ in case.negatives:
        assert last - first < 7
        assert min(change(case, first), change(case, last + 1)) > usual
        assert not {first, last + 1} & set(case.cuts)


@pytest.mark.parametrize("kind", PASSINGS)
def test_what_happens_in_passing_changes_the_picture(kind: str, places: list[Place]) -> None:
    case = PASSINGS[kind](np.random.default_rng(3), places, SIZE)

    inside = [change(case, k) for first, last, _ in case.negatives for k in range(first, last + 1)]
    usual = float(np.median([change(case, k) for k in range(1, len(case.pictures))]))
    assert case.negatives
    assert max(inside) > usual


def test_a_seed_makes_the_same_film(places: list[Place], tmp_path: Path) -> None:
    files = [tmp_path / "a.mp4", tmp_path / "b.mp4"]
    for path in files:
        make_case(path, CASES["mixed frames"], places, [3, 1])

    one, two = (json.loads(path.with_name(path.name + ".labels.json").read_text()) for path in files)
    assert one == two
    assert one["cuts"]


def test_parts_of_the_takes_have_nothing_in_common(tmp_path: Path) -> None:
    folder = tmp_path / "takes"
    folder.mkdir()
    names = [f"take_{k}.mp4" for k in range(7)]
    for name in names:
        make_media(folder / name, Picture(shots=(10,)))
    rows = "".join(f"{name}\t10\t25/1\n" for name in names)
    (folder / "takes.tsv").write_text(f"file\tframes\tfps\n{rows}")

    def taken(role: str, part: str) -> set[str]:
        entries = entries_of((Takes("takes", role, part),), tmp_path, tmp_path / "work", str)
        return {entry.film.path.name for entry in entries}

    fitted, held_out = taken(FITTED, TWO_THIRDS), taken(HELD_OUT, THIRD)
    assert fitted | held_out == set(names)
    assert not fitted & held_out
    assert len(held_out) == 3


def test_drawn_places_are_those_of_their_seed() -> None:
    one, two, other = (textures(seed, 6) for seed in (1, 1, 2))

    assert all((a.frames == b.frames).all() for a, b in zip(one, two, strict=True))
    assert not (one[0].frames == other[0].frames).all()
    assert len({place.name for place in one}) == len(one)
