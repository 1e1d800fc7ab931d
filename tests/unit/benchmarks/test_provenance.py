"""Every file of fitted numbers tells completely how it was made, by the recipe that stands in the code."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Any

import pytest

from tests.benchmarks.fit.__main__ import SETS
from tests.benchmarks.fit.provenance import KEPT, KEYS, as_told, libraries_of
from tests.benchmarks.fit.recipe import CROSS_VALIDATED, FITTED, HELD_OUT, IN_SAMPLE, RECIPES

SHA256 = re.compile(r"[0-9a-f]{64}")


@pytest.fixture(params=list(SETS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def told(name: str) -> dict[str, Any]:
    """The provenance of a set."""
    provenance: dict[str, Any] = json.loads(SETS[name][1].read_text(encoding="utf-8"))["provenance"]
    return provenance


def test_nothing_is_missing_and_nothing_is_empty(name: str, told: dict[str, Any]) -> None:
    assert set(told) == {*KEYS, *([KEPT] if RECIPES[name].kept else [])}
    assert [key for key in KEYS if not told[key]] == []


def test_of_models_that_were_kept_it_is_told_too() -> None:
    told = json.loads(SETS["shots"][1].read_text(encoding="utf-8"))["provenance"][KEPT]

    assert tuple(told["models"]) == RECIPES["shots"].kept
    assert set(told["made"]) == set(KEYS)
    assert [key for key in KEYS if not told["made"][key]] == []


def test_it_was_made_by_the_command_at_a_commit_on_a_day(name: str, told: dict[str, Any]) -> None:
    assert told["command"] == f"python -m tests.benchmarks.fit {name} FOLDER"
    assert re.fullmatch(r"[0-9a-f]{40}", told["commit"])
    assert date(2026, 1, 1) < date.fromisoformat(told["date"])
    assert set(told["libraries"]) == {"python", *libraries_of(name)}


def test_its_recipe_is_the_one_in_the_code(name: str, told: dict[str, Any]) -> None:
    assert told["recipe"] == json.loads(json.dumps(as_told(RECIPES[name])))


def test_films_are_told_with_bytes_role_and_count(name: str, told: dict[str, Any]) -> None:
    names = [film["name"] for film in told["films"]]
    roles = {film["role"] for film in told["films"]}

    assert all(SHA256.fullmatch(film["sha256"]) for film in told["films"])
    assert all(SHA256.fullmatch(digest) for digest in told["sources"].values())
    assert all(film["counted"] >= 1 for film in told["films"])
    assert len(names) == len(set(names))
    assert roles == {part.role for part in RECIPES[name].material}
    assert {FITTED, HELD_OUT} <= roles


def test_figures_say_how_they_were_taken(name: str, told: dict[str, Any]) -> None:
    in_sample = {IN_SAMPLE} if name != "shots" else set()  # of hundreds of films: by --measure alone

    assert {CROSS_VALIDATED, HELD_OUT} | in_sample <= set(told["figures"])


def test_no_held_out_film_is_fitted_to_nor_a_source_of_one(told: dict[str, Any]) -> None:
    by_role: dict[str, set[str]] = {}
    for film in told["films"]:
        by_role.setdefault(film["role"], set()).add(film["sha256"])

    assert not by_role[FITTED] & by_role[HELD_OUT]
