"""Lines of one picture: what may be a text, and which parts are one line."""

from __future__ import annotations

import pytest

from actors.segmentation.screen.seen_lines import SeenLine, in_rows, plausible
from actors.segmentation.screen_text import MOST_CHARACTERS


def part(text: str, left: float, width: float, top: float = 0.5, height: float = 0.05) -> SeenLine:
    return SeenLine((left, top, width, height), text, 0.9)


@pytest.mark.parametrize(
    ("text", "probability", "kept"),
    [
        ("The Old Bridge", 0.95, True),
        ("42 %", 0.95, True),
        ("雨の日", 0.95, True),
        ("A4", 0.95, True),
        ("The Old Bridge", 0.6, False),
        ("Z", 0.99, False),
        ("----", 0.99, False),
        ("IIII", 0.99, False),
        ("'vn~''~", 0.99, False),
        ("ab台cd", 0.99, False),
        ("", 0.99, False),
        ("ab" * MOST_CHARACTERS, 0.99, False),
    ],
)
def test_what_may_be_a_text(text: str, probability: float, kept: bool) -> None:
    assert plausible(SeenLine((0.1, 0.1, 0.3, 0.05), text, probability)) is kept


def test_words_of_a_line_are_joined_from_left_to_right() -> None:
    parts = [part("FOUNDATION", 0.5, 0.2), part("THE", 0.3, 0.06, 0.505, 0.04), part("BLENDER", 0.37, 0.12)]

    (line,) = in_rows(parts)

    assert line.text == "THE BLENDER FOUNDATION"
    assert line.box == pytest.approx((0.3, 0.5, 0.4, 0.05))


def test_columns_and_rows_stay_apart() -> None:
    columns = [part("Camera", 0.3, 0.1), part("Joseph Adler", 0.5, 0.2)]
    rows = [part("Directed by", 0.4, 0.2, 0.5), part("Anna Bergstrom", 0.4, 0.2, 0.56)]

    assert [line.text for line in in_rows(columns)] == ["Camera", "Joseph Adler"]
    assert [line.text for line in in_rows(rows[::-1])] == ["Directed by", "Anna Bergstrom"]


def test_a_line_is_read_from_a_store_as_it_was_written() -> None:
    line = part("Camera", 0.3, 0.1)

    assert SeenLine.from_row(line.to_row()) == line
    with pytest.raises(KeyError):
        SeenLine.from_row({"text": "Camera"})
