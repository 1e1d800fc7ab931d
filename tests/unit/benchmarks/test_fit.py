"""Fitting from end to end on films made here: the library loads what is written, and a second fit is equal.

Tracks are drawn, not decoded, so a fit takes seconds; decoding has tests of its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from actors.segmentation import Plan
from actors.segmentation.fusion.scenes.odds import SceneWeights
from actors.segmentation.fusion.weights import FusionWeights
from actors.segmentation.shots.gate import survey
from actors.segmentation.shots.weights import ShotWeights
from actors.segmentation.sound.weights import SoundWeights
from actors.segmentation.tracks import ChunkTracks, FrameTrack
from actors.segmentation.weights_file import read_values
from tests.benchmarks.analysis import Analysed
from tests.benchmarks.films import SUFFIX, Film
from tests.benchmarks.fit import search, trees
from tests.benchmarks.fit.__main__ import write_set
from tests.benchmarks.fit.material import Entry, MissingError, entries_of
from tests.benchmarks.fit.provenance import KEYS
from tests.benchmarks.fit.recipe import FITTED, HELD_OUT, RECIPES, Features, Labelled, Number, Recipe
from tests.benchmarks.fit.search import Search
from tests.support.scene_features import write_features
from tests.support.tracks import (
    Edit,
    audio_track,
    blind,
    dissolve,
    fade,
    keyframe_track,
    make_plan,
    place,
    split_tracks,
    wipe,
)


def only(numbers: Mapping[str, Number], *names: str) -> dict[str, Number]:
    """The same numbers, of which only some are searched."""
    return {name: one if name in names else replace(one, step=0.0) for name, one in numbers.items()}


FILMS_OF = {
    "shots": "edit",
    "scenes": ("marked", "programme"),
    "sound": "programme",
    "fusion": "programme",
}
LOADED = {"shots": ShotWeights, "scenes": SceneWeights, "sound": SoundWeights, "fusion": FusionWeights}
MATERIAL = (Labelled("mine", FITTED, 2), Labelled("others", HELD_OUT))


@dataclass(frozen=True)
class Drawn:
    """A shelf with tracks by the films' names."""

    frames: dict[str, FrameTrack]
    whole: dict[str, Analysed]

    def make(self, _paths: Sequence[Path], _weights: ShotWeights | None) -> None:
        """They are there."""

    def blind(self, path: Path) -> FrameTrack:
        return blind(self.frames[path.name])

    def asked(self, path: Path, weights: ShotWeights) -> FrameTrack:
        """The network forgets what it was not asked about."""
        frames = self.frames[path.name]
        looked = survey(self.blind(path), 25.0, weights).doubtful
        cut, many = (np.where(looked, of, np.float16(0)) for of in (frames.cut, frames.many))
        return replace(frames, looked=looked, cut=cut, many=many)

    def analysed(self, path: Path) -> Analysed:
        return self.whole[path.name]


def edited(seed: int) -> tuple[FrameTrack, dict[str, Any]]:
    """A film with four transitions of each kind, two cuts within a take for each, and what is taken for them,
    flashes and lights that go out."""
    edit = Edit()
    edit.cut(place(seed, 40))
    cuts, jumps, gradual = [], [], []
    for k in range(4):
        here, there = (place(seed + 100 * (k + 1) + step, 60) for step in (0, 50))
        here[12], there[22] = here[12] + 60, there[22] - 60
        cuts.append(edit.cut(here[:30]))
        take = place(seed + 100 * (k + 1) + 70, 90, drift=0.1)
        cuts.append(edit.cut(take[:20]))
        jumps += [edit.cut(take[at : at + 20]) for at in (30, 70)]
        cuts.append(edit.cut(here[20:30]))
        gradual.append([*edit.mixed(dissolve(here[30:42], there[:12]), there[12:40]), "dissolve"])
        gradual.append([*edit.mixed(wipe(there[40:54], here[:14]), here[14:40]), "wipe"])
        gradual.append([*edit.mixed(fade(here[40:50], there[:10], hold=3), there[10:40]), "fade"])
        edit.mixed(fade(there[40:48], there[40:48], hold=2), there[48:60])
    labels = {"fps": "25/1", "frames": edit.frames, "cuts": sorted([*cuts, *jumps]), "gradual": gradual}
    return edit.track(), labels | {"jump_cuts": jumps}


def programme(seed: int) -> tuple[Plan, ChunkTracks, dict[str, Any]]:
    """Four scenes of two shots each, told apart by picture and sound."""
    edit, sounds = Edit(), ("speech", "music", "noise", "speech+music")
    cuts = [edit.cut(place(seed + 10 * scene + shot, 125)) for scene in range(4) for shot in range(2)]
    audio = audio_track([(sounds[(seed + scene) % 4], 10.0) for scene in range(4)])
    starts = [(250 * scene, seed + scene) for scene in range(4)]
    plan = make_plan(edit.frames, sound_s=40.0)
    tracks = split_tracks(plan, edit.track(), keyframe_track(edit.frames, starts), audio)[0]
    labels = {
        "fps": "25/1",
        "frames": edit.frames,
        "cuts": cuts[1:],
        "gradual": [],
        "scenes": [250, 500, 750],
        "audio": [[10.0 * k, 10.0 * k + 10.0, sounds[(seed + k) % 4]] for k in range(4)],
        "audio_only_boundaries": [],
    }
    return plan, tracks, labels


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("films")


