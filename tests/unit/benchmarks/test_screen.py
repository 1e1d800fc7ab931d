"""How what is read is compared with what is shown."""

from __future__ import annotations

import pytest

from actors.segmentation.screen_text import ScreenText, ShownLine
from tests.benchmarks.screen import VIDEOS, Truth, compared, report
from tests.support.lettering import bricks

SCENE = bricks(1, 1600, 720)
BOX = (0.1, 0.1, 0.3, 0.1)
TRUTHS = (Truth("The Old Bridge", "title_card", 0.0, 3.0), Truth("Maria Lindgren", "lower_third", 5.0, 9.0))


def read(*lines: tuple[str, str, float, float]) -> tuple[ScreenText, int, float, float]:
    shown = [ShownLine(start, end, text, 0.9, BOX, kind) for text, kind, start, end in lines]
    return ScreenText(tuple(shown), "reader"), 10, 0.5, 6.0


def test_what_is_read_as_it_stands_has_no_errors() -> None:
    outcome = compared("x", TRUTHS, read(*((one.text, one.kind, one.start_s, one.end_s) for one in TRUTHS)))

    assert (outcome.errors, outcome.right_kinds, outcome.false_lines) == (0, 2, ())
    assert outcome.off_s == (0, 0, 0, 0)
    assert "character error rate 0.000, kinds right 1.00" in report([outcome])


def test_wrong_letters_missing_and_invented_lines_count() -> None:
    outcome = compared("x", TRUTHS, read(("The 0ld Bridge", "other", 0.5, 3.0), ("Oak", "other", 6.0, 8.0)))

    assert outcome.errors == 1 + len("Maria Lindgren")
    assert outcome.right_kinds == 0
    assert outcome.false_lines == ("Oak",)
    assert outcome.off_s == pytest.approx((0.5, 0.0))


@pytest.mark.parametrize("name", VIDEOS)
def test_every_video_has_parts_that_can_be_drawn(name: str) -> None:
    parts = list(VIDEOS[name]([SCENE]))

    for part in (parts[0], parts[-1]):
        assert part.picture(0.5).shape == (720, 1280, 3)
        assert all(0 <= one.start_s < one.end_s <= part.seconds for one in part.truths)
