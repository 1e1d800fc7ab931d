"""Files without a picture: slots in place of frames, scenes and chapters by sound, no shots."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import typer
from av.stream import Disposition
from typer.testing import CliRunner

from actors.clips import ClipError, CutOptions, Piece, cut
from actors.commands.segment import segment
from actors.segmentation.analyse import analyse_chunk
from actors.segmentation.decode.video import VideoReader
from actors.segmentation.errors import Cancelled, MediaError, MediaErrorCode
from actors.segmentation.fusion.fuse import fuse, provisional_shots
from actors.segmentation.limits import Limits
from actors.segmentation.naming.names import named
from actors.segmentation.networks.models import Models
from actors.segmentation.planning.plan import ChunkSpec, Plan, build_plan
from actors.segmentation.planning.sound_only import slots_of
from actors.segmentation.settings import FusionSettings
from actors.segmentation.timeline import Timeline
from actors.segmentation.whole import segment_file
from tests.support.media import Picture, Sound, cut_off, make_media

KINDS = {
    "m4a": ("song.m4a", "mp4", "aac", 48_000),
    "mp4": ("song.mp4", "mp4", "aac", 44_100),
    "fragments": ("song.m4s", "mp4", "aac", 48_000),
    "mp3": ("song.mp3", "mp3", "mp3", 44_100),
    "wav": ("song.wav", "wav", "pcm_s16le", 16_000),
    "flac": ("song.flac", "flac", "flac", 48_000),
    "opus": ("song.ogg", "ogg", "libopus", 48_000),
    "mka": ("song.mka", "matroska", "aac", 48_000),
    "webm": ("song.webm", "webm", "libopus", 48_000),
    "ts": ("song.ts", "mpegts", "mp2", 48_000),
    "adts": ("song.aac", "adts", "aac", 48_000),
    "mov": ("song.mov", "mov", "pcm_s16le", 8_000),
    "aiff": ("song.aiff", "aiff", "pcm_s16be", 44_100),
    "caf": ("song.caf", "caf", "pcm_s16be", 44_100),
    "avi": ("song.avi", "avi", "pcm_s16le", 44_100),
    "rf64": ("large.wav", "wav", "pcm_s16le", 44_100),
}
MUXED = {
    "fragments": {"movflags": "frag_keyframe+empty_moov", "frag_duration": "1000000"},
    "rf64": {"rf64": "always"},
}
COVER = Picture((1,), codec="mjpeg", options={}, pix_fmt="yuvj420p", disposition=Disposition.attached_pic)
PARTS = (("noise", 20.0), ("silence", 8.0), (440.0, 22.0))
CHANGES_S = (20.0, 28.0)


def song(folder: Path, kind: str, parts: tuple[tuple[str | float, float], ...] = ((440.0, 6.35),)) -> Path:
    name, form, codec, rate_hz = KINDS[kind]
    sound = Sound(parts, rate_hz=rate_hz, codec=codec)
    return make_media(folder / name, sound, form=form, options=MUXED.get(kind, {}))


@pytest.fixture(scope="module")
def programme(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return song(tmp_path_factory.mktemp("sound"), "m4a", PARTS)


@pytest.fixture(scope="module")
def result(programme: Path, models: Models) -> Timeline:
    return segment_file(programme, models=models)


@pytest.mark.parametrize("kind", KINDS)
def test_the_plan_has_slots_of_a_tenth_of_a_second(tmp_path: Path, kind: str) -> None:
    plan = build_plan(song(tmp_path, kind))

    media = plan.media
    assert media.contract()["video_codec"] is None
    assert (media.width, media.height, media.fps, media.has_picture) == (0, 0, 10.0, False)
    assert media.audio is not None
    assert media.audio_codec == media.audio.codec
    assert media.audio.sample_rate_hz == KINDS[kind][3]
    assert media.duration_s == pytest.approx(6.35, abs=0.1)
    assert media.start_s == pytest.approx(media.audio.start_s, abs=0.001)
    assert plan.frames == -(-round(media.duration_s * 1000) // 100)
    steps = np.diff(plan.index.pts, append=plan.index.end_pts)
    assert set(steps[:-1].tolist()) == {100}
    assert 0 < steps[-1] <= 100
    assert media.warnings == ()
    assert Plan.from_bytes(plan.to_bytes()) == plan


@pytest.mark.parametrize("kind", ["m4a", "mp3", "flac"])
def test_a_cover_is_no_picture(tmp_path: Path, kind: str) -> None:
    name, form, codec, rate_hz = KINDS[kind]
    sound = Sound(((440.0, 3.0),), rate_hz=rate_hz, codec=codec)

    plan = build_plan(make_media(tmp_path / name, sound, COVER, form=form))

    assert not plan.media.has_picture
    assert any(stream.attached_picture for stream in plan.media.streams)
    assert plan.frames == pytest.approx(30, abs=1)


def test_a_late_start_keeps_the_player_s_times(tmp_path: Path, models: Models) -> None:
    sound = Sound((("noise", 5.0),), start_s=Fraction(3))

    found = segment_file(make_media(tmp_path / "late.mka", sound, form="matroska"), models=models)

    assert found.media["start_s"] == pytest.approx(3.0, abs=0.05)
    (chapter,) = found.level("chapter")
    assert (chapter.start_s, chapter.end_s) == pytest.approx((3.0, 8.0), abs=0.05)


def test_scenes_begin_where_the_sound_changes_and_there_are_no_shots(result: Timeline) -> None:
    assert result.level("shot") == ()
    scenes = result.level("scene")
    assert [scene.start_s for scene in scenes] == pytest.approx([0.0, *CHANGES_S], abs=0.3)
    assert {scene.start_boundary.kind for scene in scenes[1:]} == {"audio"}
    assert [scene.label for scene in scenes][:2] == ["noise", "silence"]
    for one in result.segments:
        assert one.visual is None
        assert one.keyframe_s is None
        assert one.thumbnail is None
        assert one.audio is not None
        assert one.start_boundary.visual == 0
    assert result.level("chapter")[-1].end_frame == result.media["frames"]


def test_the_document_says_what_there_is(result: Timeline) -> None:
    document = json.loads(json.dumps(result.to_document()))

    assert document["media"]["video_codec"] is None
    assert document["warnings"] == []
    assert {one["level"] for one in document["segments"]} == {"chapter", "scene"}
    assert document["segments"][0]["visual"] is None
    labels = [heard["label"] for heard in document["audio_track"]]
    assert labels[:2] == ["noise", "silence"]
    curves = result.curves_document()
    assert curves["start_s"] == 0.0
    assert {one["name"] for one in curves["series"]} == {
        "loudness", "loudness_short_term", "speech", "singing", "music",
    }  # fmt: skip


def test_the_settings_of_the_picture_change_nothing(
    programme: Path, result: Timeline, models: Models
) -> None:
    plan = build_plan(programme)
    tracks = [analyse_chunk(programme, plan, chunk.index, models) for chunk in plan.chunks]

    deaf = fuse(plan, tracks, FusionSettings(audio_weight=0.0, shot_sensitivity=1.0, min_shot_s=5.0))

    assert [one.start_frame for one in deaf.segments] == [one.start_frame for one in result.segments]


def test_chunks_leave_no_trace(tmp_path: Path, models: Models) -> None:
    path = song(tmp_path, "flac", (("noise", 40.0), (330.0, 40.0), ("noise", 40.0)))
    plan = build_plan(path)
    assert [(one.start_frame, one.end_frame) for one in plan.chunks] == [(0, 300), (300, 900), (900, 1200)]

    tracks = [analyse_chunk(path, plan, index, models) for index in (2, 1, 0)][::-1]
    whole = segment_file(path, models=models)

    assert named(fuse(plan, tracks, FusionSettings()).segments, None, None) == whole.segments
    assert [provisional_shots(plan, one) for one in tracks] == [[], [], []]
    assert [scene.start_s for scene in whole.level("scene")] == pytest.approx([0, 40, 80], abs=0.3)


def test_progress_is_told_block_by_block_and_work_can_be_stopped(programme: Path, models: Models) -> None:
    told: list[int] = []
    plan = replace(build_plan(programme), chunks=(ChunkSpec(0, 0, 500),))

    analyse_chunk(programme, plan, 0, models, on_frames=told.append)

    assert told == [0, 300, 500]
    with pytest.raises(Cancelled):
        analyse_chunk(programme, plan, 0, models, should_stop=lambda: True)
    with pytest.raises(Cancelled):
        build_plan(programme, should_stop=lambda: True)


SAYS_ITS_LENGTH = ("m4a", "mka", "flac", "aiff")
CUT = (*SAYS_ITS_LENGTH, "fragments", "wav", "rf64", "caf", "avi", "opus", "mp3")


@pytest.mark.parametrize("kind", CUT)
@pytest.mark.parametrize("keep", [0.8, 0.5])
def test_sound_that_is_cut_off_is_told(tmp_path: Path, kind: str, keep: float) -> None:
    name, form, codec, rate_hz = KINDS[kind]
    options = {"movflags": "faststart"} if kind == "m4a" else MUXED.get(kind, {})
    sound = Sound((("noise", 20.0),), rate_hz=rate_hz, codec=codec)
    whole = make_media(tmp_path / name, sound, form=form, options=options)
    assert build_plan(whole).media.warnings == ()

    plan = build_plan(cut_off(whole, tmp_path / f"cut-{name}", keep))

    (warning,) = plan.media.warnings
    assert warning.code == "truncated"
    assert plan.media.duration_s == pytest.approx(20 * keep, rel=0.1)
    if kind in SAYS_ITS_LENGTH:
        assert warning.missing_s == pytest.approx(20 - plan.media.duration_s, abs=0.1)
    assert "its sound ends after" in warning.message


@pytest.mark.parametrize("unknown", [b"\xff\xff\xff\xff", b"\x00\xf0\xff\x7f", bytes(4)])
def test_a_wav_that_was_written_to_a_pipe_is_whole(tmp_path: Path, unknown: bytes) -> None:
    """By ffmpeg, by sox, and by others: its header does not know how long it is."""
    path = song(tmp_path, "wav")
    data = path.read_bytes()
    size = data.index(b"data") + 4
    path.write_bytes(data[:size] + unknown + data[size + 4 :])

    media = build_plan(path).media

    assert media.warnings == ()
    assert media.duration_s == pytest.approx(6.35, abs=0.1)


def test_a_caf_that_was_written_to_a_pipe_is_whole(tmp_path: Path) -> None:
    path = song(tmp_path, "caf")
    data = path.read_bytes()
    size = data.index(b"data") + 4
    path.write_bytes(data[:size] + b"\xff" * 8 + data[size + 8 :])

    assert build_plan(path).media.warnings == ()


def test_an_index_that_is_cut_off_is_no_loss_of_sound(tmp_path: Path) -> None:
    """Matroska says when the sound ends, which is later than it is long."""
    sound = Sound((("noise", 5.0),), start_s=Fraction(3))
    whole = make_media(tmp_path / "late.mka", sound, form="matroska")
    size = whole.stat().st_size

    media = build_plan(cut_off(whole, tmp_path / "cut.mka", (size - 8) / size)).media

    assert media.warnings == ()
    assert media.duration_s == pytest.approx(5.0, abs=0.1)


def test_fragments_that_end_in_noise_are_damaged(tmp_path: Path) -> None:
    path = song(tmp_path, "fragments", (("noise", 20.0),))
    data = path.read_bytes()
    head = data.index(b"moof", len(data) // 2) - 4
    path.write_bytes(data[:head] + bytes(range(1, 256)) * (len(data[head:]) // 255))

    (warning,) = build_plan(path).media.warnings

    assert (warning.code, warning.missing_s) == ("damaged", None)
    assert "nothing can be read after" in warning.message


def test_of_several_streams_an_empty_one_gives_way(tmp_path: Path) -> None:
    empty, heard = Sound((("silence", 4.0),)), Sound(((440.0, 4.0),))

    media = build_plan(make_media(tmp_path / "song.mka", empty, heard, form="matroska")).media

    assert media.audio is not None
    assert media.audio.stream == 1
    assert [stream.silent for stream in media.streams] == [True, False]
    assert media.notes == ("No sound was found in stream 0; stream 1 is heard instead.",)


def test_only_a_part_is_segmented_where_the_settings_say_so(programme: Path, models: Models) -> None:
    part = segment_file(programme, {"from_s": 10.0, "to_s": 45.0}, models=models)

    assert part.level("shot") == ()
    scenes = part.level("scene")
    assert (scenes[0].start_s, scenes[-1].end_s) == (10.0, 45.0)
    assert [scene.start_s for scene in scenes[1:]] == pytest.approx(CHANGES_S, abs=0.3)


def test_over_a_limit_is_refused(programme: Path) -> None:
    with pytest.raises(MediaError, match="lasts 50 s") as caught:
        build_plan(programme, None, Limits(duration_s=20.0))
    assert caught.value.code is MediaErrorCode.LIMIT_EXCEEDED
    with pytest.raises(MediaError, match="divided into 500 slots"):
        build_plan(programme, None, Limits(frames=400))
    with pytest.raises(MediaError, match=r"48000 samples .* Convert the sound to fewer and upload it again"):
        build_plan(programme, None, Limits(sample_rate_hz=44_100))


@pytest.mark.parametrize(
    ("duration_s", "slots", "last_s"), [(0.0, 1, 0.001), (0.1, 1, 0.1), (0.15, 2, 0.05), (12.0, 120, 0.1)]
)
def test_slots_cover_the_sound(duration_s: float, slots: int, last_s: float) -> None:
    index = slots_of(-0.021, duration_s, Limits())

    assert len(index) == slots
    assert index.clock.start_s == -0.021
    assert index.clock.end_s - index.clock.seconds_of(slots - 1) == pytest.approx(last_s)


def test_there_are_no_pictures_to_read(programme: Path) -> None:
    plan = build_plan(programme)

    with pytest.raises(ValueError, match="sound only"):
        VideoReader.open(programme, plan.media, plan.index)


def test_clips_need_a_picture(programme: Path, tmp_path: Path) -> None:
    with pytest.raises(ClipError, match="sound only") as caught:
        cut(programme, build_plan(programme), Piece(0, 10), CutOptions(), tmp_path / "clip.mp4")

    assert caught.value.code == "no_picture"


def test_the_command_prints_scenes(programme: Path) -> None:
    app = typer.Typer()
    app.command()(segment)

    ran = CliRunner().invoke(app, [str(programme)])

    assert ran.exit_code == 0, ran.output
    assert "3 scenes" in ran.stdout
    assert "shots" not in ran.stdout
