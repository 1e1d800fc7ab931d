"""The timecode of the first frame, wherever a file tells it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import pytest

from actors.segmentation.demux.media import MediaInfo
from actors.segmentation.planning.plan import Plan, build_plan
from tests.support.media import Picture, make_media, read_number
from tests.support.timecodes import LABELLED, NTSC, Labelled, late_picture, recount


@pytest.mark.parametrize("film", LABELLED, ids=str)
def test_the_timecode_of_the_first_frame_is_told(film: Labelled, tmp_path: Path) -> None:
    plan = build_plan(film.write(tmp_path))

    assert plan.frames == film.frames
    told = plan.media.contract()
    assert (told["timecode"], told["timecode_drop"]) == (film.told, film.drop)
    assert told["timecode_fps"] == pytest.approx(float(film.rate))
    assert MediaInfo.from_document(plan.media.to_document()) == plan.media
    assert Plan.from_bytes(plan.to_bytes()) == plan


@pytest.mark.parametrize(
    ("suffix", "codec"),
    [("mp4", "libx264"), ("mov", "mpeg4"), ("mkv", "libx264"), ("ts", "libx264"), ("mpg", "mpeg2video")],
)
def test_a_film_without_timecode_has_none(suffix: str, codec: str, tmp_path: Path) -> None:
    """In MPEG-2 an encoder that knows none writes 00:00:00:00."""
    path = make_media(tmp_path / f"film.{suffix}", Picture((6,), (96, 64), codec=codec, options={}))

    media = build_plan(path).media

    assert media.timecode is None
    assert media.contract().keys().isdisjoint({"timecode", "timecode_drop", "timecode_fps"})


@pytest.mark.parametrize(
    "text", ["yes", "24:00:00:00", "10:60:00:00", "10:00:00:25", "1:2:3:4", "10:00:00", "10:00:00:00:00"]
)
def test_what_is_no_timecode_is_none(text: str, tmp_path: Path) -> None:
    path = make_media(tmp_path / "film.mkv", Picture((6,), (96, 64), tags={"timecode": text}))

    assert build_plan(path).media.timecode is None


@pytest.mark.parametrize(("suffix", "rate"), [("mov", 5), ("mp4", 8), ("mov", 10), ("mkv", 10), ("mov", 120)])
def test_few_and_many_frames_a_second_are_counted(suffix: str, rate: int, tmp_path: Path) -> None:
    """Time lapse and slow motion: FFmpeg writes one digit of frames up to 10, three beyond 100."""
    film = Labelled(suffix, Fraction(rate), "01:02:03:04")

    timecode = build_plan(film.write(tmp_path)).media.timecode

    assert str(timecode) == "01:02:03:04"
    assert timecode is not None
    assert timecode.rate == rate


def test_the_tag_of_the_stream_goes_before_that_of_the_file(tmp_path: Path) -> None:
    picture = Picture((6,), (96, 64), tags={"timecode": "02:00:00:00"})
    path = make_media(tmp_path / "film.mkv", picture, tags={"timecode": "01:00:00:00"})

    assert str(build_plan(path).media.timecode) == "02:00:00:00"


@pytest.mark.parametrize(
    ("rate", "written", "base", "number", "told", "fps"),
    [
        (2 * NTSC, "01:00:00;00", 30, 107_892, "01:00:00;00", NTSC),
        (2 * NTSC, "01:00:00;00", 30, 107_901, "01:00:00;09", NTSC),
        (2 * NTSC, "01:00:00:00", 30, 108_000, "01:00:00:00", NTSC),
        (Fraction(50), "01:00:00:00", 25, 90_024, "01:00:00:24", Fraction(25)),
        (Fraction(60), "01:00:00:00", 30, 1, "00:00:00:01", None),
        (Fraction(25), "01:00:00:00", 50, 180_049, "01:00:00:49", Fraction(50)),
        (Fraction(24), "01:00:00:00", 30, 108_029, "01:00:00:29", Fraction(30)),
    ],
)
def test_a_timecode_track_may_count_at_another_rate_than_the_picture(
    rate: Fraction,
    written: str,
    base: int,
    number: int,
    told: str,
    fps: Fraction | None,
    tmp_path: Path,
) -> None:
    """Within the first second both rates fit, and the picture's is told."""
    path = recount(Labelled("mov", rate, written).write(tmp_path), base, number)

    timecode = build_plan(path).media.timecode

    assert str(timecode) == told
    assert timecode is not None
    assert timecode.rate == (fps or rate)


@pytest.mark.parametrize(
    ("suffix", "told"), [("mov", "10:00:02:00"), ("mp4", "10:00:02:00"), ("mkv", "10:00:00:00")]
)
def test_a_track_counts_from_its_own_start_and_a_tag_from_the_first_picture(
    suffix: str, told: str, tmp_path: Path
) -> None:
    media = build_plan(late_picture(tmp_path, suffix, late_s=2, timecode="10:00:00:00")).media

    assert media.start_s == pytest.approx(2.0, abs=0.001)
    assert str(media.timecode) == told


def test_the_first_frame_of_a_broadcast_may_come_from_inside_a_group(tmp_path: Path) -> None:
    """The recording begins at an open group, whose first pictures need the one before and do not decode."""
    gone = 12
    options = {"gop_timecode": "10:00:00:00", "bf": "2", "sc_threshold": "1000000000"}
    picture = Picture(
        (40,), (192, 112), codec="mpeg2video", options=options, gop=6, keep=lambda position: position >= gone
    )
    path = make_media(tmp_path / "recording.ts", picture)
    with av.open(str(path)) as container:
        first = read_number(next(container.decode(video=0)).to_ndarray(format="rgb24"))

    timecode = build_plan(path).media.timecode

    assert first > gone
    assert str(timecode) == f"10:00:00:{first:02d}"
