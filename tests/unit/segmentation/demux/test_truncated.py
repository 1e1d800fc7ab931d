"""Files that are cut off are segmented as far as they go, and it is told that something is missing."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import pytest

from actors.segmentation.decode import frame_source
from actors.segmentation.demux.completeness import Ending, ending_of
from actors.segmentation.demux.container import opened
from actors.segmentation.networks.models import Models
from actors.segmentation.planning.plan import Plan, build_plan
from actors.segmentation.whole import segment_file
from tests.support.incomplete import (
    AVI,
    CUTS,
    FRAGMENTS,
    FRAMES,
    KINDS,
    LIVE,
    MP4,
    PICTURE,
    PROGRAM_STREAM,
    Kind,
    films,
    seconds,
    shown,
    told,
)
from tests.support.media import Picture, Sound, blot, cut_off, joined, make_media

__all__ = ["films"]

WHOLE_S = FRAMES / 25


def frames_within(path: Path, size: int) -> int:
    """Video packets of a whole file that lie in its first bytes."""
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    return sum(packet.pos is not None and packet.pos + packet.size <= size for packet in packets)


@pytest.mark.parametrize("keep", [0.9, 0.65, 0.4, 0.2])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_what_is_there_is_planned_and_the_rest_is_told_missing(
    films: Callable[[Kind], Path], tmp_path: Path, kind: Kind, keep: float
) -> None:
    whole = films(kind)
    path = cut_off(whole, tmp_path / kind.name, keep)

    plan, numbers, warnings = told(path)

    assert [warning.code for warning in warnings] == ["truncated"]
    there = frames_within(whole, path.stat().st_size)
    assert there - 1 <= plan.frames <= there
    assert numbers == {k: k for k in range(plan.frames)}  # and none of them is a piece of a picture
    (warning,) = warnings
    assert f"ends after {plan.media.duration_s:.1f} s" in warning.message
    if kind.exact:
        assert warning.missing_frames == FRAMES - plan.frames
        assert warning.missing_s == pytest.approx(seconds(FRAMES - plan.frames), abs=0.1)
        assert f"of {WHOLE_S:.1f} s" in warning.message


@pytest.mark.parametrize("kind", [*KINDS, PROGRAM_STREAM], ids=lambda kind: kind.name)
def test_of_a_whole_file_nothing_is_told(films: Callable[[Kind], Path], kind: Kind) -> None:
    plan, numbers, warnings = told(films(kind))

    assert warnings == ()
    assert numbers == {k: k for k in range(FRAMES)}
    assert plan.media.warnings == ()


@pytest.mark.parametrize("kind", [MP4, replace(MP4, name="film.mkv", options={}), AVI], ids=lambda k: k.name)
def test_a_download_that_was_given_its_size_first_ends_where_the_zeros_begin(
    films: Callable[[Kind], Path], tmp_path: Path, kind: Kind
) -> None:
    path = blot(films(kind), tmp_path / kind.name, 0.6, 1.0)

    plan, numbers, warnings = told(path)

    there = frames_within(films(kind), int(path.stat().st_size * 0.6))
    assert there - 1 <= plan.frames <= there + 1  # a last picture of which a piece is there may be shown
    assert list(numbers.values())[:there] == list(range(min(there, plan.frames)))
    (warning,) = warnings
    assert warning.missing_s == pytest.approx(seconds(FRAMES - plan.frames), abs=0.1)
    assert warning.code == ("damaged" if kind is AVI else "truncated")


def test_the_segments_are_those_of_the_part_that_is_there(
    films: Callable[[Kind], Path], tmp_path: Path, models: Models
) -> None:
    path = cut_off(films(MP4), tmp_path / "half.mp4", 0.6)

    result = segment_file(path, models=models)

    assert [shot.start_frame for shot in result.level("shot")] == [0, CUTS[0]]
    (warning,) = result.to_document()["warnings"]
    assert warning["code"] == "truncated"
    assert warning["missing_frames"] == FRAMES - result.media["frames"]
    assert result.level("shot")[-1].end_s == pytest.approx(result.media["duration_s"])


def one_after_the_other(target: Path, first: str, sound_s: float = WHOLE_S) -> Path:
    """A progressive MP4 whose streams do not lie side by side: all packets of one, then all of the other.

    (The muxer puts the very last packets in the order of their times, however they are given.)
    """
    source = make_media(target.with_suffix(".mkv"), PICTURE, Sound((("noise", sound_s),)))
    options = {"movflags": "faststart", "max_interleave_delta": "1"}
    with av.open(str(source)) as old, av.open(str(target), "w", options=options) as new:
        streams = {stream.index: new.add_stream_from_template(stream) for stream in old.streams}
        packets = [packet for packet in old.demux() if packet.size]
        for packet in sorted(packets, key=lambda packet: packet.stream.type != first):
            copy = av.Packet(bytes(packet))
            copy.stream = streams[packet.stream_index]
            copy.pts, copy.dts, copy.duration = packet.pts, packet.dts, packet.duration
            copy.time_base, copy.is_keyframe = packet.time_base, packet.is_keyframe
            new.mux(copy)
    return target


@pytest.mark.parametrize("keep", [0.95, 0.9])
def test_sound_that_ends_before_the_picture_is_told(tmp_path: Path, keep: float) -> None:
    sound_s = 2 * WHOLE_S
    whole = one_after_the_other(tmp_path / "film.mp4", "video", sound_s)
    assert build_plan(whole).media.warnings == ()

    plan, numbers, warnings = told(cut_off(whole, tmp_path / "cut.mp4", keep))

    assert numbers == {k: k for k in range(FRAMES)}
    (warning,) = warnings
    assert (warning.code, warning.missing_frames) == ("truncated", 0)
    assert plan.media.audio is not None
    assert WHOLE_S < plan.media.audio.duration_s < sound_s
    assert warning.missing_s == pytest.approx(sound_s - plan.media.audio.duration_s, abs=0.1)
    assert "its sound ends after" in warning.message


@pytest.mark.parametrize("keep", [0.8, 0.5])
def test_a_picture_that_ends_before_the_sound_is_told(tmp_path: Path, keep: float) -> None:
    whole = one_after_the_other(tmp_path / "film.mp4", "audio")

    plan, numbers, warnings = told(cut_off(whole, tmp_path / "cut.mp4", keep))

    assert plan.media.audio is not None
    assert plan.media.audio.duration_s == pytest.approx(WHOLE_S, abs=0.1)
    assert list(numbers) == list(range(plan.frames))
    (warning,) = warnings
    assert (warning.code, warning.missing_frames) == ("truncated", FRAMES - plan.frames)
    assert 0 < plan.frames < FRAMES


@pytest.mark.parametrize("kind", [replace(LIVE, name="film.mkv", options={}), AVI], ids=lambda k: k.name)
def test_an_index_that_is_cut_off_is_no_loss(
    films: Callable[[Kind], Path], tmp_path: Path, kind: Kind
) -> None:
    whole = films(kind)

    plan, numbers, warnings = told(
        cut_off(whole, tmp_path / kind.name, (whole.stat().st_size - 64) / whole.stat().st_size)
    )

    assert warnings == ()
    assert len(numbers) == plan.frames == FRAMES


def test_a_file_that_breaks_off_in_the_head_of_a_fragment_is_opened_without_it(
    films: Callable[[Kind], Path], tmp_path: Path
) -> None:
    data = films(FRAGMENTS).read_bytes()
    heads = [at - 4 for at in range(len(data)) if data[at : at + 4] == b"moof"]
    for cut in (heads[3] + 9, heads[3] + 100, heads[4] - 1):
        path = tmp_path / "odd, name:.mp4"
        path.write_bytes(data[:cut])

        plan, numbers, warnings = told(path)

        assert [warning.code for warning in warnings] == ["truncated"]
        assert 0 < plan.frames < FRAMES
        assert numbers == {k: k for k in range(plan.frames)}


def test_a_fragment_that_is_missing_altogether_cannot_be_noticed(
    films: Callable[[Kind], Path], tmp_path: Path
) -> None:
    data = films(FRAGMENTS).read_bytes()
    path = tmp_path / "film.mp4"
    path.write_bytes(data[: data.rindex(b"moof") - 4])

    plan, _, warnings = told(path)

    assert warnings == ()
    assert plan.frames < FRAMES


@pytest.mark.parametrize("size", [188, 192, 204])
def test_a_transport_stream_ends_with_a_whole_packet(tmp_path: Path, size: int) -> None:
    front = bytes(4) if size == 192 else b""
    path = tmp_path / "film.ts"
    packet = front + b"\x47" + bytes([1]) * (size - 1 - len(front))

    path.write_bytes(packet * 40)
    assert ending_of(path, "mpegts") is Ending.WHOLE

    path.write_bytes(packet * 40 + packet[:100])
    assert ending_of(path, "mpegts") is Ending.CUT_OFF

    path.write_bytes(bytes([7]) * 9000)
    assert ending_of(path, "mpegts") is Ending.WHOLE


def chunk(name: bytes, content: bytes, *, said: int | None = None) -> bytes:
    return name + struct.pack("<I", len(content) if said is None else said) + content


def test_an_avi_of_several_parts_is_judged_by_its_last_one(tmp_path: Path) -> None:
    movi = b"movi" + bytes([5]) * 5000
    first = chunk(b"RIFF", b"AVI " + chunk(b"LIST", movi))
    second = chunk(b"RIFF", b"AVIX" + chunk(b"LIST", movi))
    path = tmp_path / "film.avi"

    for data, ending in (
        (first + second, Ending.WHOLE),
        ((first + second)[:-100], Ending.CUT_OFF),
        (chunk(b"RIFF", b"AVI " + chunk(b"LIST", movi, said=0), said=0), Ending.WHOLE),  # written to a pipe
    ):
        path.write_bytes(data)
        assert ending_of(path, "avi") is ending


def test_a_plan_from_before_has_no_warnings(films: Callable[[Kind], Path]) -> None:
    plan = build_plan(films(MP4))
    document = plan.media.to_document()
    del document["warnings"]
    del document["placeholders"]

    assert type(plan.media).from_document(document) == plan.media


def test_warnings_are_stored_with_the_plan(films: Callable[[Kind], Path], tmp_path: Path) -> None:
    plan = build_plan(cut_off(films(MP4), tmp_path / "cut.mp4", 0.5))

    assert plan.media.warnings != ()
    assert Plan.from_bytes(plan.to_bytes()) == plan


def test_a_cut_in_the_middle_of_reordered_pictures_leaves_whole_ones(tmp_path: Path) -> None:
    options = {"preset": "medium", "bf": "3"}
    whole = make_media(
        tmp_path / "film.mp4",
        Picture((150,), gop=50, options=options),
        Sound((("noise", 6.0),)),
        options={"movflags": "faststart"},
    )
    for keep in (0.3, 0.5, 0.7, 0.8, 0.9):
        path = cut_off(whole, tmp_path / "cut.mp4", keep)
        plan = build_plan(path)

        assert [warning.code for warning in plan.media.warnings] == ["truncated"]
        numbers = shown(path, plan)
        assert list(numbers.values()) == sorted(numbers.values())


def test_glued_recordings_of_which_the_last_is_cut_off_are_one_that_is(
    films: Callable[[Kind], Path], tmp_path: Path
) -> None:
    ts = films(next(kind for kind in KINDS if kind.name.endswith(".ts")))
    path = joined(tmp_path / "both.ts", ts, cut_off(ts, tmp_path / "cut.ts", 0.5))

    plan = build_plan(path)

    assert [warning.code for warning in plan.media.warnings] == ["truncated"]
    assert plan.frames > FRAMES


def trimmed(source: Path, target: Path, length_s: float) -> Path:
    """An MP4 whose edit lists end after so many seconds; its samples stay, as after a trim in QuickTime."""
    data = bytearray(source.read_bytes())
    (scale,) = struct.unpack_from(">I", data, data.index(b"mvhd") + 16)
    at = data.find(b"elst")
    while at >= 0:
        struct.pack_into(">I", data, at + 12, round(length_s * scale))  # of the first edit
        at = data.find(b"elst", at + 4)
    target.write_bytes(data)
    return target


@pytest.mark.parametrize("length_s", [3.0, 5.5])
@pytest.mark.parametrize("b_frames", [0, 2])
def test_a_film_that_was_trimmed_is_whole(tmp_path: Path, b_frames: int, length_s: float) -> None:
    picture = replace(PICTURE, options={"preset": "ultrafast", "bf": str(b_frames)})
    options = {"movflags": "faststart"}
    whole = make_media(tmp_path / "whole.mp4", picture, Sound((("noise", WHOLE_S),)), options=options)
    path = trimmed(whole, tmp_path / "trimmed.mp4", length_s)

    plan, numbers, warnings = told(path)

    assert warnings == ()
    assert plan.media.duration_s == pytest.approx(length_s, abs=0.05)
    assert list(numbers) == list(range(plan.frames))


def test_a_film_that_was_trimmed_and_is_cut_off_is_not_whole(tmp_path: Path) -> None:
    source = make_media(tmp_path / "whole.mp4", PICTURE, options={"movflags": "faststart"})
    path = cut_off(trimmed(source, tmp_path / "trimmed.mp4", 7.0), tmp_path / "cut.mp4", 0.5)

    (warning,) = build_plan(path).media.warnings

    assert warning.code == "truncated"
    assert "of 7.0 s" in warning.message


def test_a_long_tail_of_zeros_is_found_in_a_few_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Decoding may begin at each of the 600 missing pictures; the file is not opened for each."""
    picture = Picture((1000,), (32, 32), codec="mjpeg", options={}, pix_fmt="yuvj420p", number=False)
    whole = make_media(tmp_path / "whole.mov", picture, options={"movflags": "faststart"})
    path = blot(whole, tmp_path / "film.mov", 0.4, 1.0)
    openings = 0

    @contextmanager
    def counted(*arguments: Any) -> Iterator[Any]:
        nonlocal openings
        openings += 1
        with opened(*arguments) as container:
            yield container

    monkeypatch.setattr(frame_source, "opened", counted)

    plan = build_plan(path)

    assert plan.frames == pytest.approx(400, abs=20)
    (warning,) = plan.media.warnings
    assert warning.missing_frames == 1000 - plan.frames
    assert openings < 100
