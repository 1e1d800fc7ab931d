"""Settings from corrections, on films whose starts follow from a few settings by known rules."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from actors.segmentation.learning.agreement import Starts
from actors.segmentation.learning.settings_search import (
    LADDERS,
    LEVEL_OF,
    Film,
    Learned,
    OutOfTimeError,
    learn,
)
from actors.segmentation.settings import FusionSettings

BASE = asdict(FusionSettings())


def fuse(values: dict[str, Any]) -> Starts:
    """The more sensitive, the more starts; scenes as well as shots; the least length thins the scenes."""
    shots = [float(n) for n in range(round(10 * values["shot_sensitivity"]))]
    scenes = [10.0 * n for n in range(round(10 * values["scene_sensitivity"]))]
    every = 2 if values["min_scene_s"] > 10 else 1
    return {"shot": shots, "scene": scenes[::every], "chapter": []}


class Asked:
    """Counts fusions."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, values: dict[str, Any]) -> Starts:
        self.count += 1
        return fuse(values)


def film(**wanted_with: Any) -> Film:
    return Film(fuse, fuse({**BASE, **wanted_with}))


def always() -> bool:
    return True


def test_what_was_never_corrected_changes_nothing() -> None:
    assert learn([film()], BASE, always) == Learned(
        {}, 1.0, 1.0, None, learn([film()], BASE, always).films, True
    )


def test_the_settings_are_found_by_which_the_corrected_results_come_about() -> None:
    found = learn([film(shot_sensitivity=0.8, scene_sensitivity=0.3)], BASE, always)

    assert found.changed == {"shot_sensitivity": 0.8, "scene_sensitivity": 0.3}
    assert found.after == 1.0 > found.before
    assert found.films[0].before["shot"].only_wanted == 3
    assert found.films[0].after["shot"].only_wanted == 0
    assert found.complete


def test_of_values_that_are_as_good_the_nearest_is_taken() -> None:
    found = learn([film(min_scene_s=30.0)], BASE, always)

    assert found.changed == {"min_scene_s": 15.0}


def test_levels_that_are_not_judged_keep_their_settings() -> None:
    shots_alone = {"shot": fuse({**BASE, "shot_sensitivity": 0.7})["shot"]}

    found = learn([Film(fuse, shots_alone)], BASE, always)

    assert found.changed == {"shot_sensitivity": 0.7}


def test_what_helps_one_film_and_harms_another_is_not_taken() -> None:
    found = learn([film(shot_sensitivity=0.7), film(shot_sensitivity=0.3)], BASE, always)

    assert found.changed == {}


def test_a_film_is_judged_by_what_the_others_give() -> None:
    alike = learn([film(shot_sensitivity=0.8)] * 3, BASE, always)
    different = learn([film(shot_sensitivity=0.9), film(shot_sensitivity=0.6)], BASE, always)

    assert alike.held_out == 1.0
    assert different.held_out is not None
    assert different.held_out < different.after


def test_a_set_of_settings_is_tried_once() -> None:
    asked = Asked()

    learn([Film(asked, fuse({**BASE, "shot_sensitivity": 0.8}))], BASE, always)

    assert asked.count <= 2 * sum(map(len, LADDERS.values()))


@pytest.mark.parametrize("fusions", [2, 3, 5, 30])
def test_it_ends_when_it_is_told_to_with_the_best_so_far(fusions: int) -> None:
    asked = Asked()
    films = [Film(asked, fuse({**BASE, "scene_sensitivity": 0.9, "shot_sensitivity": 0.9}))] * 2
    left = iter([True] * fusions)

    found = learn(films, BASE, lambda: next(left, False))

    assert asked.count == fusions
    assert not found.complete
    assert found.held_out is None
    assert found.after >= found.before


@pytest.mark.parametrize("fusions", [0, 1])
def test_nothing_is_learned_where_not_each_film_was_fused(fusions: int) -> None:
    left = iter([True] * fusions)

    with pytest.raises(OutOfTimeError):
        learn([film(), film()], BASE, lambda: next(left, False))


def test_the_length_of_scenes_is_that_of_the_preset() -> None:
    asked: list[Any] = []

    def fuse_and_note(values: dict[str, Any]) -> Starts:
        asked.append(values["scene_length_s"])
        return fuse(values)

    learn([Film(fuse_and_note, fuse(BASE))], {**BASE, "scene_length_s": 45.0}, always)

    assert set(asked) == {45.0}


def test_there_must_be_films() -> None:
    with pytest.raises(ValueError, match="corrected videos"):
        learn([], BASE, always)


def test_every_value_that_is_tried_is_allowed_and_has_a_level() -> None:
    for name, ladder in LADDERS.items():
        for value in ladder:
            FusionSettings(**{name: value})  # type: ignore[arg-type]
    assert LEVEL_OF.keys() == LADDERS.keys()
