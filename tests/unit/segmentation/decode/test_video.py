"""Ranges of frames: bit for bit those of a decode from the beginning, wherever decoding began."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from actors.segmentation.decode.frame_source import FrameSource
from actors.segmentation.decode.video import VideoReader, require_decoded
from actors.segmentation.demux.frame_index import FrameIndex
from actors.segmentation.demux.media import MediaInfo
from actors.segmentation.errors import MediaError, MediaErrorCode
from actors.segmentation.limits import Limits
from actors.segmentation.planning.plan import Plan, build_plan
from tests.support.media import (
    Picture,
    Sound,
    decode_plainly,
    differing,
    flip_bits,
    joined,
    make_media,
    picture_bytes,
    read_number,
)

OPEN_GOP = {
    "preset": "veryfast",
    "x264-params": "open-gop=1:keyint=30:min-keyint=30:bframes=3:scenecut=0:b-pyramid=normal",
}
HEVC_OPEN_GOP = {
    "preset": "ultrafast",
    "x265-params": "open-gop=1:keyint=20:min-keyint=20:bframes=3:log-level=none",
}
FILMS = {
    "open-gop.mkv": (Picture((60, 60), options=OPEN_GOP),),
    "open-gop.ts": (Picture((60, 60), options=OPEN_GOP), Sound(((440.0, 4.8),), codec="mp2")),
    "mpeg2.ts": (Picture((60, 60), codec="mpeg2video", options={"bf": "2"}, gop=15), Sound(codec="mp2")),
    "mpeg2.mpg": (Picture((60, 60), codec="mpeg2video", options={"bf": "2"}, gop=15),),
    "vp9.webm": (
        Picture((60, 60), codec="libvpx-vp9", options={"cpu-used": "8", "lag-in-frames": "12"}, gop=30),
    ),
    "hevc.mp4": (Picture((60, 60), codec="libx265", options=HEVC_OPEN_GOP),),
    "mpeg4.avi": (Picture((60, 60), codec="mpeg4", options={"bf": "2"}, gop=20),),
    "variable.mp4": (
        Picture((60, 60), options=OPEN_GOP, time_of=lambda k: Fraction(k, 25) + Fraction(k // 10 * 3, 100)),
    ),
}


def described(path: Path) -> tuple[MediaInfo, FrameIndex]:
    plan = build_plan(path)
    return plan.media, plan.index


def pixels(path: Path, plan: Plan, start: int, end: int, threads: int) -> dict[int, bytes | None]:
    with VideoReader.open(path, plan.media, plan.index, threads, faithful=True) as reader:
        return {
            item.slot: picture_bytes(item.frame) if item.frame is not None else None
            for item in reader.frames(start, end)
        }


@pytest.mark.parametrize("name", FILMS)
def test_a_range_is_the_same_as_in_a_decode_from_the_beginning(tmp_path: Path, name: str) -> None:
    path = make_media(tmp_path / name, *FILMS[name])
    plan = build_plan(path)
    whole = dict(enumerate(data for _, data in decode_plainly(path)))
    points = [point.frame for point in plan.index.seek_points()]

    assert len(points) >= 4
    for threads in (1, 2):
        for start in {*points, *(point + 7 for point in points[:-1])}:
            end = min(start + 25, plan.frames)
            found = pixels(path, plan, start, end, threads)
            assert differing(found, {k: whole[k] for k in range(start, end)}) == []


@pytest.mark.parametrize("name", sorted(FILMS))
def test_asking_for_a_gpu_gives_the_same_frames(tmp_path: Path, name: str) -> None:
    """On a machine without one by falling back, on others by the decoder's own exactness."""
    path = make_media(tmp_path / name, *FILMS[name])
    plan = build_plan(path)

    with VideoReader.open(path, plan.media, plan.index, threads=2, faithful=True, gpu=0) as reader:
        asked = [(seen.slot, seen.pts, seen.frame is not None) for seen in reader.frames(0, plan.frames)]

    assert asked == [(slot, int(pts), True) for slot, pts in enumerate(plan.index.pts)]


def test_open_groups_are_really_open(tmp_path: Path) -> None:
    """Guards the test above: beginning at a key frame must break frames shown before it."""
    path = make_media(tmp_path / "film.mkv", *FILMS["open-gop.mkv"])
    index = build_plan(path).index
    second = index.seek_points()[1]

    shown_earlier_decoded_later = index.pts[: second.frame][index.pts[: second.frame] > second.dts]

    assert len(shown_earlier_decoded_later) > 0


def test_chunks_decode_what_the_whole_does(tmp_path: Path) -> None:
    path = make_media(tmp_path / "film.mp4", Picture((500, 460), size=(96, 48), gop=100))
    plan = build_plan(path)
    whole = pixels(path, plan, 0, plan.frames, 2)

    assert len(plan.chunks) == 3
    for chunk in plan.chunks:
        start, end = plan.context(chunk.index)
        assert pixels(path, plan, start, end, 1) == {k: whole[k] for k in range(start, end)}


