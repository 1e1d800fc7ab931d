"""Rows of pictures become lines with times: a pure function, whatever the order of the rows."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from actors.segmentation.screen.joining import joined
from actors.segmentation.screen.pictures import CELLS, Pictures
from actors.segmentation.screen_text import ScreenText
from tests.support.small_pictures import FPS, clock

SECONDS = 40


def pictures_at(times_s: Sequence[float], still: bool = False) -> Pictures:
    """Between which every cell changed half way."""
    frame = np.array([round(at * FPS) for at in times_s], np.int64)
    bounds = np.array([0, *frame, SECONDS * FPS])
    changed = np.repeat((bounds[:-1] + bounds[1:] + 1)[:, None] // 2, CELLS, axis=1)
    return Pictures(
        frame,
        np.full(len(frame), still),
        changed,
        np.full((len(frame) + 1, CELLS), 90, np.uint8),
        (0, len(frame)),
    )


def row(pictures: Pictures, place: int, *lines: dict[str, Any], ground: float = 5.0) -> dict[str, Any]:
    return {"frame": int(pictures.frame[place]), "ground": ground, "lines": list(lines)}


def line(text: str, *, top: float = 0.85, left: float = 0.1, probability: float = 0.98) -> dict[str, Any]:
    return {"box": [left, top, 0.012 * len(text), 0.05], "text": text, "probability": probability}


def told(text: ScreenText) -> list[tuple[str, float, float]]:
    return [(one.text, one.start_s, one.end_s) for one in text.lines]


def test_a_text_is_shown_from_change_to_change() -> None:
    pictures = pictures_at([2, 6, 10, 14])
    rows = [
        row(pictures, 0),
        row(pictures, 1, line("Maria Lindgren")),
        row(pictures, 2, line("Maria Lindgren")),
        row(pictures, 3),
    ]

    text = joined(rows, pictures, clock(SECONDS * FPS), "reader")

    assert told(text) == [("Maria Lindgren", pytest.approx(4, abs=0.1), pytest.approx(12, abs=0.1))]
    assert text.model == "reader"
    assert text.lines[0].kind == "lower_third"


def test_the_order_of_the_rows_changes_nothing() -> None:
    pictures = pictures_at(range(1, 39))
    rows = [row(pictures, place, line(f"Part {place // 4}"), line("LIVE", top=0.05)) for place in range(38)]
    shuffled = random.Random(1).sample(rows, len(rows))

    once = joined(rows, pictures, clock(SECONDS * FPS), "reader")

    assert joined(shuffled, pictures, clock(SECONDS * FPS), "reader") == once
    assert [one.text for one in once.lines] == ["LIVE", *(f"Part {part}" for part in range(10))]


def test_times_are_those_of_the_container() -> None:
    pictures = pictures_at([2, 6])
    rows = [row(pictures, place, line("Maria Lindgren")) for place in range(2)]

    (one,) = joined(rows, pictures, clock(SECONDS * FPS, first_s=3600), "reader").lines

    assert 3600 <= one.start_s < 3602
    assert 3606 < one.end_s <= 3640


@pytest.mark.parametrize(
    ("what", "kept"),
    [
        (line("Maria Lindgren"), True),
        (line("Maria Lindgren", probability=0.85), False),
        (line("abc"), False),
        (line("Maria Lindgren", left=0.001), False),
        (line("Maria Lindgren", top=0.9495), False),
    ],
)
def test_what_is_seen_once_must_be_beyond_doubt(what: dict[str, Any], kept: bool) -> None:
    pictures = pictures_at([2, 6, 10])
    rows = [row(pictures, 0), row(pictures, 1, what), row(pictures, 2)]

    assert bool(joined(rows, pictures, clock(SECONDS * FPS), "reader").lines) is kept


def test_what_is_seen_once_in_a_still_picture_is_kept() -> None:
    pictures = pictures_at([2, 6, 10], still=True)
    rows = [row(pictures, 0), row(pictures, 1, line("abc", probability=0.85)), row(pictures, 2)]

    assert len(joined(rows, pictures, clock(SECONDS * FPS), "reader").lines) == 1


def test_rolling_credits_are_told_once_each() -> None:
    pictures = pictures_at([2 * place + 1 for place in range(15)])
    names = [
        f"{first} {last}" for first in ("Anna", "Carla", "Joseph") for last in ("Adler", "Mendes", "Solberg")
    ]
    rows = []
    for place in range(15):
        tops = [(name, 1.0 + 0.15 * at - 0.18 * place) for at, name in enumerate(names)]
        seen = [line(name, top=top, left=0.4) for name, top in tops if 0.02 < top < 0.93]
        rows.append(row(pictures, place, *seen, ground=0.0))

    text = joined(rows, pictures, clock(SECONDS * FPS), "reader")

    assert [one.text for one in text.lines] == names
    assert {one.kind for one in text.lines} == {"credits"}
    assert all(2 < one.end_s - one.start_s < 14 for one in text.lines)


def test_a_title_that_drifts_alone_is_no_credit() -> None:
    pictures = pictures_at([2, 5, 8])
    rows = [row(pictures, place, line("THE END", top=0.6 - 0.1 * place), ground=0.0) for place in range(3)]

    (one,) = joined(rows, pictures, clock(SECONDS * FPS), "reader").lines

    assert one.kind == "title_card"


def test_nothing_read_is_no_text() -> None:
    empty = Pictures(
        np.zeros(0, np.int64),
        np.zeros(0, np.bool_),
        np.ones((1, CELLS), np.int64),
        np.zeros((1, CELLS), np.uint8),
        (0,),
    )

    assert joined([], empty, clock(10), "reader").lines == ()
    assert joined([], pictures_at([2]), clock(SECONDS * FPS), "reader").lines == ()


def test_rows_of_other_pictures_are_refused() -> None:
    with pytest.raises(KeyError):
        joined([{"frame": 7, "ground": 0.0, "lines": []}], pictures_at([2]), clock(SECONDS * FPS), "reader")


def test_a_text_at_the_edge_keeps_its_box_inside() -> None:
    pictures = pictures_at([2, 6])
    rows = [row(pictures, place, line("LIVE NEWS", left=0.95)) for place in range(2)]

    (one,) = joined(rows, pictures, clock(SECONDS * FPS), "reader").lines

    assert one.box[0] + one.box[2] <= 1
