"""A film that is corrected by hand, through API, bridge, fuser and segmenter with the real networks.

The words that follow leave its starts alone, other settings keep what is locked, and all can be forgotten.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from actors.worker.analyser import LIBRARY
from cluster.client import Client
from cluster.contract.protocol import API_PREFIX
from cluster.segment_settings import resolve
from cluster.settings import ModelSettings, Settings
from serve_app.services import ApiServices
from tests.support.api.running import serving
from tests.support.lettering import Lettering, lettered, plain
from tests.support.spoken import model_folder, read_aloud
from tests.support.stack.actor_fixtures import ray_connection
from tests.support.stack.actor_fixtures import settings as settings_without_words
from tests.support.stack.actors import ActorStack, actor_stack

__all__ = ["ray_connection", "settings_without_words"]

ACTORS = {"count": 1, "torch_threads": 1, "stuck_after_s": 120.0}
CARDS = ("Harbor timetable", "Winter market", "Closing hours")
CARD_FRAMES, FPS = 150, 25
CUTS = [CARD_FRAMES, 2 * CARD_FRAMES]
FRAMES = 3 * CARD_FRAMES
BY_HAND = [60, 333]
"""Starts of shots that no detector finds: nothing moves there."""


@pytest.fixture(scope="module")
def settings(settings_without_words: Settings) -> Settings:
    model_folder()
    return settings_without_words.model_copy(update={"models": ModelSettings()})


@pytest.fixture(scope="module")
def stack(settings: Settings) -> Iterator[ActorStack]:
    with actor_stack(settings, LIBRARY) as running:
        running.ready(1)
        yield running


@pytest.fixture(scope="module")
def client(stack: ActorStack) -> Iterator[Client]:
    with (
        serving(ApiServices.from_settings(stack.settings)) as running,
        Client(running.url.removesuffix(API_PREFIX)) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three title cards of six seconds each, over which a voice speaks."""
    folder = tmp_path_factory.mktemp("film")
    voice = read_aloud("The train to the harbor leaves in the morning.", folder / "voice.wav", delay_s=2.0)
    inputs: list[str] = []
    for number, card in enumerate(CARDS):
        picture = lettered(plain((640, 360)), [Lettering(card, height=0.12)])
        if number == 1:
            picture = 255 - picture
        Image.fromarray(picture).save(folder / f"{number}.png")
        seconds = str(CARD_FRAMES / FPS)
        inputs += ["-loop", "1", "-framerate", str(FPS), "-t", seconds, "-i", str(folder / f"{number}.png")]
    joined = ["-filter_complex", "[0:v][1:v][2:v]concat=n=3[v]", "-map", "[v]", "-map", "3:a"]
    codecs = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "flac"]
    target = folder / "film.mkv"
    command = ["ffmpeg", "-v", "error", *inputs, "-stream_loop", "3", "-i", str(voice), *joined, *codecs]
    command += ["-t", str(FRAMES / FPS), str(target)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return target


def starts(client: Client, video_id: str, level: str, **of: Any) -> list[int]:
    return [one["start_frame"] for one in client.segments(video_id, level=level, **of)]


@pytest.fixture(scope="module")
def corrected(stack: ActorStack, client: Client, film: Path) -> str:
    """A film with two starts more and one less, and a name, corrected before its words are there."""
    video_id = stack.submit(film.read_bytes(), **resolve(None, {}))
    video = stack.ended(video_id)
    assert starts(client, video_id, "shot") == [0, *CUTS]
    made = client.correct(
        video_id,
        revision=video.revision,
        shots=[{"start_frame": frame} for frame in (0, BY_HAND[0], CUTS[0], BY_HAND[1])],
        scenes=[{"start_frame": 0}, {"start_frame": CUTS[0], "title": "By hand"}],
        chapters=[{"start_frame": 0}],
        note="The second card is one scene with the third.",
    )
    assert (made["origin"], made["revision"], made["counts"]["scene"]) == ("human", video.revision + 1, 2)
    return video_id


def test_a_correction_is_a_whole_result(client: Client, corrected: str) -> None:
    origins = {one["revision"]: one["origin"] for one in client.revisions(corrected)}
    revision = next(number for number, origin in origins.items() if origin == "human")
    shots = list(client.segments(corrected, level="shot", revision=revision))

    assert [one["start_frame"] for one in shots] == [0, BY_HAND[0], CUTS[0], BY_HAND[1]]
    assert shots[-1]["end_frame"] == FRAMES
    kept, new = shots[2]["start_boundary"], shots[1]["start_boundary"]
    assert (kept["locked"], new["locked"]) == (False, True)
    assert kept["confidence"] < 1.0 == new["confidence"]
    assert kept["visual"] > 0.0
    assert all(one["audio"] is not None and one["visual"] is not None for one in shots)
    scene = list(client.segments(corrected, level="scene", revision=revision))[1]
    assert (scene["title"], scene["title_source"]) == ("By hand", "human")


def test_words_that_follow_leave_the_starts_where_they_are(
    stack: ActorStack, client: Client, corrected: str
) -> None:
    def with_words() -> Any:
        newest = client.revisions(corrected)[0]
        return newest if newest["origin"] == "words" else None

    newest = stack.until(with_words)
    assert newest["current"]
    assert newest["corrections"]["removed"] >= 1
    assert starts(client, corrected, "shot") == [0, BY_HAND[0], CUTS[0], BY_HAND[1]]
    scenes = list(client.segments(corrected, level="scene"))
    assert [one["start_frame"] for one in scenes] == [0, CUTS[0]]
    assert (scenes[1]["title"], scenes[1]["title_source"]) == ("By hand", "human")
    assert scenes[0]["title_source"] in ("screen", "speech")


def test_other_settings_keep_what_was_corrected(stack: ActorStack, client: Client, corrected: str) -> None:
    sensitive = {"shot_sensitivity": 1.0}
    tried = client.preview(corrected, settings=sensitive, level="shot")
    client.resegment(corrected, settings=sensitive)
    stack.ended(corrected)

    shots = starts(client, corrected, "shot")
    assert [one["start_frame"] for one in tried["segments"]] == shots
    assert {0, *BY_HAND, CUTS[0]} <= set(shots)
    assert CUTS[1] not in shots
    titles = [(one["start_frame"], one["title"]) for one in client.segments(corrected, level="scene")]
    assert (CUTS[0], "By hand") in titles
    newest = client.revisions(corrected)[0]
    assert (newest["origin"], newest["note"]) == ("settings", None)


def test_they_are_forgotten_where_that_is_asked_for(
    stack: ActorStack, client: Client, corrected: str
) -> None:
    tried = client.preview(corrected, level="shot", keep_corrections=False)
    client.resegment(corrected, keep_corrections=False)
    stack.ended(corrected)

    assert [one["start_frame"] for one in tried["segments"]] == [0, *CUTS]
    assert starts(client, corrected, "shot") == [0, *CUTS]
    assert client.revisions(corrected)[0]["corrections"] == {"locked": 0, "removed": 0}


def test_a_corrected_revision_can_be_chosen_and_corrected_again(client: Client, corrected: str) -> None:
    by_hand = next(one for one in client.revisions(corrected) if one["origin"] == "human")
    client.choose(corrected, by_hand["revision"])
    made = client.correct(
        corrected, revision=by_hand["revision"], chapters=[{"start_frame": 0}, {"start_frame": 200}]
    )

    assert starts(client, corrected, "shot") == [0, BY_HAND[0], CUTS[0], 200, BY_HAND[1]]
    assert made["corrections"]["locked"] > by_hand["corrections"]["locked"]
