"""Clips carry the timecode of their first frame, in both containers and both modes."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import pytest

from actors.clips import CutOptions, Piece, cut
from actors.segmentation.planning.plan import build_plan
from tests.support.media import Picture, make_media, read_number
from tests.support.timecodes import NTSC, NTSC_FILM, Labelled, recount

FRAMES = 40
FILMS = [
    Labelled("mov", Fraction(25), "10:00:00:00"),
    Labelled("mov", NTSC, "00:59:59;20"),
    Labelled("mkv", NTSC, "00:59:59:20"),
    Labelled("mkv", 2 * NTSC, "00:59:59;40"),
    Labelled("mxf", Fraction(25), "10:00:00:00", "mpeg2video"),
    Labelled("mpg", Fraction(25), "10:00:00:00", "mpeg2video", header=True),
    Labelled("mp4", NTSC_FILM, "23:59:59:20"),
]


def told_by(path: Path) -> tuple[str | None, int]:
    """The timecode of a clip as FFmpeg tells it, and the number drawn into its first frame."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        tags = {name.lower(): value for name, value in stream.metadata.items()}
        return tags.get("timecode"), read_number(next(container.decode(stream)).to_ndarray(format="rgb24"))


def expected(film: Labelled, number: int) -> str:
    """By counting one frame at a time, as SMPTE ST 12-1 says it."""
    clock = [int(part) for part in film.told.replace(";", ":").split(":")]
    base = round(film.rate)
    for _ in range(number):
        clock[3] += 1
        for place, most in ((3, base), (2, 60), (1, 60), (0, 24)):
            if clock[place] == most:
                clock[place] = 0
                if place:
                    clock[place - 1] += 1
        if film.drop and clock[1] % 10 and clock[2:] == [0, 0]:
            clock[3] = base // 15
    return ":".join(f"{part:02d}" for part in clock[:3]) + (";" if film.drop else ":") + f"{clock[3]:02d}"


@pytest.mark.parametrize("film", FILMS, ids=str)
@pytest.mark.parametrize("mode", ["exact", "copy"])
@pytest.mark.parametrize("container", ["mp4", "mkv"])
def test_a_clip_begins_at_the_timecode_of_its_first_frame(
    film: Labelled, mode: str, container: str, tmp_path: Path
) -> None:
    source = make_media(
        tmp_path / f"film.{film.suffix}",
        Picture(
            (FRAMES,),
            (192, 112),
            film.rate,
            film.codec,
            {"gop_timecode": film.told} if film.header else {},
            gop=12,
            tags={} if film.header else {"timecode": film.told},
        ),
    )
    clip = tmp_path / f"clip.{container}"

    cut(source, build_plan(source), Piece(17, 30), CutOptions(mode=mode, container=container), clip)

    timecode, number = told_by(clip)
    assert number == (17 if mode == "exact" else 12)
    assert timecode == expected(film, number)
    assert str(build_plan(clip).media.timecode) == timecode


def test_a_clip_counts_at_the_rate_of_its_pictures(tmp_path: Path) -> None:
    source = recount(Labelled("mov", 2 * NTSC, "01:00:00;00", frames=20).write(tmp_path), 30, 107_892)

    cut(source, build_plan(source), Piece(5, 9), CutOptions(), tmp_path / "clip.mp4")

    assert told_by(tmp_path / "clip.mp4")[0] == "01:00:00;05"


def test_a_clip_of_a_film_without_timecode_has_none(tmp_path: Path) -> None:
    source = make_media(tmp_path / "film.mp4", Picture((20,)))

    cut(source, build_plan(source), Piece(5, 9), CutOptions(), tmp_path / "clip.mp4")

    assert told_by(tmp_path / "clip.mp4") == (None, 5)
    with av.open(str(tmp_path / "clip.mp4")) as container:
        assert [stream.type for stream in container.streams] == ["video"]
