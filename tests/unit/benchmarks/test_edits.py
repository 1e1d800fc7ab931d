"""The makers of labelled films and of confidence: labels exact, seeds repeatable, weights recovered."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from actors.segmentation.shots.features import JUMP_FEATURES
from actors.segmentation.shots.trees import Trees
from actors.segmentation.shots.weights import BIAS, FEATURES, ShotWeights, names_of
from tests.benchmarks.edits import __main__ as edits
from tests.benchmarks.edits.film import Film, Manner, direct
from tests.benchmarks.edits.mixes import WIPES, blend, wipe
from tests.benchmarks.edits.places import Place, Rgb, clean_runs, places_below
from tests.benchmarks.edits.takes import Framing, shot
from tests.benchmarks.fit import logistic
from tests.benchmarks.fit.candidates import (
    RIGHT,
    UNJUDGED,
    WRONG,
    Truth,
    cut_answers,
    cut_table,
    gradual_answers,
    gradual_tables,
    jump_table,
)
from tests.benchmarks.fit.folds import cross_validated
from tests.benchmarks.fit.logistic import (
    Table,
    average_precision,
    fitted,
    log_loss,
    predicted,
)
from tests.benchmarks.fit.whole import outcome
from tests.support.media import Picture, make_media
from tests.support.tracks import Edit, blind, dissolve, fade, place

SIZE = (160, 96)
SHOTS = (40, 40)


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four stills of different colours and a film with one labelled cut."""
    folder = tmp_path_factory.mktemp("sources")
    for k, colour in enumerate([(200, 60, 60), (60, 160, 60), (50, 80, 190), (190, 180, 60)]):
        Image.fromarray(_texture(k, colour)).save(folder / f"still_{k}.png")
    film = make_media(folder / "film.mp4", Picture(shots=SHOTS))
    labels = {"fps": "25/1", "frames": 80, "cuts": [40], "gradual": [], "optional": [[70, 71, "title"]]}
    film.with_name("film.mp4.labels.json").write_text(json.dumps(labels))
    return folder


def _texture(seed: int, colour: tuple[int, int, int]) -> Rgb:
    cells = np.random.default_rng(seed).integers(-50, 50, (12, 20, 1))
    return np.clip(np.array(colour) + cells, 0, 255).astype(np.uint8).repeat(20, 0).repeat(20, 1)


def _film(places: list[Place], seed: int, gradual: float) -> tuple[Film, list[Rgb]]:
    manner = Manner(
        SIZE, 25.0, 200, pace=1.0, shake=0, gradual=gradual, disturbed=0, hidden=0, subtitles=False
    )
    film = direct(np.random.default_rng(seed), [p for p in places if p.still], manner)
    film.overlays.clear()  # titles that stay over a fade are drawn on clean frames, too
    return film, list(film.pictures())


def test_places_are_stills_and_what_lies_between_labels(sources: Path) -> None:
    places = {place.name: len(place.frames) for place in places_below(sources)}

    assert places["still_0.png"] == 1
    assert places["film.mp4:0"] == 38
    assert places["film.mp4:42"] == 26


def test_margins_of_labelled_zones_are_left_out() -> None:
    labels: dict[str, Any] = {
        "frames": 200,
        "cuts": [100],
        "gradual": [[150, 160, "fade"]],
        "edges": [[0, 9, "fade", "in"]],
    }

    assert list(clean_runs(labels)) == [(16, 97), (102, 147), (163, 199)]


def test_cuts_are_where_the_picture_jumps(sources: Path) -> None:
    film, pictures = _film(places_below(sources), seed=4, gradual=0.0)
    change = np.abs(np.diff(np.stack(pictures).astype(np.int16), axis=0)).mean(axis=(1, 2, 3))

    assert len(pictures) == film.total
    assert len(film.cuts) > 2
    assert set((np.flatnonzero(change > 8) + 1).tolist()) <= set(film.cuts)
    assert all(change[cut - 1] > 3 * np.median(change) for cut in film.cuts)