@pytest.fixture(scope="module")
def drawn(folder: Path) -> Drawn:
    """Films that are a few bytes on disk; their tracks are in memory."""
    frames, whole = {}, {}
    for group, seeds in (("mine", (1, 2, 3, 4)), ("others", (5,))):
        for seed in seeds:
            name = f"edit_{seed}.mp4"
            frames[name], labels = edited(1000 * seed)
            _film(folder / group / name, labels)
            write_features(folder / group / f"marked_{seed}.npz")
        for seed in seeds[:3]:
            name = f"programme_{seed}.mp4"
            plan, tracks, labels = programme(1000 * seed)
            whole[name] = Analysed(plan, (tracks,))
            _film(folder / group / name, labels)
    return Drawn(frames, whole)


def _film(path: Path, labels: dict[str, Any]) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(path.name.encode())
    path.with_name(path.name + SUFFIX).write_text(json.dumps(labels))


def _say(_text: str) -> None: ...


TREES = 25
"""Of a model."""
RECIPE_OF = {
    # with so few films, models are only in doubt, and the network asked, if they are held back
    "shots": Recipe(MATERIAL, penalty=500.0, folds=2),
    "scenes": Recipe(
        (Features("mine", FITTED), Labelled("mine", FITTED), Labelled("others", HELD_OUT)), penalty=100.0
    ),
    "sound": Recipe(MATERIAL, 0.001, numbers=only(RECIPES["sound"].numbers, "speech.vad", "switch_cost")),
    "fusion": Recipe(MATERIAL, 0.001, numbers=only(RECIPES["fusion"].numbers, "scene_bias")),
}


@pytest.mark.parametrize("name", RECIPE_OF)
def test_a_fit_writes_a_file_that_the_library_loads_and_the_same_one_again(
    name: str, folder: Path, drawn: Drawn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for size in ("LARGE", "SMALL"):  # enough for so few films
        monkeypatch.setattr(trees, size, replace(getattr(trees, size), trees=TREES))
    recipe = RECIPE_OF[name]
    entries = entries_of(recipe.material, folder, tmp_path / "work", _say)
    entries = [entry for entry in entries if entry.film.name.startswith(FILMS_OF[name])]
    told = []
    for path in (tmp_path / "one.json", tmp_path / "two.json"):
        figures = write_set(name, recipe, folder, entries, drawn, path, _say)
        LOADED[name].of(read_values(path))
        told.append(json.loads(path.read_text()))

    assert told[0] == told[1]
    provenance = told[0]["provenance"]
    assert set(provenance) == set(KEYS)
    assert provenance["figures"] == json.loads(json.dumps(figures))
    counted = {FITTED: 1 if name == "scenes" else 2, HELD_OUT: 1}
    assert {film["role"]: film["counted"] for film in provenance["films"]} == counted


@dataclass(frozen=True)
class Toy:
    """A film that is best served by a = at."""

    at: float
    entry: Entry

    def scores(self, values: Mapping[str, float]) -> dict[str, float]:
        return {"closeness": max(0.0, 1.0 - 0.1 * abs(values["a"] - self.at))}


def toys(*best: float) -> list[Toy]:
    return [Toy(at, Entry(Film(Path(f"{k}.mp4"), "toys", {}), FITTED, 1, "")) for k, at in enumerate(best)]


TOY_NUMBERS = {"a": Number(2.0, 1.0), "b": Number(5.0, 0.5), "c": Number(7.0, 0.0)}


def test_a_search_moves_what_the_films_agree_on_and_nothing_else() -> None:
    values, told = search.fit(Search(TOY_NUMBERS, toys(4.0, 4.0, 5.0), 0.01), _say)

    assert values == {"a": 4.0, "b": 5.0, "c": 7.0}
    assert told["kept"] == "what was found"
    assert told[search.RESPONSE] == {
        "a": [-0.1, -0.03333],
        "b": [0.0, 0.0],
    }


def test_a_step_that_is_not_worth_its_penalty_is_not_taken() -> None:
    values, _ = search.fit(Search(TOY_NUMBERS, toys(4.0, 4.0, 5.0), 0.11), _say)

    assert values["a"] == 2.0


def test_what_does_not_serve_a_film_left_out_is_not_kept() -> None:
    # two want more, two want less, so whatever the others teach is wrong for the one left out
    values, told = search.fit(Search(TOY_NUMBERS, toys(0.0, 4.0, 0.0, 5.0), 0.0), _say)

    assert values["a"] == 2.0
    assert told["kept"] == "the start"


def test_a_folder_without_the_films_of_the_recipe_is_told(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="mine"):
        entries_of(MATERIAL, tmp_path, tmp_path / "work", _say)
