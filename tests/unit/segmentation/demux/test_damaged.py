"""Damage inside a file: what decodes is segmented, and how much does not is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import pytest

from actors.segmentation.demux.packet_headers import is_placeholder
from actors.segmentation.errors import MediaError, MediaErrorCode
from actors.segmentation.media_warning import Loss, MediaWarning, damaged, truncated, with_loss
from actors.segmentation.networks.models import Models
from actors.segmentation.planning.plan import build_plan
from actors.segmentation.whole import segment_file
from tests.support.incomplete import (
    AVI,
    CUTS,
    FRAGMENTS,
    FRAMES,
    LIVE,
    MOV,
    MP4,
    NOT_H264,
    PICTURE,
    PROGRAM_STREAM,
    SOUND,
    Kind,
    films,
    seconds,
    told,
)
from tests.support.media import Picture, Sound, blot, make_media, spoil_packets

__all__ = ["films"]

MKV, TS = replace(LIVE, name="film.mkv", options={}), replace(LIVE, name="film.ts", options={})
FLV = replace(MP4, name="film.flv", options={}, sound=replace(SOUND, rate_hz=44_100))
INSIDE = [(0.5, 0.53), (0.5, 0.6), (0.4, 0.7)]
AT_THE_BEGINNING = (0.03, 0.1)


def assert_told(numbers: dict[int, int], warnings: tuple[MediaWarning, ...], tolerance: int = 0) -> None:
    """Exactly one warning, with as many frames as are not among those that decode."""
    missing = FRAMES - len(numbers)
    assert missing > 0
    assert [warning.code for warning in warnings] == ["damaged"]
    (warning,) = warnings
    assert warning.missing_frames == pytest.approx(missing, abs=tolerance)
    assert warning.missing_s == pytest.approx(seconds(missing), abs=0.05 + seconds(tolerance))
    assert f"{warning.missing_frames} frame" in warning.message


@pytest.mark.parametrize("noise", [False, True], ids=["zeros", "noise"])
@pytest.mark.parametrize("extent", INSIDE, ids=str)
@pytest.mark.parametrize("kind", [MP4, MOV, MKV, LIVE, TS, FLV, PROGRAM_STREAM], ids=lambda kind: kind.name)
def test_frames_that_are_lost_inside_are_counted(
    films: Callable[[Kind], Path], tmp_path: Path, kind: Kind, extent: tuple[float, float], noise: bool
) -> None:
    path = blot(films(kind), tmp_path / kind.name, *extent, noise=noise)

    _, numbers, warnings = told(path)

    assert_told(numbers, warnings)
    assert list(numbers.values())[-1] == FRAMES - 1  # it goes on behind the damage


@pytest.mark.parametrize("extent", INSIDE, ids=str)
def test_frames_that_an_avi_has_lost_are_counted_about(
    films: Callable[[Kind], Path], tmp_path: Path, extent: tuple[float, float]
) -> None:
    _, numbers, warnings = told(blot(films(AVI), tmp_path / "film.avi", *extent))

    assert_told(numbers, warnings, tolerance=2)


@pytest.mark.parametrize("kind", [MP4, MOV, MKV, LIVE, TS, FLV, PROGRAM_STREAM], ids=lambda kind: kind.name)
def test_frames_that_are_lost_at_the_beginning_are_counted(
    films: Callable[[Kind], Path], tmp_path: Path, kind: Kind
) -> None:
    whole = films(kind)
    data = whole.read_bytes()
    start, end = AT_THE_BEGINNING
    if kind in (MP4, MOV):  # behind its tables
        start = (data.index(b"mdat") + 4) / len(data)
    path = blot(whole, tmp_path / kind.name, start, max(end, start + 0.05))

    _, numbers, warnings = told(path)

    assert_told(numbers, warnings)


def test_a_file_in_fragments_ends_where_its_structure_is_broken(
    films: Callable[[Kind], Path], tmp_path: Path
) -> None:
    data = bytearray(films(FRAGMENTS).read_bytes())
    head = data.index(b"moof", len(data) // 2) - 4
    data[head : head + 8] = bytes(8)
    path = tmp_path / "film.mp4"
    path.write_bytes(data)

    plan, numbers, warnings = told(path)

    (warning,) = warnings
    assert (warning.code, warning.missing_frames, warning.missing_s) == ("damaged", None, None)
    assert f"nothing can be read after {plan.media.duration_s:.1f} s" in warning.message
    assert numbers == {k: k for k in range(plan.frames)}


def test_damage_in_a_transport_stream_that_is_longer_than_the_demuxer_looks_is_passed_over(
    tmp_path: Path,
) -> None:
    picture = Picture((80, 60, 60), (384, 224), gop=25, options={"preset": "ultrafast", "crf": "1"})
    whole = make_media(tmp_path / "whole.ts", picture, SOUND)
    path = blot(whole, tmp_path / "film.ts", 0.4, 0.7)
    assert whole.stat().st_size * 0.3 > 2 * (64 << 10)

    plan, numbers, warnings = told(path)

    assert_told(numbers, warnings)
    assert list(numbers.values())[-1] == FRAMES - 1
    assert plan.media.duration_s == pytest.approx(seconds(FRAMES), abs=0.1)


def test_most_of_a_file_may_be_lost(films: Callable[[Kind], Path], tmp_path: Path) -> None:
    whole = films(MP4)
    data = whole.read_bytes()
    start = (data.index(b"mdat") + 4) / len(data)

    _, numbers, warnings = told(blot(whole, tmp_path / "film.mp4", start, 0.8))

    assert 0 < len(numbers) < FRAMES // 3
    assert_told(numbers, warnings)


def test_the_first_frame_may_come_late(tmp_path: Path) -> None:
    picture = Picture((1300, 50), (64, 48), gop=50)
    whole = make_media(tmp_path / "whole.mp4", picture, options={"movflags": "faststart"})
    path = spoil_packets(whole, tmp_path / "film.mp4", range(1300))

    plan, numbers, warnings = told(path)

    assert list(numbers.values()) == list(range(1300, 1350))
    assert plan.media.start_s == pytest.approx(52)
    (warning,) = warnings
    assert (warning.code, warning.missing_frames) == ("damaged", 1300)
    assert "52.0 s of the picture" in warning.message


def test_where_nothing_decodes_the_file_is_refused(tmp_path: Path) -> None:
    whole = make_media(tmp_path / "whole.mp4", Picture((50,)), options={"movflags": "faststart"})

    with pytest.raises(MediaError) as caught:
        build_plan(spoil_packets(whole, tmp_path / "film.mp4", range(50)))

    assert caught.value.code is MediaErrorCode.DECODE_FAILED


def test_the_result_tells_what_was_skipped(
    films: Callable[[Kind], Path], tmp_path: Path, models: Models
) -> None:
    path = spoil_packets(films(MP4), tmp_path / "film.mp4", range(30, 35))

    result = segment_file(path, models=models)

    (warning,) = result.to_document()["warnings"]
    assert warning["code"] == "damaged"
    assert warning["missing_frames"] == 5
    assert warning["missing_s"] == pytest.approx(0.2)
    assert "5 frames, 0.20 s of the picture," in warning["message"]
    assert set(CUTS) <= {shot.start_frame for shot in result.level("shot")}


def test_what_is_cut_off_and_damaged_is_told_as_both(films: Callable[[Kind], Path], tmp_path: Path) -> None:
    spoilt = spoil_packets(films(MP4), tmp_path / "spoilt.mp4", range(30, 35))
    path = tmp_path / "film.mp4"
    path.write_bytes(spoilt.read_bytes()[: spoilt.stat().st_size // 2])

    plan, _, warnings = told(path)

    assert [(warning.code, warning.missing_frames) for warning in warnings] == [
        ("truncated", FRAMES - plan.frames),
        ("damaged", 5),
    ]


def pause(number: int) -> Fraction:
    """Five seconds without a picture after frame 100."""
    return Fraction(number, 25) + 5 * (number > 100)


@pytest.mark.parametrize("name", ["film.mkv", "film.ts", "film.flv", "film.mp4"])
def test_a_pause_of_the_picture_is_no_damage(tmp_path: Path, name: str) -> None:
    rate_hz = 44_100 if name.endswith("flv") else 48_000
    picture = Picture((200,), gop=25, time_of=pause, tick=Fraction(1, 1000))

    plan, numbers, warnings = told(make_media(tmp_path / name, picture, Sound((("noise", 13.0),), rate_hz)))

    assert warnings == ()
    assert len(numbers) == plan.frames == 200


def test_a_pause_beside_a_stream_that_is_not_read_is_no_damage(tmp_path: Path) -> None:
    """A lecture: the slides stand still while the camera goes on."""
    camera = Picture((325,), (192, 112), gop=25)
    slides = Picture((200,), (384, 224), gop=25, time_of=pause, tick=Fraction(1, 1000))

    plan, _, warnings = told(make_media(tmp_path / "film.mkv", slides, camera, Sound((("noise", 13.0),))))

    assert plan.media.width == 384
    assert warnings == ()


def test_a_pause_that_a_broadcast_pads_is_no_damage_and_damage_behind_it_is(tmp_path: Path) -> None:
    """At a constant rate, null packets stand for the picture while it stands still."""
    picture = replace(
        PICTURE,
        size=(320, 240),
        time_of=lambda number: Fraction(number, 25) + 3 * (number > 100),
        tick=Fraction(1, 25),
    )
    sound = Sound((("noise", 11.0),), codec="mp2")
    plain = make_media(tmp_path / "plain.ts", picture, sound)
    bits_per_s = plain.stat().st_size  # of the eight seconds with a picture
    path = make_media(tmp_path / "film.ts", picture, sound, options={"muxrate": str(bits_per_s)})

    assert build_plan(path).media.warnings == ()

    (warning,) = build_plan(blot(path, tmp_path / "blotted.ts", 0.8, 0.88)).media.warnings
    assert warning.code == "damaged"
    assert warning.missing_frames is not None
    assert 10 < warning.missing_frames < 40


def test_a_recording_that_begins_between_key_frames_is_not_damaged(
    films: Callable[[Kind], Path], tmp_path: Path
) -> None:
    data = films(TS).read_bytes()
    path = tmp_path / "film.ts"
    path.write_bytes(data[188 * 700 :])

    plan, numbers, warnings = told(path)

    assert warnings == ()
    assert len(numbers) == plan.frames < FRAMES


EMPTY_VOP = bytes([0, 0, 1, 0xB6, 0x50, 0x4F])
"""A packet of MPEG-4 Visual at 25 frames/s with vop_coded = 0: the picture before it stays."""


def test_packets_that_repeat_the_picture_before_are_no_damage(tmp_path: Path) -> None:
    source, path = make_media(tmp_path / "whole.avi", NOT_H264), tmp_path / "film.avi"
    with av.open(str(source)) as old, av.open(str(path), "w") as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        for number, packet in enumerate(packet for packet in old.demux(video=0) if packet.size):
            copy = av.Packet(EMPTY_VOP if 100 <= number < 110 else bytes(packet))
            copy.stream, copy.pts, copy.dts = stream, packet.pts, packet.dts
            copy.time_base, copy.is_keyframe = packet.time_base, packet.is_keyframe
            new.mux(copy)

    plan, numbers, warnings = told(path)

    assert plan.frames - len(numbers) == 10
    assert warnings == ()
    assert is_placeholder("mpeg4", len(EMPTY_VOP))
    assert not is_placeholder("av1", len(EMPTY_VOP))


def test_losses_are_added_up() -> None:
    cut = truncated("picture", 30.0, 100.0, missing_frames=1750)

    assert with_loss([cut], Loss()) == (cut,)
    assert with_loss([cut, damaged(Loss(5, 0.2))], Loss(1, 0.04)) == (cut, damaged(Loss(6, 0.24)))


@pytest.mark.parametrize(
    ("ends_s", "said"), [(0.5, "0.50 s"), (30.0, "30.0 s"), (725.0, "12:05"), (3725.2, "1:02:05")]
)
def test_a_length_is_written_for_people(ends_s: float, said: str) -> None:
    assert f"ends after {said} of 2:00:00." in truncated("picture", ends_s, 7200.0).message


def test_one_frame_is_one() -> None:
    assert (
        "1 frame, 0.04 s of the picture, cannot be decoded and is left out" in damaged(Loss(1, 0.04)).message
    )


@pytest.mark.parametrize("values", [{"code": "odd"}, {"code": "damaged", "missing_frames": -1}])
def test_a_warning_that_means_nothing_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"no code|less than nothing"):
        MediaWarning(message="?", **values)  # type: ignore[arg-type]