@pytest.mark.parametrize("seed", [1, 2])
def test_frames_outside_labels_are_clean_and_those_inside_are_mixed(sources: Path, seed: int) -> None:
    film, pictures = _film(places_below(sources), seed=seed, gradual=1.0)
    clean = [k for k in range(len(pictures)) if not any(a <= k <= b for a, b, *_ in film.gradual)]
    clean = [k for k in clean if not any(a <= k <= b for a, b, *_ in film.edges)]
    drawn = {id(take): [take(k).tobytes() for k in range(take.length)] for take in film.takes}
    originals = {picture for pictures_of in drawn.values() for picture in pictures_of}
    plain = {picture.tobytes() for picture in pictures if picture.std(axis=(0, 1)).max() == 0}

    assert film.gradual
    assert all(pictures[k].tobytes() in originals | plain for k in clean)
    for first, last, kind in film.gradual:
        mixed = [k for k in range(first, last + 1) if pictures[k].tobytes() not in originals]
        assert first in mixed
        assert last in mixed
        assert kind in ("dissolve", "fade", "wipe")


def test_every_wipe_leads_from_the_old_picture_to_the_new_one() -> None:
    old, new = np.full((96, 160, 3), 20, np.uint8), np.full((96, 160, 3), 220, np.uint8)
    for seed, shape in enumerate(WIPES):
        mix = wipe(np.random.default_rng(seed), shape, SIZE)
        light = [float(mix(old, new, share).mean()) for share in (0.02, 0.35, 0.65, 0.98)]
        assert light == sorted(light), shape
        assert light[0] < 70, shape
        assert light[-1] > 170, shape
    assert blend(old, new, 0.5).mean() == 120


def test_a_written_film_has_as_many_frames_as_its_labels_and_a_seed_repeats_it(
    sources: Path, tmp_path: Path
) -> None:
    arguments = ["--sources", str(sources), "--count", "2", "--seed", "5", "--frames", "60"]

    assert edits.main([str(tmp_path / "one"), *arguments]) == 0
    assert edits.main([str(tmp_path / "two"), *arguments]) == 0

    films = sorted((tmp_path / "one").glob("*.labels.json"))
    assert len(films) == 2
    for path in films:
        labels = json.loads(path.read_text())
        with av.open(str(path).removesuffix(".labels.json")) as container:
            assert sum(1 for _ in container.decode(video=0)) == labels["frames"]
        assert json.loads((tmp_path / "two" / path.name).read_text()) == labels


def test_a_view_as_high_as_its_source_is_drawn_whatever_the_rounding() -> None:
    size, source = (480, 270), np.full((1, 166, 300, 3), 90, np.uint8)
    whole = Framing(1.0, 1.0, 1.0, mirrored=False, grade=tuple(range(256)) * 3, speed=1.0)
    take = shot(np.random.default_rng(1), Place("still", source, 25.0), whole, size, 30, 25.0, shake=0)

    assert all((take(k) == 90).all() for k in range(30))


def test_without_sources_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert edits.main([str(tmp_path / "out"), "--sources", str(tmp_path)]) == 2
    assert "no stills, no labelled films" in capsys.readouterr().err


TRUTH = Truth(cuts=(50,), gradual=((100, 119, "dissolve"), (200, 220, "fade")), unjudged=((300, 310),))


def test_only_the_nearest_candidate_is_the_cut() -> None:
    answers = cut_answers(TRUTH, [20, 49, 50, 110, 305])

    assert answers == [WRONG, UNJUDGED, RIGHT, WRONG, UNJUDGED]


def test_extents_are_right_where_a_label_of_the_kind_has_their_middle() -> None:
    extents = np.array([(98, 118), (108, 111), (10, 30), (201, 219), (300, 306)])

    assert gradual_answers(TRUTH, "dissolve", extents) == [RIGHT, WRONG, WRONG, RIGHT, UNJUDGED]
    assert gradual_answers(TRUTH, "dissolve", extents[1:]) == [UNJUDGED, WRONG, RIGHT, UNJUDGED]
    assert gradual_answers(TRUTH, "wipe", extents) == [WRONG, WRONG, WRONG, WRONG, UNJUDGED]
    assert gradual_answers(TRUTH, "fade", extents) == [UNJUDGED, UNJUDGED, WRONG, RIGHT, UNJUDGED]


def test_labels_of_a_thinned_film() -> None:
    labels = {"cuts": [51], "gradual": [[100, 119, "iris"]], "edges": [[0, 9, "fade", "in"]]}

    assert Truth.of(labels, 2) == Truth((26,), ((50, 59, "wipe"),), ((0, 4),))
    assert Truth.of({**labels, "jump_cuts": [51]}, 2).jump_cuts == (26,)