def test_each_slot_holds_its_own_frame(tmp_path: Path) -> None:
    path = make_media(tmp_path / "film.mp4", Picture((70, 50), options=OPEN_GOP))
    plan = build_plan(path)

    with VideoReader.open(path, plan.media, plan.index, faithful=True) as reader:
        for item in reader.frames(33, 95):
            assert item.frame is not None
            assert read_number(item.frame.to_ndarray(format="rgb24")) == item.slot
            assert item.pts == plan.index.pts[item.slot]


def test_ranges_may_come_in_any_order_from_one_reader(tmp_path: Path) -> None:
    path = make_media(tmp_path / "film.mp4", Picture((60,), gop=20))
    plan = build_plan(path)

    with VideoReader.open(path, plan.media, plan.index, threads=2) as reader:
        unfinished = reader.frames(0, 60)
        next(unfinished)
        later = [item.slot for item in reader.frames(41, 45)]
        earlier = [item.slot for item in reader.frames(3, 6)]
        nothing = list(reader.frames(60, 60))

    assert (later, earlier, nothing) == ([41, 42, 43, 44], [3, 4, 5], [])
    assert list(unfinished) == []


@pytest.mark.parametrize("bounds", [(-1, 3), (3, 2), (0, 11)])
def test_ranges_outside_the_video_are_refused(tmp_path: Path, bounds: tuple[int, int]) -> None:
    path = make_media(tmp_path / "film.mp4", Picture((10,)))

    with (
        VideoReader.open(path, *described(path)) as reader,
        pytest.raises(ValueError, match=r"not within 0\.\.10"),
    ):
        reader.frames(*bounds)


def test_a_seek_that_leads_astray_is_noticed_and_mended(tmp_path: Path) -> None:
    """A transport stream that repeats its timestamps half-way: seeking by time is ambiguous."""
    part = make_media(tmp_path / "part.ts", Picture((40,), gop=10))
    path = joined(tmp_path / "twice.ts", part, part)
    plan = build_plan(path)
    whole = [data for _, data in decode_plainly(path)]

    assert plan.frames == len(whole)
    assert pixels(path, plan, 55, 60, 2) == {k: whole[k] for k in range(55, 60)}


def test_a_seek_point_that_the_file_does_not_have_costs_time_not_frames(tmp_path: Path) -> None:
    path = make_media(tmp_path / "film.mp4", Picture((90,), gop=30, options=OPEN_GOP))
    plan = build_plan(path)
    whole = [data for _, data in decode_plainly(path)]
    astray = replace(plan.index, key_dts=plan.index.key_dts - 1)

    frames = FrameSource(path, plan.media.video_stream, astray, Limits(), faithful=True).frames(40, 50)

    found = {number: picture_bytes(frame) for number, frame in frames}
    assert differing(found, {k: whole[k] for k in range(40, 50)}) == []


@pytest.mark.parametrize("seed", range(3))
def test_damage_decodes_the_same_in_every_range_and_with_any_threads(tmp_path: Path, seed: int) -> None:
    film = make_media(tmp_path / "film.mkv", Picture((60, 60), gop=20, options=OPEN_GOP))
    path = flip_bits(film, tmp_path / "damaged.mkv", 25, after=0.3, seed=seed)
    plan = build_plan(path)
    whole = pixels(path, plan, 0, plan.frames, 1)

    assert differing(pixels(path, plan, 0, plan.frames, 2), whole) == []
    for start in range(0, plan.frames, 24):
        end = min(start + 24, plan.frames)
        found = pixels(path, plan, start, end, 2)
        assert differing(found, {k: whole[k] for k in range(start, end)}) == []


def test_damage_is_always_noticed_where_frames_are_decoded_side_by_side(tmp_path: Path) -> None:
    """FFmpeg marks a damaged frame at times after it has given it out: with this one, in each fifth run."""
    film = make_media(tmp_path / "film.mkv", Picture((60, 60), gop=20, options=OPEN_GOP))
    path = flip_bits(film, tmp_path / "damaged.mkv", 25, after=0.3, seed=1035)
    plan = build_plan(path)
    whole = pixels(path, plan, 0, plan.frames, 1)

    assert [differing(pixels(path, plan, 0, plan.frames, 3), whole) for _ in range(25)] == [[]] * 25


def test_a_picture_that_grows_inside_the_stream_is_refused(tmp_path: Path) -> None:
    small = make_media(tmp_path / "a.ts", Picture((60,), size=(96, 64), gop=10))
    large = make_media(tmp_path / "b.ts", Picture((10,), size=(160, 96), gop=10))
    path = joined(tmp_path / "both.ts", small, large)

    with pytest.raises(MediaError, match="160 x 96") as caught:
        build_plan(path, None, Limits(width_px=128, height_px=128))

    assert caught.value.code is MediaErrorCode.LIMIT_EXCEEDED


def test_nothing_but_holes_is_a_failure() -> None:
    require_decoded(1, 100)
    with pytest.raises(MediaError, match="None of 100") as caught:
        require_decoded(0, 100)

    assert caught.value.code is MediaErrorCode.DECODE_FAILED


def test_a_reader_needs_a_thread(tmp_path: Path) -> None:
    path = make_media(tmp_path / "film.mp4", Picture((5,)))

    with pytest.raises(ValueError, match="threads"):
        VideoReader.open(path, *described(path), threads=0)
