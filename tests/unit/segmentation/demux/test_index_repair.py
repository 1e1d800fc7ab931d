"""Timestamps repaired, clocks read, packet headers understood: the pure parts below the frame index."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.segmentation.demux.frame_index import FrameIndex, index_from_frames, index_from_packets
from actors.segmentation.demux.packet_headers import is_hidden, may_begin_at
from actors.segmentation.demux.packet_scan import NO_PTS, PacketScan, Reading
from actors.segmentation.timebase import FrameClock, seconds, timestamp

MS = Fraction(1, 1000)


def repaired(pts: list[int | None], frame_s: Fraction | None = None) -> list[int]:
    return index_from_frames(pts, 0, MS, frame_s).pts.tolist()


@pytest.mark.parametrize(
    ("given_pts", "expected"),
    [
        ([0, 40, 80], [0, 40, 80]),
        ([0, 80, 40, 120], [0, 40, 80, 120]),  # decoding times in a container that knows no others
        ([0, 40, None, 120], [0, 40, 80, 120]),
        ([0, 0, 40, 40, 80, 80], [0, 20, 40, 60, 80, 100]),  # both fields of a frame with one timestamp
        ([None, None, None], [0, 40, 80]),
        ([5000, 5040, 0, 40], [5000, 5040, 5080, 5120]),  # a new clock
        ([0, 0, 0], [0, 40, 80]),
    ],
)
def test_timestamps_are_made_to_increase(given_pts: list[int | None], expected: list[int]) -> None:
    assert repaired(given_pts, Fraction(1, 25)) == expected


@given(st.lists(st.one_of(st.none(), st.integers(-(10**9), 10**9)), min_size=1, max_size=60))
def test_any_timestamps_give_a_clock(pts: list[int | None]) -> None:
    index = index_from_frames(pts, 0, MS, None)

    assert len(index) == len(pts)
    assert index.clock.end_s > index.clock.start_s
    assert not index.trusted


def scan(
    pts: list[int],
    dts: list[int] | None = None,
    begin: list[int] | None = None,
    shown: list[bool] | None = None,
) -> PacketScan:
    count = len(pts)
    starts = np.zeros(count, np.bool_)
    starts[begin if begin is not None else [0]] = True
    return PacketScan(
        pts=np.array(pts, np.int64),
        dts=np.array(dts if dts is not None else range(count), np.int64),
        duration=np.full(count, 10, np.int64),
        shown=np.array(shown if shown is not None else [True] * count, np.bool_),
        begin=starts,
        size=np.full(count, 1000, np.int64),
        unreferenced=np.zeros(count, np.bool_),
        audio_start=None,
        audio_end=None,
        damaged=False,
        encrypted=False,
        reading=Reading(key=starts),
    )


def test_packets_are_put_in_the_order_of_showing() -> None:
    index = index_from_packets(scan([0, 30, 10, 20, 40]), MS, None)

    assert index is not None
    assert index.pts.tolist() == [0, 10, 20, 30, 40]
    assert index.end_pts == 50
    assert index.reorder_depth == 2  # the frame at 30 is decoded two places early


@pytest.mark.parametrize(
    "packets",
    [
        scan([0, NO_PTS, 20]),
        scan([0, 10, 10]),
        scan([0, 10, 20], dts=[0, 50, 10]),
        scan([0, 10], shown=[False, False]),
    ],
    ids=["missing", "repeated", "clock jumps back", "nothing shown"],
)
def test_packets_that_cannot_be_frames_give_no_index(packets: PacketScan) -> None:
    assert index_from_packets(packets, MS, None) is None


def test_a_key_frame_is_no_seek_point_when_a_later_frame_was_decoded_before_it() -> None:
    # Decoding order: 0, 30, key 20, 40. Beginning at the key would lose frame 30.
    index = index_from_packets(scan([0, 30, 20, 40], begin=[0, 2]), MS, None)

    assert index is not None
    assert [point.pts for point in index.seek_points()] == [0]


def test_frames_shown_before_a_key_but_decoded_after_it_do_not_spoil_it() -> None:
    index = index_from_packets(scan([0, 10, 40, 20, 30, 50], begin=[0, 2]), MS, None)

    assert index is not None
    assert [(point.frame, point.pts, point.dts) for point in index.seek_points()] == [(0, 0, 0), (4, 40, 2)]


def test_an_index_can_lose_its_ends() -> None:
    index = index_from_packets(scan([0, 10, 20, 30, 40], begin=[0, 2, 4]), MS, None)
    assert index is not None

    middle = index.without(1, 1)

    assert middle.pts.tolist() == [10, 20, 30]
    assert middle.end_pts == 40
    assert [(point.frame, point.dts) for point in middle.seek_points()] == [(1, 2)]


def test_frames_tile_time() -> None:
    clock = FrameClock(np.array([540, 580, 640], np.int64), 680, MS)

    assert [clock.seconds_of(k) for k in range(4)] == [0.54, 0.58, 0.64, 0.68]
    assert clock.duration_s == pytest.approx(0.14)
    assert [clock.frame_at(t) for t in (0.0, 0.54, 0.5799, 0.58, 0.63, 99.0)] == [0, 0, 0, 1, 1, 2]
    with pytest.raises(IndexError):
        clock.pts_of(4)


@pytest.mark.parametrize("pts", [[], [0, 0], [5, 3]])
def test_a_clock_must_advance(pts: list[int]) -> None:
    with pytest.raises(ValueError, match="pts"):
        FrameClock(np.array(pts, np.int64), 100, MS)


def test_an_index_must_be_consistent() -> None:
    pts = np.array([0, 1], np.int64)
    with pytest.raises(ValueError, match="key must be"):
        FrameIndex(pts, np.zeros(3, np.bool_), 2, MS, True)
    with pytest.raises(ValueError, match="key_dts"):
        FrameIndex(pts, np.ones(2, np.bool_), 2, MS, True, np.zeros(1, np.int64))


@given(st.integers(-(2**40), 2**40), st.integers(1, 10**6), st.integers(1, 10**6))
def test_a_timestamp_is_found_again_from_its_exact_time(pts: int, numerator: int, denominator: int) -> None:
    tick = Fraction(numerator, denominator)

    assert timestamp(pts * tick, tick) == pts
    assert seconds(pts, tick) == pytest.approx(float(pts * tick))


AVCC = bytes([1, 66, 0, 30, 0xFF, 0xE1])
HVCC = bytes([1]) + bytes(20) + b"\x03"


def nal(*units: bytes) -> bytes:
    return b"".join(len(unit).to_bytes(4, "big") + unit for unit in units)


@pytest.mark.parametrize(
    ("codec", "extradata", "packet", "begins"),
    [
        ("h264", AVCC, nal(b"\x09\x10", b"\x65data"), True),
        ("h264", AVCC, nal(b"\x06\x06\x01\xc4\x80", b"\x41data"), True),  # recovery at once, exact
        ("h264", AVCC, nal(b"\x06\x06\x01\x84\x80", b"\x41data"), False),  # recovery at once, not exact
        ("h264", AVCC, nal(b"\x06\x06\x01\x5c\x80", b"\x41data"), False),  # a gradual refresh
        ("h264", AVCC, nal(b"\x06\x05\x02ab\x06\x01\xc4\x80", b"\x41"), True),  # behind another message
        ("h264", None, b"\0\0\0\1\x09\x10\0\0\1\x65data", True),
        ("h264", None, b"\0\0\1\x41data", False),
        ("h264", AVCC, nal(b"\x65" + bytes(300)), True),  # a length that looks like a start code
        ("h264", AVCC, b"", False),
        ("hevc", HVCC, nal(b"\x40\x01", b"\x2a\x01data"), True),  # CRA
        ("hevc", HVCC, nal(b"\x02\x01data"), False),
        ("vvc", None, b"\0\0\1\x00\x79\0\0\1\x00\x41data", True),  # IDR_N_LP behind a parameter set
        ("mpeg2video", None, b"anything", True),
        ("gif", None, b"anything", False),
    ],
)
def test_where_decoding_may_begin(codec: str, extradata: bytes | None, packet: bytes, begins: bool) -> None:
    assert may_begin_at(codec, extradata, intra_only=False)(packet) is begins


def test_every_packet_of_an_intra_only_codec_is_a_beginning() -> None:
    assert may_begin_at("prores", None, intra_only=True)(b"anything")


@pytest.mark.parametrize(
    ("codec", "packet", "hidden"),
    [
        ("vp8", b"\x10rest", False),
        ("vp8", b"\x00rest", True),
        ("vp9", b"\x82rest", False),  # shown
        ("vp9", b"\x80rest", True),
        ("vp9", b"\x88rest", False),  # shows an existing frame
        ("vp9", b"\x80rest\xc1", False),  # a superframe shows its last frame
        ("h264", b"\x00", False),
        ("vp8", b"", False),
    ],
)
def test_packets_that_show_nothing(codec: str, packet: bytes, hidden: bool) -> None:
    assert is_hidden(codec, memoryview(packet)) is hidden
