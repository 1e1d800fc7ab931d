"""Timecode arithmetic, held against OpenTimelineIO's."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentimelineio.opentime import RationalTime

from actors.segmentation.timecode import Timecode

NTSC = Fraction(30_000, 1001)
RATES = [
    Fraction(24_000, 1001),
    Fraction(24),
    Fraction(25),
    NTSC,
    Fraction(30),
    Fraction(50),
    2 * NTSC,
    Fraction(60),
]
DAY_S = 86_400


def kinds() -> st.SearchStrategy[tuple[Fraction, bool]]:
    """Rates, with drop frame where there is one."""
    return st.sampled_from([(rate, False) for rate in RATES] + [(NTSC, True), (2 * NTSC, True)])


@given(kind=kinds(), frame=st.integers(0, 2_500_000))
def test_it_is_written_and_read_as_others_do(kind: tuple[Fraction, bool], frame: int) -> None:
    rate, drop = kind
    frame %= round(rate) * DAY_S - 10_000
    theirs = RationalTime(frame, float(rate)).to_timecode(float(rate), drop)

    ours = Timecode(frame, rate, drop)

    assert str(ours) == theirs
    assert Timecode.parse(theirs, rate) == ours


@given(kind=kinds(), frame=st.integers(0, 2_500_000), later=st.integers(-3_000_000, 3_000_000))
def test_what_is_added_can_be_taken_away(kind: tuple[Fraction, bool], frame: int, later: int) -> None:
    rate, drop = kind
    start = Timecode(frame % (round(rate) * DAY_S - 10_000), rate, drop)

    assert start.after(later).after(-later) == start


@pytest.mark.parametrize(
    ("start", "rate", "frames", "end"),
    [
        ("23:59:59:24", Fraction(25), 1, "00:00:00:00"),
        ("23:59:59;29", NTSC, 1, "00:00:00;00"),
        ("23:59:59:29", NTSC, 1, "00:00:00:00"),
        ("00:00:00:00", Fraction(24), -1, "23:59:59:23"),
        ("00:00:59;29", NTSC, 1, "00:01:00;02"),
        ("00:09:59;29", NTSC, 1, "00:10:00;00"),
        ("00:00:59;59", 2 * NTSC, 1, "00:01:00;04"),
        ("00:00:59;119", 4 * NTSC, 1, "00:01:00;08"),
        ("00:00:59:29", NTSC, 1, "00:01:00:00"),
        ("10:00:00;05", Fraction(25), 0, "10:00:00:05"),
        ("01:00:00;02", Fraction(30), 0, "01:00:00;02"),
    ],
)
def test_frames_later(start: str, rate: Fraction, frames: int, end: str) -> None:
    assert str(Timecode.parse(start, rate).after(frames)) == end


@pytest.mark.parametrize(
    ("text", "rate", "other", "there"),
    [
        ("01:00:00;02", NTSC, 2 * NTSC, "01:00:00;04"),
        ("00:01:00;02", NTSC, 2 * NTSC, "00:01:00;04"),
        ("01:00:00:14", Fraction(25), Fraction(50), "01:00:00:28"),
        ("01:00:00:49", Fraction(50), Fraction(25), "01:00:00:24"),
        ("01:00:00;02", NTSC, Fraction(25), "01:00:00:01"),
        ("01:00:00:15", NTSC, Fraction(24_000, 1001), "01:00:00:12"),
    ],
)
def test_the_same_time_of_day_at_another_rate(text: str, rate: Fraction, other: Fraction, there: str) -> None:
    assert str(Timecode.parse(text, rate).at_rate(other)) == there


@pytest.mark.parametrize(
    ("frame", "rate", "drop"),
    [
        (-1, Fraction(25), False),
        (25 * DAY_S, Fraction(25), False),
        (0, Fraction(1, 3), False),
        (0, Fraction(25), True),
    ],
)
def test_what_no_timecode_can_be_is_refused(frame: int, rate: Fraction, drop: bool) -> None:
    with pytest.raises(ValueError, match=r"frame|timecode"):
        Timecode(frame, rate, drop)
