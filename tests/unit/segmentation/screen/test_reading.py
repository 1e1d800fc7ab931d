"""What is read in pictures of a file: which are decoded, what is carried over, groups by themselves."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from actors.segmentation.errors import Cancelled, MediaError
from actors.segmentation.planning.plan import Plan, build_plan
from actors.segmentation.screen.pictures import CELLS, Pictures
from actors.segmentation.screen.reading import (
    GLANCE_SIDE_PX,
    RUNNING_SIDE_PX,
    STILL_GLANCE_SIDE_PX,
    STILL_SIDE_PX,
    read_pictures,
)
from actors.segmentation.screen.text_reader import Image, Quad, ReadText
from actors.segmentation.screen.whole_video import read_video
from tests.support.lettering import Rgb, plain
from tests.support.media import Picture, make_media, number_frame, read_number, spoil_packets

SIZE = (320, 192)
FRAMES = 200
LINE = (64, 96, 256, 128)
"""Left, top, right, bottom of a bright bar, in pixels."""


class BarReader:
    """In place of the networks: the bar is a line, and its text the number that the frame carries."""

    name = "bar"

    def __init__(self) -> None:
        self.sides: list[int] = []
        self.numbers: list[int] = []

    def find(self, picture: Image, side_px: int) -> list[Quad]:
        self.sides.append(side_px)
        left, top, right, bottom = LINE
        if picture[top:bottom, left:right].mean() < 150:
            return []
        corners = ((left, top), (right, top), (right, bottom), (left, bottom))
        return [np.array(corners, np.float32)]

    def read(self, picture: Image, quad: Quad) -> ReadText:
        self.numbers.append(read_number(picture))
        return ReadText(f"frame {self.numbers[-1]}", 0.99)


def drawn(_: int, frame: int, size: tuple[int, int]) -> Rgb:
    """A bar in frames 40 to 159, which grows darker at 100."""
    picture = plain(size, (30, 30, 30))
    if 40 <= frame < 160:
        left, top, right, bottom = LINE
        picture[top:bottom, left:right] = 235 if frame < 100 else 190
    return number_frame(picture, frame)


@pytest.fixture(scope="module", params=[25, 250], ids=["many GOPs", "one GOP"])
def film(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    spec = Picture((FRAMES,), SIZE, Fraction(25), picture=drawn, number=False, gop=request.param)
    return make_media(tmp_path_factory.mktemp("film") / "film.mp4", spec)


@pytest.fixture
def plan(film: Path) -> Plan:
    return build_plan(film)


@pytest.fixture
def reader() -> BarReader:
    return BarReader()


def pictures(*frames: int, groups: tuple[int, ...] | None = None, still: bool = False) -> Pictures:
    count = len(frames)
    return Pictures(
        np.array(frames, np.int64),
        np.full(count, still),
        np.ones((count + 1, CELLS), np.int64),
        np.zeros((count + 1, CELLS), np.uint8),
        groups or (0, count),
    )


def texts(rows: list[dict[str, object]]) -> list[tuple[object, list[str]]]:
    return [(row["frame"], [line["text"] for line in row["lines"]]) for row in rows]  # type: ignore[attr-defined]


def test_the_frames_that_are_named_are_read(film: Path, plan: Plan, reader: BarReader) -> None:
    rows = read_pictures(film, plan, pictures(10, 50, 120, 199), reader)

    assert texts(rows) == [(10, []), (50, ["frame 50"]), (120, ["frame 120"]), (199, [])]
    assert rows[1]["lines"][0]["box"] == pytest.approx([0.2, 0.5, 0.6, 1 / 6], abs=0.01)


def test_a_line_with_the_same_pixels_is_carried_over(film: Path, plan: Plan, reader: BarReader) -> None:
    rows = read_pictures(film, plan, pictures(50, 70, 90, 110, 130), reader)

    assert reader.numbers == [50, 110]
    assert [lines for _, lines in texts(rows)] == [["frame 50"]] * 3 + [["frame 110"]] * 2


def test_groups_are_read_by_themselves(film: Path, plan: Plan) -> None:
    named = pictures(10, 50, 70, 90, 110, 130, 150, groups=(0, 3, 5, 7))
    together = read_pictures(film, plan, named, BarReader())
    apart = [read_pictures(film, plan, named, BarReader(), groups=range(at, at + 1)) for at in (2, 0, 1)]

    assert apart[1] + apart[2] + apart[0] == together
    assert [lines for _, lines in texts(together)][3] == ["frame 90"], "a group carries nothing over"


def test_running_pictures_are_glanced_at_first(film: Path, plan: Plan, reader: BarReader) -> None:
    read_pictures(film, plan, pictures(10, 50), reader)
    assert reader.sides == [GLANCE_SIDE_PX, GLANCE_SIDE_PX, RUNNING_SIDE_PX]

    reader.sides.clear()
    read_pictures(film, plan, pictures(10, 50, still=True), reader)
    assert reader.sides == [STILL_GLANCE_SIDE_PX, STILL_GLANCE_SIDE_PX, STILL_SIDE_PX]


def test_what_is_ignored_is_not_read(film: Path, reader: BarReader) -> None:
    hidden = build_plan(film, ignore=(0.15, 0.45, 0.7, 0.3))

    assert texts(read_pictures(film, hidden, pictures(50, 120), reader)) == [(50, []), (120, [])]


def test_boxes_are_shares_of_the_picture_as_it_is_shown(tmp_path: Path, reader: BarReader) -> None:
    def turned(shot: int, frame: int, size: tuple[int, int]) -> Rgb:
        return np.ascontiguousarray(np.rot90(drawn(shot, frame, size[::-1])))

    spec = Picture((60,), SIZE[::-1], picture=turned, number=False, rotation_ccw=270)
    film = make_media(tmp_path / "upright.mp4", spec)
    plan = build_plan(film)
    assert plan.media.width > plan.media.height

    (row,) = read_pictures(film, plan, pictures(50), reader)

    assert row["lines"][0]["text"] == "frame 50"
    assert row["lines"][0]["box"] == pytest.approx([0.2, 0.5, 0.6, 1 / 6], abs=0.01)


def test_it_stops_between_pictures(film: Path, plan: Plan, reader: BarReader) -> None:
    seen: list[None] = []

    with pytest.raises(Cancelled):
        read_pictures(
            film,
            plan,
            pictures(10, 50, 120),
            reader,
            on_picture=lambda: seen.append(None),
            should_stop=lambda: len(seen) >= 2,
        )
    assert len(seen) == 2


def test_damaged_frames_have_no_row_or_are_concealed(film: Path, tmp_path: Path, reader: BarReader) -> None:
    damaged = spoil_packets(film, tmp_path / "damaged.mp4", range(60, 75))
    plan = build_plan(damaged)

    rows = read_pictures(damaged, plan, pictures(10, 50, 65, 120), reader)

    assert texts(rows)[:2] == [(10, []), (50, ["frame 50"])]
    assert {row["frame"] for row in rows} <= {10, 50, 65, 120}


def test_a_file_that_is_gone_says_so(film: Path, plan: Plan, reader: BarReader, tmp_path: Path) -> None:
    with pytest.raises((OSError, MediaError)):
        read_pictures(tmp_path / "gone.mp4", plan, pictures(10), reader)
    with pytest.raises((OSError, MediaError)):
        read_video(tmp_path / "gone.mp4", plan, pictures(10), lambda count: [BarReader()] * count)


def test_the_number_of_threads_changes_nothing(film: Path, plan: Plan) -> None:
    named = pictures(*range(5, 195, 5), groups=(0, 6, 12, 20, 28, 38))
    made: list[int] = []
    told: list[tuple[int, int]] = []

    def readers(count: int) -> list[BarReader]:
        made.append(count)
        return [BarReader() for _ in range(count)]

    one = read_video(film, plan, named, readers, threads=1)
    three = read_video(film, plan, named, readers, threads=3, on_pictures=lambda *pair: told.append(pair))

    assert one == three
    assert len(one.lines) > 0
    assert made == [1, 3]
    assert told == [(done, len(named)) for done in range(1, len(named) + 1)]


def test_a_whole_video_stops_when_it_is_asked_to(film: Path, plan: Plan) -> None:
    named = pictures(*range(5, 195, 5), groups=(0, 6, 12, 20, 28, 38))

    with pytest.raises(Cancelled):
        read_video(film, plan, named, lambda _: [BarReader()], threads=1, should_stop=lambda: True)
