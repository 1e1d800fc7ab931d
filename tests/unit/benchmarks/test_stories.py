"""Films that are told: scenes of views of their places, labels true to the pictures, sound as long."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from tests.benchmarks.edits.places import Place
from tests.benchmarks.edits.textures import textures
from tests.benchmarks.stories.film import make
from tests.benchmarks.stories.script import FPS, KINDS, Scene, script
from tests.benchmarks.stories.sound import RATE_HZ, Recordings, mixed

SEEDS = range(4)
FILMS = {33: "dissolve", 50: "fade"}
"""Seeds of films, and how one of their scenes begins."""


@pytest.fixture(scope="module")
def places() -> list[Place]:
    return textures(3, 6)


@pytest.fixture(scope="module")
def recordings() -> Recordings:
    rng = np.random.default_rng(1)
    noise = [rng.normal(0, 0.1, 3 * RATE_HZ).astype(np.float32) for _ in range(2)]
    return Recordings(noise, noise, noise)


def scripted(seed: int, places: list[Place], seconds: float = 200) -> list[Scene]:
    return script(np.random.default_rng(seed), places, seconds)


@pytest.mark.parametrize("seed", SEEDS)
def test_scenes_that_follow_each_other_share_no_source(seed: int, places: list[Place]) -> None:
    scenes = scripted(seed, places)
    sources = [{shot.place.source for shot in scene.shots} for scene in scenes]

    assert len(scenes) > 2
    assert all(not before & after for before, after in pairwise(sources))
    assert {scene.kind for scene in scenes} <= set(KINDS)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_shot_but_of_a_montage_follows_another_with_the_same_view(seed: int, places: list[Place]) -> None:
    for scene in scripted(seed, places):
        views = [(shot.place.name, shot.framing) for shot in scene.shots]
        assert all(before != after for before, after in pairwise(views))
        if scene.kind in ("talk", "insert"):
            assert len(set(map(repr, views))) <= 2


@pytest.mark.parametrize("seed", SEEDS)
def test_sound_is_as_long_as_the_pictures_and_never_clips_to_silence(
    seed: int, places: list[Place], recordings: Recordings
) -> None:
    scenes = scripted(seed, places, 40)
    starts = np.cumsum([0, *(scene.frames for scene in scenes)])
    sound = mixed(np.random.default_rng(seed), scenes, starts[:-1].tolist(), int(starts[-1]), recordings)

    assert len(sound) == starts[-1] * RATE_HZ // FPS
    assert np.abs(sound).max() <= 1
    assert np.abs(sound).mean() > 1e-4


@pytest.mark.parametrize("seed", FILMS)
def test_a_film_is_what_its_labels_say(
    seed: int, tmp_path: Path, places: list[Place], recordings: Recordings
) -> None:
    path = tmp_path / "story.mp4"
    stills = [replace(place, frames=place.frames[:1]) for place in places]
    make(path, stills, recordings, [seed], 30)
    labels = json.loads(path.with_name(path.name + ".labels.json").read_text())

    with av.open(str(path)) as film:
        pictures = [frame.to_ndarray(format="gray").astype(float)[::9, ::9] for frame in film.decode(video=0)]
        assert film.streams.audio[0].duration * film.streams.audio[0].time_base == pytest.approx(
            labels["frames"] / FPS, abs=0.1
        )
    changes = [float(np.abs(new - old).mean()) for old, new in pairwise(pictures)]

    assert len(pictures) == labels["frames"]
    assert FILMS[seed] in {kind for _, _, kind in labels["gradual"]}
    mixed_frames = {k for first, last, _ in labels["gradual"] for k in range(first - 1, last + 2)}
    usual = float(np.median(changes))
    assert all(changes[cut - 1] > 3 * usual for cut in labels["cuts"])
    assert {k + 1 for k, change in enumerate(changes) if change > 12} <= {*labels["cuts"], *mixed_frames}


def test_few_sources_are_no_film(places: list[Place]) -> None:
    with pytest.raises(ValueError, match="4 files"):
        scripted(1, places[:3])
