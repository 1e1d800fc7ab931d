"""Real pixels and sound through bridge, pool and segmenter with the real networks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actors.segmentation.analyse import analyse_chunk
from actors.segmentation.fusion.fuse import fuse
from actors.segmentation.naming.names import named
from actors.segmentation.networks.models import Models
from actors.segmentation.planning.plan import build_plan
from actors.segmentation.settings import FusionSettings
from actors.worker.analyser import LIBRARY
from cluster.settings import Settings
from cluster.stores.postgres.video import Video, VideoState
from tests.support.media import Picture, Sound, cut_off, make_media, spoil_packets
from tests.support.stack.actor_fixtures import ray_connection, settings
from tests.support.stack.actors import ActorStack, actor_stack, kill_process

__all__ = ["ray_connection", "settings"]

ACTORS = {"count": 2, "torch_threads": 1, "stuck_after_s": 60.0}


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three chunks: 300, 600 and 200 frames."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    picture = Picture(shots=[90, 150, 200, 160, 240, 260], size=(160, 120), gop=50, number=False)
    make_media(path, picture, Sound(parts=((330.0, 24.0), (880.0, 20.0))))
    return path


@pytest.fixture(scope="module")
def stack(settings: Settings) -> Iterator[ActorStack]:
    with actor_stack(settings, LIBRARY) as running:
        running.ready(2)
        yield running


@pytest.fixture(scope="module")
def undisturbed(film: Path) -> list[dict[str, Any]]:
    """What the library gives in this process, chunk after chunk."""
    plan = build_plan(film)
    models = Models.load("cpu", threads=1)
    tracks = [analyse_chunk(film, plan, chunk.index, models) for chunk in plan.chunks]
    timeline = fuse(plan, tracks, FusionSettings(scene_sensitivity=0.8))
    return in_order([segment.to_dict() for segment in named(timeline.segments, None, None)])


@pytest.fixture(scope="module")
def disturbed(stack: ActorStack, film: Path) -> Video:
    """The film through two actors, one of which is killed in the middle."""
    video_id = stack.submit(film.read_bytes(), scene_sensitivity=0.8)
    kill_process(stack.at_chunk(video_id, 1)["pid"])
    return stack.ended(video_id)


def in_order(segments: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(segments, key=lambda segment: (segment["level"], segment["index"]))


def test_a_killed_actor_changes_nothing_of_the_result(
    stack: ActorStack, disturbed: Video, undisturbed: list[dict[str, Any]]
) -> None:
    assert (disturbed.state, disturbed.attempt, disturbed.chunks_total) == (VideoState.DONE, 1, 3)
    assert disturbed.media is not None
    assert disturbed.media["frames"] == 1100
    assert in_order(stack.segments(disturbed)) == undisturbed
    shots = [s for s in undisturbed if s["level"] == "shot" and s["start_boundary"]["kind"] != "audio"]
    assert [shot["start_frame"] for shot in shots] == [0, 90, 240, 440, 600, 840]


def test_provisional_shots_keyframes_and_curves_are_stored(stack: ActorStack, disturbed: Video) -> None:
    provisional = stack.results.provisional_segments(disturbed.id, disturbed.tracks_hash).items
    assert provisional[0]["start_frame"] == 0
    assert provisional[-1]["end_frame"] == 1100
    thumbnails = {segment["thumbnail"] for segment in stack.segments(disturbed)}
    assert all(stack.media.exists(f"videos/{disturbed.id}/keyframes/{n}.webp") for n in thumbnails)
    document = stack.results.timeline(str(disturbed.timeline_id))
    assert document is not None
    assert document["settings"] == {"scene_sensitivity": 0.8}
    assert {"start_s", "step_s", "series"} <= set(document["curves"])
    assert document["audio_track"][0]["start_s"] == pytest.approx(0.0, abs=0.1)


def test_a_film_that_is_cut_off_is_segmented_as_far_as_it_goes(stack: ActorStack, tmp_path: Path) -> None:
    picture = Picture(shots=[90, 150, 200], size=(160, 120), gop=50, number=False)
    whole = make_media(tmp_path / "whole.mp4", picture, options={"movflags": "faststart"})
    spoilt = spoil_packets(whole, tmp_path / "spoilt.mp4", range(60, 65))

    video = stack.ended(stack.submit(cut_off(spoilt, tmp_path / "cut.mp4", 0.7).read_bytes()))

    assert video.state is VideoState.DONE
    assert video.media is not None
    frames = video.media["frames"]
    assert 240 < frames < 440
    told = [(warning["code"], warning["missing_frames"]) for warning in video.warnings]
    assert told == [("truncated", 440 - frames), ("damaged", 5)]
    shots = [one for one in stack.segments(video) if one["level"] == "shot"]
    assert {90, 240} <= {shot["start_frame"] for shot in shots}
    assert shots[-1]["end_frame"] == frames
    document = stack.results.timeline(str(video.timeline_id))
    assert document is not None
    assert document["warnings"] == video.warnings


def test_sound_alone_is_segmented_by_what_is_heard(stack: ActorStack, tmp_path: Path) -> None:
    sound = Sound((("noise", 40.0), ("silence", 8.0), (440.0, 40.0)))

    video = stack.ended(stack.submit(make_media(tmp_path / "song.m4a", sound, form="mp4").read_bytes()))

    assert (video.state, video.chunks_total) == (VideoState.DONE, 3)
    assert video.media is not None
    assert video.media["video_codec"] is None
    assert video.warnings == []
    segments = stack.segments(video)
    assert {one["level"] for one in segments} == {"scene", "chapter"}
    scenes = [one["start_s"] for one in in_order(segments) if one["level"] == "scene"]
    assert scenes == pytest.approx([0, 40, 48], abs=0.3)
    assert stack.results.provisional_segments(video.id, video.tracks_hash).items == ()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"Dear diary, " * 100, "not_media"),
        (b"#EXTM3U\nfile:///etc/passwd", "not_media"),
    ],
)
def test_what_is_no_video_is_refused_with_its_reason(stack: ActorStack, content: bytes, code: str) -> None:
    video = stack.ended(stack.submit(content))
    assert (video.state, video.error_code) == (VideoState.FAILED, code)
    assert video.error_message


def test_unknown_settings_are_refused(stack: ActorStack, film: Path) -> None:
    video = stack.ended(stack.submit(film.read_bytes(), loudness="eleven"))
    assert (video.state, video.error_code) == (VideoState.FAILED, "invalid_settings")
    assert "loudness" in str(video.error_message)


def test_only_a_part_is_segmented_when_that_is_asked_for(stack: ActorStack, film: Path) -> None:
    video = stack.ended(stack.submit(film.read_bytes(), from_s=5.0, to_s=20.0))

    assert video.state is VideoState.DONE
    shots = in_order([s for s in stack.segments(video) if s["level"] == "shot"])
    assert (shots[0]["start_frame"], shots[-1]["end_frame"]) == (125, 500)
    cuts = [s["start_frame"] for s in shots if s["start_boundary"]["kind"] != "audio"]
    assert cuts == [125, 240, 440]


def test_a_part_outside_of_the_video_fails_before_anything_is_decoded(stack: ActorStack, film: Path) -> None:
    video = stack.ended(stack.submit(film.read_bytes(), from_s=44.0))

    assert (video.state, video.error_code, video.chunks_done) == (VideoState.FAILED, "invalid_settings", 0)
    assert "the video lasts from 0.000 to 44.000 s" in str(video.error_message)
