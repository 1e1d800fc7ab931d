"""Pictures to which no other refers: without their packets, every other picture decodes the same."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path

import av
import numpy as np
import pytest

from actors.segmentation.demux.av1_headers import Av1Pictures
from actors.segmentation.demux.packet_activity import LARGE_RATIO, REACH_FRAMES, calm_frames
from actors.segmentation.demux.references import ReferenceFlags
from tests.support.media import Picture, differing, make_media, picture_bytes

X264 = {"preset": "medium", "threads": "1"}
X265 = "log-level=none:pools=1:frame-threads=1"


def film(path: Path, codec: str, options: Mapping[str, str], gop: int | None = 24) -> Path:
    return make_media(path, Picture(shots=(40, 31), size=(128, 72), codec=codec, options=options, gop=gop))


def unreferenced(path: Path) -> tuple[list[int], list[int]]:
    """PTS of the packets to which none refers, and of all."""
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        flags = ReferenceFlags(video.codec_context.codec.canonical_name, video.codec_context.extradata)
        stamps = []
        for packet in container.demux(video):
            if packet.size:
                flags.add(memoryview(packet))
                assert packet.pts is not None
                stamps.append(packet.pts)
    return [stamp for stamp, free in zip(stamps, flags.unreferenced(), strict=True) if free], stamps


def pictures(path: Path, without: list[int]) -> dict[int, bytes]:
    """PTS -> picture, of a decoder that does not get the packets of these PTS."""
    found = {}
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        video.codec_context.thread_count = 1
        for packet in container.demux(video):
            if packet.size == 0 or packet.pts not in without:
                for frame in video.codec_context.decode(packet):
                    assert frame.pts is not None
                    found[frame.pts] = picture_bytes(frame)
    return found


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("pyramid.mp4", "libx264", X264),
        ("no_pyramid.mkv", "libx264", {**X264, "x264-params": "b-pyramid=none:bframes=3:scenecut=0"}),
        ("start_codes.ts", "libx264", X264),
        ("open_gop_slices.mp4", "libx264", {**X264, "x264-params": "open-gop=1:slices=4"}),
        ("fields.mp4", "libx264", {**X264, "x264-params": "interlaced=1"}),
        ("hevc.mp4", "libx265", {"preset": "fast", "x265-params": X265}),
        ("hevc.ts", "libx265", {"preset": "fast", "x265-params": f"{X265}:open-gop=1"}),
        ("layers.mp4", "libx265", {"preset": "fast", "x265-params": f"{X265}:temporal-layers=3:bframes=7"}),
        ("av1.mp4", "libsvtav1", {"preset": "10", "svtav1-params": "lp=1"}),
        ("mpeg1.mpg", "mpeg1video", {"bf": "2"}),
        ("mpeg2.ts", "mpeg2video", {"bf": "2"}),
        ("mpeg2_fields.mpg", "mpeg2video", {"bf": "2", "flags": "+ilme+ildct"}),
    ],
)
def test_without_them_every_other_picture_is_the_same(
    tmp_path: Path, name: str, codec: str, options: dict[str, str]
) -> None:
    path = film(tmp_path / name, codec, options)

    free, stamps = unreferenced(path)

    assert len(stamps) / 8 < len(free) < len(stamps)
    every = pictures(path, [])
    assert len(every) == len(stamps)
    some = random.Random(1).sample(free, len(free) // 2)
    for left_out in (free, some):
        without = pictures(path, left_out)
        kept = {stamp: picture for stamp, picture in every.items() if stamp not in left_out}
        assert differing(without, kept) == []


@pytest.mark.parametrize(
    ("name", "codec", "options", "gop"),
    [
        ("no_b.mp4", "libx264", {"preset": "ultrafast"}, 24),
        ("intra.mp4", "libx264", X264, 1),
        ("motion.avi", "mjpeg", {}, None),
        ("mpeg4.mp4", "mpeg4", {"bf": "2"}, 24),
        ("vp9.webm", "libvpx-vp9", {"deadline": "realtime", "cpu-used": "8"}, 24),
    ],
)
def test_streams_without_any_have_none(
    tmp_path: Path, name: str, codec: str, options: dict[str, str], gop: int | None
) -> None:
    pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    picture = Picture(shots=(30,), size=(128, 72), codec=codec, options=options, gop=gop, pix_fmt=pix_fmt)

    free, _ = unreferenced(make_media(tmp_path / name, picture))

    assert free == []


def nal_packet(*units: bytes) -> memoryview:
    return memoryview(b"".join(b"\0\0\0\1" + unit for unit in units))


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        ([b"\x01\x9a"], True),
        ([b"\x41\x9a"], False),
        ([b"\x01\x9a", b"\x41\x9a"], False),  # the first of two fields, and one that is referred to
        ([b"\x67\x42", b"\x01\x9a"], False),  # a parameter set, which later pictures need
        ([b"\x06\x01"], False),  # no picture at all
        ([b""], False),
    ],
)
def test_h264_units(units: list[bytes], expected: bool) -> None:
    flags = ReferenceFlags("h264", None)

    flags.add(nal_packet(*units))

    assert flags.unreferenced().tolist() == [expected]


def test_hevc_pictures_below_the_highest_layer_may_be_referred_to() -> None:
    flags = ReferenceFlags("hevc", None)
    layer_1, layer_2 = b"\x00\x02", b"\x00\x03"  # TRAIL_N, nuh_temporal_id_plus1 2 and 3

    for unit in (layer_1, layer_2, layer_1):
        flags.add(nal_packet(unit))

    assert flags.unreferenced().tolist() == [False, True, False]


def test_what_stays_for_later_pictures_is_kept() -> None:
    """MPEG-2 matrices and sequence headers, and the end of an H.265 sequence."""
    b_picture = b"\0\0\1\0\x00\x18"
    mpeg, hevc = ReferenceFlags("mpeg2video", None), ReferenceFlags("hevc", None)

    for packet in (
        b_picture,
        b_picture + b"\0\0\1\xb5\x3f\0",  # quant matrix extension
        b_picture + b"\0\0\1\xb5\x8f\0",  # picture coding extension
        b"\0\0\1\xb3\0\0" + b_picture,
        b_picture + b"\0\0\1\0\x00\x10",  # the second field is a P field
        b"\0\0\1\0",
    ):
        mpeg.add(memoryview(packet))
    for units in ([b"\x00\x01"], [b"\x00\x01", b"\x48\x01"], [b"\x00\x01", b"\x4a\x01"]):
        hevc.add(nal_packet(*units))

    assert mpeg.unreferenced().tolist() == [True, False, True, False, False, False]
    assert hevc.unreferenced().tolist() == [True, False, False]


@pytest.mark.parametrize(
    "packet", [b"", b"\x32", b"\x32\xff", b"\x36\x05\x00", b"\x32\xff\xff\xff\xff\xff\xff\xff\xff"]
)
def test_damaged_av1_packets_are_left_alone(packet: bytes) -> None:
    assert not Av1Pictures(None).only_unreferenced(memoryview(packet))
    assert not Av1Pictures(packet).only_unreferenced(memoryview(packet))


def test_any_first_bytes_of_an_av1_packet_are_read(tmp_path: Path) -> None:
    path = film(tmp_path / "av1.mp4", "libsvtav1", {"preset": "10", "svtav1-params": "lp=1"})
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        packets = [bytes(packet) for packet in container.demux(video) if packet.size]
        extradata = video.codec_context.extradata

    for packet in packets:
        for length in range(40):
            Av1Pictures(extradata).only_unreferenced(memoryview(packet)[:length])
    for length in range(len(extradata or b"")):
        Av1Pictures((extradata or b"")[:length])


def sizes_of(usual: int, count: int, **large: int) -> np.ndarray:
    size = np.full(count, usual, np.int64)
    for place, value in large.items():
        size[int(place[1:])] = value
    return size


def test_a_large_packet_disturbs_its_gop_and_a_key_frame_its_neighbourhood() -> None:
    key = np.zeros(150, np.bool_)
    key[[0, 50, 100]] = True
    free = np.arange(150) % 2 == 1
    size = sizes_of(1000, 150, f70=round(1000 * LARGE_RATIO) + 1, f120=1400, f121=1900)

    calm = calm_frames(size, key, ~free, free)

    near_keys = {k for at in (0, 50, 100) for k in range(at - REACH_FRAMES, at + REACH_FRAMES + 1)}
    assert np.flatnonzero(~calm).tolist() == sorted((near_keys | set(range(50, 100))) & set(range(150)))


def test_packets_that_grow_slowly_are_calm() -> None:
    size = np.linspace(500, 9000, 200).astype(np.int64)
    free = np.arange(200) % 2 == 1

    assert calm_frames(size, np.zeros(200, np.bool_), ~free, free).all()


def test_kinds_of_pictures_are_compared_among_themselves() -> None:
    free = np.arange(120) % 4 != 0
    size = np.where(free, 100, 5000).astype(np.int64)

    assert calm_frames(size, np.zeros(120, np.bool_), ~free, free).all()


def test_no_frames() -> None:
    none = np.zeros(0, np.bool_)

    assert calm_frames(np.zeros(0, np.int64), none, none, none).tolist() == []
