"""The frame index of real containers: every shown frame, at the time the decoder gives it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from actors.segmentation.decode.video import VideoReader
from actors.segmentation.planning.plan import Plan, build_plan
from tests.support.media import (
    Picture,
    Sound,
    cut_off,
    decode_plainly,
    joined,
    make_media,
    picture_bytes,
    spoil_packets,
)

X264 = Picture((40, 25), options={"preset": "veryfast", "bf": "3"}, gop=20)
MPEG2 = Picture((40, 25), codec="mpeg2video", options={"bf": "2"}, gop=15)

CONTAINERS = {
    "film.mp4": (X264, Sound()),
    "film.mkv": (X264, Sound(codec="flac")),
    "film.ts": (X264, Sound(codec="mp2")),
    "film.flv": (X264, Sound(rate_hz=44_100)),
    "mpeg2.ts": (MPEG2, Sound(codec="ac3")),
    "mpeg2.mpg": (MPEG2, Sound(codec="mp2")),
    "interlaced.mpg": (replace(MPEG2, options={"flags": "+ilme+ildct", "bf": "2"}),),
    "mpeg4.avi": (replace(MPEG2, codec="mpeg4"), Sound(codec="libmp3lame")),
    "vp9.webm": (
        Picture((40, 25), codec="libvpx-vp9", options={"cpu-used": "8", "lag-in-frames": "12"}, gop=30),
    ),
    "vp8.webm": (
        Picture(
            (40, 25),
            codec="libvpx",
            options={"cpu-used": "8", "lag-in-frames": "12", "auto-alt-ref": "1", "deadline": "good"},
            gop=30,
        ),
    ),
    "hevc.mp4": (
        Picture((40, 25), codec="libx265", options={"preset": "ultrafast", "x265-params": "log-level=none"}),
    ),
    "moving.gif": (Picture((10, 10), codec="gif", options={}, pix_fmt="rgb8"),),
    "pictures.avi": (Picture((10, 10), codec="mjpeg", options={}, pix_fmt="yuvj420p"),),
    "wmv.asf": (Picture((40, 25), codec="wmv2", options={}, gop=12), Sound(codec="wmav2")),
}


def assert_tells_the_truth(path: Path) -> Plan:
    """The plan's frames are those of a plain decode: as many, at the same times, with the same pixels."""
    plan = build_plan(path)
    plain = decode_plainly(path)
    with VideoReader.open(path, plan.media, plan.index, faithful=True) as reader:
        decoded = list(reader.frames(0, plan.frames))

    assert plan.index.pts.tolist() == [pts for pts, _ in plain]
    assert [item.slot for item in decoded] == list(range(len(plain)))
    assert all(
        item.frame is not None and picture_bytes(item.frame) == pixels
        for item, (_, pixels) in zip(decoded, plain, strict=True)
    )
    return plan


@pytest.mark.parametrize("name", CONTAINERS)
def test_the_index_promises_what_decodes(tmp_path: Path, name: str) -> None:
    path = make_media(tmp_path / name, *CONTAINERS[name])

    plan = assert_tells_the_truth(path)

    assert plan.index.trusted
    assert plan.frames == CONTAINERS[name][0].frames


def test_variable_times_are_kept_to_the_tick(tmp_path: Path) -> None:
    spec = Picture((30, 20), time_of=lambda k: Fraction(k, 25) + Fraction(k // 7, 10))
    path = make_media(tmp_path / "film.mp4", spec)

    clock = assert_tells_the_truth(path).index.clock

    assert [clock.seconds_of(k) for k in range(50)] == pytest.approx(
        [float(spec.seconds(k)) for k in range(50)]
    )


def test_a_reference_that_is_never_shown_is_not_counted(tmp_path: Path) -> None:
    spec = Picture((40,), codec="libvpx", options={"cpu-used": "8", "deadline": "realtime"}, gop=100)
    path = make_media(tmp_path / "film.ivf", spec)
    data = bytearray(path.read_bytes())
    at = 32  # an IVF file: a header of 32 bytes, then for each frame 4 bytes of size, 8 of time, the frame
    for _ in range(12):
        at += 12 + int.from_bytes(data[at : at + 4], "little")
    data[at + 12] &= ~0x10  # show_frame of VP8
    path.write_bytes(bytes(data))

    plan = assert_tells_the_truth(path)

    assert plan.index.trusted
    assert plan.frames == 39


def test_what_an_edit_list_hides_is_not_counted(tmp_path: Path) -> None:
    spec = Picture((30,), time_of=lambda k: Fraction(k - 5, 25))
    path = make_media(tmp_path / "film.mp4", spec, options={"avoid_negative_ts": "disabled"})

    plan = assert_tells_the_truth(path)

    assert plan.frames == 25
    assert plan.media.start_s == 0.0


def test_a_recording_that_begins_in_the_middle_starts_at_its_first_whole_picture(tmp_path: Path) -> None:
    spec = replace(X264, keep=lambda position: position >= 7)
    path = make_media(tmp_path / "film.ts", spec)

    plan = assert_tells_the_truth(path)

    assert 0 < plan.frames < spec.frames - 7


def test_timestamps_in_decoding_order_are_found_out_and_sorted(tmp_path: Path) -> None:
    path = make_media(tmp_path / "film.avi", X264)

    plan = build_plan(path)

    assert not plan.index.trusted
    assert plan.frames == X264.frames
    assert len(plan.chunks) == 1
    assert np.diff(plan.index.pts).tolist() == [1] * (X264.frames - 1)


def test_joined_recordings_go_on_where_the_first_ended(tmp_path: Path) -> None:
    first = make_media(tmp_path / "a.ts", Picture((30,), gop=10))
    second = make_media(tmp_path / "b.ts", Picture((20,), gop=10, size=(96, 64)))
    path = joined(tmp_path / "both.ts", first, second)

    plan = build_plan(path)
    with VideoReader.open(path, plan.media, plan.index, faithful=True) as reader:
        sizes = [item.frame.width for item in reader.frames(0, plan.frames) if item.frame is not None]

    assert not plan.index.trusted
    assert sizes == [192] * 30 + [96] * 20
    assert bool((np.diff(plan.index.pts) > 0).all())
    assert plan.media.duration_s == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize(("name", "options"), [("film.ts", {}), ("film.mkv", {"live": "1"})])
def test_of_a_recording_that_announces_no_length_the_part_that_decodes_is_the_video(
    tmp_path: Path, name: str, options: dict[str, str]
) -> None:
    whole = make_media(tmp_path / f"whole-{name}", Picture((60,), gop=20), options=options)

    path = cut_off(whole, tmp_path / name, 0.6)
    plan = build_plan(path)
    with VideoReader.open(path, plan.media, plan.index, faithful=True) as reader:
        holes = [item.slot for item in reader.frames(0, plan.frames) if item.frame is None]

    assert 20 < plan.frames < 60
    assert holes == []


def test_a_frame_that_fails_inside_the_file_is_a_hole(tmp_path: Path) -> None:
    spec = Picture((120,), codec="mjpeg", options={}, pix_fmt="yuvj420p")
    path = spoil_packets(make_media(tmp_path / "whole.mov", spec), tmp_path / "hole.mov", range(70, 75))

    plan = build_plan(path)
    with VideoReader.open(path, plan.media, plan.index, faithful=True) as reader:
        decoded = list(reader.frames(0, plan.frames))

    assert plan.frames == 120
    assert [item.slot for item in decoded] == list(range(120))
    assert [item.slot for item in decoded if item.frame is None] == [70, 71, 72, 73, 74]
