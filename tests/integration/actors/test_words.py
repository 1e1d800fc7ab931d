"""What is said, through bridge, pool and segmenter with the real networks and the real speech model."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from actors.segmentation.screen.loading import TextReadersLoading
from actors.segmentation.whole import segment_file
from actors.speech_model import speech_model
from actors.worker.analyser import LIBRARY
from actors.worker.words.speech import WINDOWS_PER_GROUP
from cluster.settings import ModelSettings, Settings
from cluster.stores.postgres.words.job import TranscriptJob
from tests.support.lettering import Lettering, lettered, plain
from tests.support.spoken import model_folder, read_aloud, words_of
from tests.support.stack.actor_fixtures import ray_connection
from tests.support.stack.actor_fixtures import settings as settings_without_words
from tests.support.stack.actors import ActorStack, actor_stack, kill_process

__all__ = ["ray_connection", "settings_without_words"]

ACTORS = {"count": 1, "torch_threads": 1, "stuck_after_s": 120.0}
CARD = "Harbor timetable"
SENTENCE = "The train to the harbor leaves in the morning. Please bring a warm coat."
WINDOWS = WINDOWS_PER_GROUP + 1
"""So many that two tasks are needed."""


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
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A voice says the same over and over, with pauses of four seconds, over a title card."""
    folder = tmp_path_factory.mktemp("film")
    voice = read_aloud(SENTENCE, folder / "voice.wav", delay_s=4.0)
    card = lettered(plain((640, 360)), [Lettering(CARD, height=0.12)])
    Image.fromarray(card).save(folder / "card.png")
    film = folder / "film.mkv"
    picture = ["-loop", "1", "-framerate", "25", "-i", str(folder / "card.png")]
    loop = ["-stream_loop", str(WINDOWS - 1), "-i", str(voice)]
    codecs = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "flac"]
    command = ["ffmpeg", "-v", "error", *picture, *loop, *codecs, "-t", "48", str(film)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return film


def ended(stack: ActorStack, video_id: str) -> TranscriptJob:
    def final() -> TranscriptJob | None:
        job = stack.jobs.transcripts.find(video_id)
        return job if job is not None and job.state in ("done", "failed", "cancelled") else None

    return stack.until(final)


def text_of(document: dict[str, Any]) -> list[str]:
    return words_of(" ".join(sentence["text"] for sentence in document["sentences"]))


@pytest.fixture(scope="module")
def disturbed(stack: ActorStack, film: Path) -> TranscriptJob:
    """The film's words through an actor that is killed while it hears the first group."""
    video_id = stack.submit(film.read_bytes())

    def hearing() -> dict[str, Any] | None:
        wanted = (video_id, "words", 1)
        rows = stack.snapshot()["actors"]
        return next((row for row in rows if (row["video_id"], row["kind"], row["chunk"]) == wanted), None)

    kill_process(stack.until(hearing)["pid"])
    return ended(stack, video_id)


def test_segments_are_there_before_the_words(stack: ActorStack, disturbed: TranscriptJob) -> None:
    video = stack.jobs.get(disturbed.id)

    assert video.state == "done"
    assert video.finished_at is not None
    assert disturbed.finished_at is not None
    assert video.finished_at < disturbed.finished_at


def test_every_word_is_there_once_in_spite_of_a_killed_actor(
    stack: ActorStack, disturbed: TranscriptJob
) -> None:
    assert (disturbed.state, disturbed.wanted) == ("done", "all")
    assert disturbed.groups_total is not None
    assert disturbed.groups_done == disturbed.groups_total > WINDOWS, "windows of speech, and pictures"
    assert disturbed.model is not None
    document = stack.results.get_transcript(disturbed.tracks_key, disturbed.tracks_hash, disturbed.model)
    assert document is not None
    assert document["language"] == "en"
    assert text_of(document) == words_of(SENTENCE) * WINDOWS


def in_order(segments: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(segments, key=lambda segment: (segment["level"], segment["index"]))


def segments_of(stack: ActorStack, video_id: str) -> list[dict[str, Any]]:
    timeline = stack.jobs.get(video_id).timeline_id
    assert timeline is not None
    return stack.results.all_segments(timeline)


def test_the_cluster_makes_what_one_process_makes(
    stack: ActorStack, disturbed: TranscriptJob, film: Path, settings: Settings
) -> None:
    models = {"speech_model": speech_model(settings, threads=1), "text_readers": TextReadersLoading()}
    alone = segment_file(film, **models).to_document()  # type: ignore[arg-type]

    assert disturbed.model is not None
    stored = stack.results.get_transcript(disturbed.tracks_key, disturbed.tracks_hash, disturbed.model)
    assert alone["transcript"] == stored
    assert disturbed.reader is not None
    read = stack.results.get_screen_text(disturbed.tracks_key, disturbed.tracks_hash, disturbed.reader)
    assert alone["screen_text"] == read
    assert [(entry["text"], entry["kind"]) for entry in read] == [(CARD, "title_card")]
    assert in_order(segments_of(stack, disturbed.id)) == in_order(alone["segments"])


def test_the_words_are_a_revision_with_titles(stack: ActorStack, disturbed: TranscriptJob) -> None:
    revisions = stack.jobs.revisions.list_all(disturbed.id)

    assert [(one.revision, one.origin, one.current) for one in revisions] == [
        (2, "words", True),
        (1, "settings", False),
    ]
    assert disturbed.timeline_id == revisions[0].timeline_id
    before, after = (
        [one for one in stack.results.all_segments(revision.timeline_id) if one["level"] == "chapter"]
        for revision in reversed(revisions)
    )
    assert {one["title_source"] for one in before} == {"class"}
    assert {(one["title"], one["title_source"]) for one in after} == {(CARD, "screen")}
    assert all("coat" in " ".join(one["keywords"]) for one in after)
    assert [one["start_frame"] for one in before] == [one["start_frame"] for one in after]


def test_other_settings_cost_no_second_hearing_and_have_the_words_at_once(
    stack: ActorStack, disturbed: TranscriptJob
) -> None:
    stack.jobs.resegment(disturbed.id, {"scene_sensitivity": 0.9}, "default")
    video = stack.ended(disturbed.id)
    assert (video.state, video.revision) == ("done", 3)

    assert stack.jobs.transcripts.get(disturbed.id) == replace(disturbed, timeline_id=video.timeline_id)
    titles = {one["title_source"] for one in segments_of(stack, disturbed.id) if one["level"] == "chapter"}
    assert titles == {"screen"}


def test_the_same_file_again_finds_its_words_stored(
    stack: ActorStack, disturbed: TranscriptJob, film: Path
) -> None:
    """Videos of one content share tracks, and words with them."""
    again = stack.submit(film.read_bytes(), words="off")
    assert stack.ended(again).state == "done"

    assert stack.jobs.transcripts.find(again) is None, "none were wanted"
