"""A file from start to end with the real networks: known cuts, chunks, odd files, and the command."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import structlog
import typer
from typer.testing import CliRunner

from actors.commands.segment import segment
from actors.segmentation import (
    Cancelled,
    FusionSettings,
    MediaError,
    Models,
    Timeline,
    analyse_chunk,
    build_plan,
    fuse,
    segment_file,
)
from actors.segmentation.naming.names import named
from actors.segmentation.planning.plan import ChunkSpec
from tests.support.media import Picture, Sound, cut_off, make_media

SHOTS = (110, 14, 150, 96, 130, 130)
FILM = Picture(shots=SHOTS, size=(160, 96), gop=60, number=False)
SOUND = Sound(parts=(("noise", 9.0), ("silence", 6.0), (440.0, 12.0)), rate_hz=44_100)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """630 frames, 25.2 s; the sound is 1.8 s longer."""
    return make_media(tmp_path_factory.mktemp("film") / "film.mp4", FILM, SOUND)


@pytest.fixture(scope="module")
def progress() -> list[tuple[int, int]]:
    """What was reported while `timeline` was made."""
    return []


@pytest.fixture(scope="module")
def timeline(film: Path, models: Models, progress: list[tuple[int, int]]) -> Timeline:
    return segment_file(
        film, {}, models=models, on_progress=lambda done, total: progress.append((done, total))
    )


def starts(timeline: Timeline, level: str = "shot") -> list[int]:
    return [s.start_frame for s in timeline.level(level)]


def test_the_shots_are_those_that_were_made(timeline: Timeline) -> None:
    assert starts(timeline) == [0, *FILM.cuts]
    # all are drawn by one pattern, so some look like cuts within one take
    assert {s.start_boundary.kind for s in timeline.level("shot")[1:]} <= {"cut", "jump"}
    assert [s.start_s for s in timeline.level("shot")] == pytest.approx([k / 25 for k in (0, *FILM.cuts)])


def test_every_shot_has_a_keyframe_of_its_own(timeline: Timeline) -> None:
    for shot in timeline.level("shot"):
        assert shot.thumbnail is not None
        assert shot.start_frame <= shot.thumbnail < shot.end_frame
        assert shot.keyframe_s is not None
        assert shot.start_s <= shot.keyframe_s < shot.end_s


def test_the_sound_is_told_to_its_end(timeline: Timeline) -> None:
    track = timeline.audio_track

    assert track[0].start_s == 0.0
    assert track[-1].end_s == pytest.approx(27.0, abs=0.2)
    silence = [s for s in track if s.label == "silence"]
    assert len(silence) == 1
    assert (silence[0].start_s, silence[0].end_s) == pytest.approx((9.0, 15.0), abs=0.3)


def test_whole_or_in_chunks_the_segments_are_the_same(film: Path, models: Models, timeline: Timeline) -> None:
    plan = build_plan(film)
    chunks = (ChunkSpec(0, 0, 300), ChunkSpec(1, 300, 600), ChunkSpec(2, 600, plan.frames))
    divided = replace(plan, chunks=chunks)

    # the last first, as several actors may do it
    tracks = [analyse_chunk(film, divided, index, models) for index in (2, 1, 0)][::-1]

    again = fuse(divided, tracks, FusionSettings())
    assert named(again.segments, None, None) == timeline.segments
    assert again.audio_track == timeline.audio_track


@pytest.mark.usefixtures("timeline")
def test_progress_goes_up_to_all_frames(progress: list[tuple[int, int]]) -> None:
    assert progress == sorted(progress)
    assert progress[-1] == (630, 630)


def test_it_stops_when_asked(film: Path, models: Models) -> None:
    with pytest.raises(Cancelled):
        segment_file(film, {}, models=models, should_stop=lambda: True)


def test_settings_out_of_range_are_refused_before_any_work(film: Path) -> None:
    with pytest.raises(ValueError, match="min_shot_s"):
        segment_file(film, {"min_shot_s": -1})


def made(tmp_path: Path, models: Models, *streams: Picture | Sound, **settings: Any) -> Timeline:
    return segment_file(make_media(tmp_path / "clip.mkv", *streams), settings, models=models)


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_next_to_nothing_is_one_segment_of_each_level(tmp_path: Path, models: Models, frames: int) -> None:
    found = made(tmp_path, models, Picture(shots=(frames,), size=(64, 48), number=False))

    assert [starts(found, level) for level in ("chapter", "scene", "shot")] == [[0], [0], [0]]
    assert found.level("shot")[0].end_frame == frames
    assert found.level("shot")[0].audio is None


def test_black_only_is_black(tmp_path: Path, models: Models) -> None:
    def black(_shot: int, _frame: int, size: tuple[int, int]) -> np.ndarray[Any, np.dtype[np.uint8]]:
        return np.zeros((size[1], size[0], 3), np.uint8)

    found = made(tmp_path, models, Picture(shots=(40,), size=(64, 48), number=False, picture=black))

    assert [s.label for s in found.level("shot")] == ["black"]


def test_sound_much_longer_than_the_picture(tmp_path: Path, models: Models) -> None:
    found = made(tmp_path, models, Picture(shots=(30,), size=(64, 48)), Sound(parts=((440.0, 14.0),)))

    assert found.level("shot")[-1].end_s == pytest.approx(1.2)
    assert found.audio_track[-1].end_s == pytest.approx(14.0, abs=0.2)


def test_sound_that_starts_late_begins_with_silence(tmp_path: Path, models: Models) -> None:
    late = Sound(parts=(("noise", 2.0),), start_s=Fraction(2))
    found = made(tmp_path, models, Picture(shots=(100,), size=(64, 48)), late)

    assert found.audio_track[0].start_s == pytest.approx(2.0, abs=0.1)
    shot = found.level("shot")[0].audio
    assert shot is not None
    assert shot.silence == pytest.approx(0.5, abs=0.05)


def test_variable_frame_rate_and_a_late_start_keep_the_player_s_times(tmp_path: Path, models: Models) -> None:
    def when(frame: int) -> Fraction:
        return Fraction(3) + Fraction(frame, 25) + Fraction(frame // 50, 2)  # a gap of 0.5 s every 50 frames

    picture = Picture(shots=(60, 70), size=(160, 96), number=False, time_of=when)
    found = made(tmp_path, models, picture)

    assert starts(found) == [0, 60]
    assert [s.start_s for s in found.level("shot")] == pytest.approx([3.0, 3.0 + 60 / 25 + 0.5], abs=0.002)


def test_what_is_no_video_says_so(tmp_path: Path) -> None:
    file = tmp_path / "notes.mp4"
    file.write_bytes(b"not a video at all" * 100)

    with pytest.raises(MediaError) as refused:
        segment_file(file, {})

    assert refused.value.code == "not_media"


@pytest.fixture
def command() -> Iterator[typer.Typer]:
    """The command as an application; the logs it sends to its own stderr are sent back afterwards."""
    root, structured = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    app = typer.Typer()
    app.command()(segment)
    yield app
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**structured)


def test_the_command_writes_the_document(
    command: typer.Typer, film: Path, tmp_path: Path, timeline: Timeline
) -> None:
    out = tmp_path / "out.json"

    ran = CliRunner().invoke(command, [str(film), "--json", str(out), "--set", "min_shot_s=0.2"])

    assert ran.exit_code == 0, ran.output
    document = json.loads(out.read_text())
    keys = {"media", "settings", "warnings", "segments", "audio_track", "transcript", "screen_text"}
    assert set(document) == keys
    assert document["warnings"] == []
    assert document["settings"]["min_shot_s"] == 0.2
    assert document["settings"]["preset"] == "default"
    wanted = [s.to_dict() for s in timeline.level("shot")]
    assert [s for s in document["segments"] if s["level"] == "shot"] == json.loads(json.dumps(wanted))
    assert "100 %" in ran.stderr


def test_the_command_prints_a_table(command: typer.Typer, tmp_path: Path) -> None:
    clip = make_media(tmp_path / "clip.mp4", Picture(shots=(40, 50), size=(160, 96), number=False))

    ran = CliRunner().invoke(command, [str(clip)])

    assert ran.exit_code == 0, ran.output
    assert "2 shots" in ran.stdout
    assert "0:00:01.600" in ran.stdout


def test_the_command_warns_of_a_file_that_is_cut_off(command: typer.Typer, tmp_path: Path) -> None:
    picture = Picture(shots=(40, 50), size=(160, 96), number=False)
    whole = make_media(tmp_path / "whole.mp4", picture, options={"movflags": "faststart"})
    clip, out = cut_off(whole, tmp_path / "clip.mp4", 0.8), tmp_path / "out.json"

    ran = CliRunner().invoke(command, [str(clip), "--json", str(out)])

    assert ran.exit_code == 0, ran.output
    (warning,) = json.loads(out.read_text())["warnings"]
    assert warning["code"] == "truncated"
    assert f"clip.mp4: warning: {warning['message']}" in ran.stderr.splitlines()
    assert ran.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["{film}", "--set", "min_shot_s=-1"], 2, "min_shot_s"),
        (["{film}", "--set", "jump_cuts=never"], 2, "split, ignore"),
        (["{film}", "--preset", "opera"], 2, "opera"),
        (["{film}", "--json", "/no/such/folder/out.json"], 2, "folder"),
        (["{folder}/none.mp4"], 2, "No such file"),
        (["{folder}/text.mp4"], 1, "text.mp4"),
    ],
)
def test_the_command_s_exit_codes(
    command: typer.Typer, film: Path, tmp_path: Path, arguments: list[str], code: int, words: str
) -> None:
    (tmp_path / "text.mp4").write_text("no video" * 50)

    ran = CliRunner().invoke(command, [a.format(film=film, folder=tmp_path) for a in arguments])

    assert ran.exit_code == code
    assert words in ran.stderr
