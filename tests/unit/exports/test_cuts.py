"""Rates, timecode, and the film as a timeline of whole frames."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.cut_lists.rates import NOMINAL, Rate, nominal_rate
from serve_app.exports.cuts import cut_list
from serve_app.exports.material import Export
from tests.support.exports import film

NTSC = Fraction(30_000, 1001)


@pytest.mark.parametrize(
    ("fps", "rate"),
    [
        (23.976, Fraction(24_000, 1001)),
        (23.976023976, Fraction(24_000, 1001)),
        (24.0, Fraction(24)),
        (24.001, Fraction(24)),
        (25.0, Fraction(25)),
        (29.97, NTSC),
        (30.0, Fraction(30)),
        (50.0, Fraction(50)),
        (59.94005994, 2 * NTSC),
        (60.0, Fraction(60)),
        (15.0, Fraction(30)),
        (12.5, Fraction(25)),
        (14.985014985, NTSC),
        (1.0, Fraction(24)),
        (100.0, Fraction(50)),
        (119.88011988, 2 * NTSC),
        (240.0, Fraction(60)),
        (29.4, NTSC),
        (27.8, NTSC),
        (1000.0, Fraction(60)),
    ],
)
def test_a_film_gets_its_own_rate_or_a_multiple_or_the_nearest(fps: float, rate: Fraction) -> None:
    assert nominal_rate(fps).fraction == rate


@pytest.mark.parametrize("fps", [0.0, -25.0, float("nan"), float("inf")])
def test_a_film_without_a_rate_is_refused(fps: float) -> None:
    with pytest.raises(ValueError, match="frames per second"):
        nominal_rate(fps)


@pytest.mark.parametrize(
    ("rate", "frame", "timecode"),
    [
        (Fraction(25), 0, "00:00:00:00"),
        (Fraction(25), 90_024, "01:00:00:24"),
        (Fraction(24_000, 1001), 24 * 3600, "01:00:00:00"),  # 3.6 s behind the clock, as it must be
        (Fraction(50), 179, "00:00:03:29"),
        (Fraction(60), 60 * 60, "00:01:00:00"),
        (NTSC, 1799, "00:00:59;29"),
        (NTSC, 1800, "00:01:00;02"),
        (NTSC, 17_981, "00:09:59;29"),
        (NTSC, 17_982, "00:10:00;00"),
        (NTSC, 107_892, "01:00:00;00"),
        (2 * NTSC, 3599, "00:00:59;59"),
        (2 * NTSC, 3600, "00:01:00;04"),
        (2 * NTSC, 35_964, "00:10:00;00"),
        (Fraction(25), 25 * 86_400, "00:00:00:00"),
        (Fraction(25), 25 * 86_400 + 26, "00:00:01:01"),
        (NTSC, 2_589_407, "23:59:59;29"),
        (NTSC, 2_589_408, "00:00:00;00"),
        (2 * NTSC, 2 * 2_589_408 + 3600, "00:01:00;04"),
    ],
)
def test_timecode(rate: Fraction, frame: int, timecode: str) -> None:
    assert Rate(rate).timecode(frame) == timecode


@pytest.mark.parametrize("rate", NOMINAL)
@pytest.mark.parametrize("start_s", [0.0, 0.54, 1.4833333])
def test_every_frame_of_a_steady_film_is_that_frame_of_the_timeline(rate: Fraction, start_s: float) -> None:
    bounds = [0, 1, 7, 1800, 17_982, 200_003]
    # given: milliseconds, as Matroska rounds them
    times_s = {frame: round(float(start_s + frame / rate), 3) for frame in bounds}
    made = film(bounds, fps=rate, times_s=_Sparse(times_s))

    cuts = cut_list(made)

    assert cuts.rate.fraction == rate
    assert [(clip.start, clip.end) for clip in cuts.clips] == list(pairwise(bounds))


class _Sparse(list):  # type: ignore[type-arg]
    """Times of the frames that matter."""

    def __init__(self, times: dict[int, float]) -> None:
        self.times = times

    def __getitem__(self, frame: int) -> float:  # type: ignore[override]
        return self.times[frame]


def test_a_variable_rate_keeps_to_the_clock() -> None:
    # given: 100 frames at 30 a second, then a screen that stands still, then 100 more; 14.6 on average
    times_s = [n / 30 for n in range(100)] + [10.37 + n / 30 for n in range(101)]
    made = film([0, 50, 100, 150, 200], fps=200 / times_s[200], times_s=times_s, variable_frame_rate=True)

    cuts = cut_list(made)

    rate = Fraction(24_000, 1001)
    assert cuts.rate.fraction == rate
    assert [clip.start for clip in cuts.clips] == [round(float(times_s[f] * rate)) for f in (0, 50, 100, 150)]
    assert cuts.total == round(float(times_s[200] * rate))


@settings(max_examples=50)
@given(
    lengths=st.lists(st.integers(1, 90), min_size=1, max_size=30),
    fps=st.sampled_from([7.3, 25.0, 29.97, 144.0, 999.0]),
    data=st.data(),
)
def test_clips_tile_the_film_and_transitions_fit_into_them(
    lengths: list[int], fps: float, data: st.DataObject
) -> None:
    bounds = [0]
    for length in lengths:
        bounds.append(bounds[-1] + length)
    kinds = {}
    for frame in bounds[1:-1]:
        first = data.draw(st.integers(max(0, frame - 40), frame))
        last = data.draw(st.integers(frame, min(bounds[-1], frame + 40)))
        kinds[frame] = (data.draw(st.sampled_from(["cut", "dissolve", "wipe", "fade", "audio"])), first, last)

    cuts = cut_list(film(bounds, fps=fps, kinds=kinds))

    assert cuts.clips[0].start == 0
    assert all(before.end == after.start for before, after in pairwise(cuts.clips))
    assert all(clip.end > clip.start for clip in cuts.clips)
    halves = [clip.half for clip in cuts.clips] + [0]
    for clip, half, after in zip(cuts.clips, halves, halves[1:], strict=False):
        assert half + after <= clip.end - clip.start
        assert half == 0 or clip.segment.start_boundary.kind in ("dissolve", "wipe")
    assert halves[0] == 0


def test_a_transition_reaches_as_far_as_the_film_says() -> None:
    kinds = {50: ("dissolve", 40, 60), 100: ("wipe", 91, 110), 150: ("fade", 140, 160)}

    cuts = cut_list(film([0, 50, 100, 150, 200], kinds=kinds))

    assert [clip.half for clip in cuts.clips] == [0, 10, 9, 0]


def test_coarser_levels_are_markers() -> None:
    made = film([0, 50, 100, 150, 200], scenes=[100])

    markers = cut_list(made).markers

    assert [(m.segment.level, m.segment.index, m.start, m.end) for m in markers] == [
        ("chapter", 0, 0, 200),
        ("scene", 0, 0, 100),
        ("scene", 1, 100, 200),
    ]


def test_nothing_is_cut_into_nothing() -> None:
    cuts = cut_list(Export("film.mp4", media={}, settings={}, audio_track=[], segments=[]))

    assert (cuts.clips, cuts.markers, cuts.total) == ((), (), 0)