def test_fitting_finds_the_weights_that_made_the_answers() -> None:
    rng = np.random.default_rng(1)
    rows = rng.normal([0, 3, -1], [1, 1, 5], (4000, 3))
    true = {"a": 1.5, "b": -2.0, "c": 0.3, "bias": 5.0}
    chance = predicted(("a", "b", "c"), rows, true)
    table = Table(
        ("a", "b", "c"), rows, rng.random(4000) < chance, rng.choice(["x", "y", "z"], 4000), np.ones(4000)
    )

    weights = fitted(table, penalty=0.1)
    assert weights is not None
    assert weights == pytest.approx(true, abs=0.4)
    unseen, _ = cross_validated(logistic, table, penalty=0.1)
    assert log_loss(table.right, unseen) == pytest.approx(log_loss(table.right, chance), abs=0.02)
    assert average_precision(table.right, unseen) > 0.75


def test_too_few_examples_are_not_fitted() -> None:
    table = Table(("a",), np.arange(100.0)[:, None], np.arange(100) < 5, np.full(100, "x"), np.ones(100))

    assert fitted(table, penalty=1.0) is None


@pytest.fixture(scope="module")
def edited() -> tuple[Edit, dict[str, Any]]:
    """A cut, a dissolve and a fade, all of which the network saw."""
    edit = Edit()
    shots = [place(seed, 90) for seed in range(1, 5)]
    edit.cut(shots[0])
    cut = edit.cut(shots[1][:60])
    mixed = edit.mixed(dissolve(shots[1][60:76], shots[2][:16]), shots[2][16:70])
    dimmed = edit.mixed(fade(shots[2][70:84], shots[3][:14], hold=4), shots[3][14:])
    gradual = [[*mixed, "dissolve"], [*dimmed, "fade"]]
    return edit, {"fps": "25/1", "frames": edit.frames, "cuts": [cut], "gradual": gradual}


def test_tables_hold_the_library_s_candidates_of_one_view(edited: tuple[Edit, dict[str, Any]]) -> None:
    edit, labels = edited
    track, never = edit.track(), Trees.of({"base": -3.0, "trees": []}, len(FEATURES["cut"]), "here")

    seen = cut_table(track, labels, "film", seen=True)
    graduals = gradual_tables(track, labels, "film", True, never)
    unseen = cut_table(blind(track), labels, "film", seen=False)

    assert seen.right.sum() == 1
    assert unseen.right.sum() == 1
    assert np.ptp(unseen.rows[:, unseen.names.index("cut")]) == 0
    assert len(cut_table(track, labels, "film", seen=False)) == 0
    assert graduals["dissolve"].right.sum() >= 2  # a fade is a mix, too
    assert graduals["fade"].right.tolist() == [True]
    assert not graduals["wipe"].right.any()


def test_only_labels_that_tell_jump_cuts_say_which_cuts_are_some(edited: tuple[Edit, dict[str, Any]]) -> None:
    edit, labels = edited
    track, (cut,) = edit.track(), labels["cuts"]

    assert len(jump_table(track, labels, "film")) == 0
    assert jump_table(track, {**labels, "jump_cuts": []}, "film").right.tolist() == [False]
    table = jump_table(track, {**labels, "jump_cuts": [cut]}, "film")
    assert table.right.tolist() == [True]
    assert table.rows.shape == (1, len(JUMP_FEATURES))


def test_a_row_that_counts_twice_is_two_rows() -> None:
    rng = np.random.default_rng(2)
    rows, right = rng.normal(0, 1, (300, 2)), rng.random(300) < 0.5
    twice = np.where(np.arange(300) < 60, 2.0, 1.0)
    once = np.ones(360)
    group = np.full(360, "x")

    counted = fitted(Table(("a", "b"), rows, right, group[:300], twice), penalty=1.0)
    repeated = fitted(
        Table(("a", "b"), np.concatenate([rows, rows[:60]]), np.append(right, right[:60]), group, once), 1.0
    )

    assert counted == repeated


def test_outcomes_are_those_of_the_weights_given(edited: tuple[Edit, dict[str, Any]]) -> None:
    edit, labels = edited
    usual = ShotWeights.packaged()
    never = {kind: dict.fromkeys(names_of(kind, "seen"), 0.0) | {BIAS: -20.0} for kind in FEATURES}

    blocked = outcome("film", edit.track(), labels, ShotWeights(never, usual.unseen, usual.jump))
    found = outcome("film", edit.track(), labels, usual)

    assert blocked.score.found == 0
    assert found.score.found == 3
    assert found.kinds_right == 3
    assert found.found["cut"] == (1, 1)
