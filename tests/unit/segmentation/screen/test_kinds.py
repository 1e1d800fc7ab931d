"""What a line is, by its place, size, duration and company."""

from __future__ import annotations

import pytest

from actors.segmentation.screen.kinds import PLAIN_GROUND, Page, Shown, headings, kinds_of
from actors.segmentation.screen.seen_lines import SeenLine

PHOTO = 5.0


def line(text: str, *, x: float = 0.5, y: float = 0.5, height: float = 0.05) -> SeenLine:
    """x, y: of its middle."""
    width = min(0.9, 0.35 * height * len(text))
    return SeenLine((x - width / 2, y - height / 2, width, height), text, 0.99)


def left(text: str, y: float, height: float = 0.05, at: float = 0.07) -> SeenLine:
    return SeenLine((at, y - height / 2, 0.35 * height * len(text), height), text, 0.99)


def kinds(*lines: SeenLine, ground: float = 0.0, still: bool = True, seconds: float = 4.0) -> list[str]:
    page = Page(lines, ground, still)
    return kinds_of([Shown(0.0, seconds, one.text, ((one, page),)) for one in lines])


def series(lines: list[SeenLine], ground: float = PHOTO, seconds: float = 3.0) -> list[str]:
    """One after the other over a running picture."""
    shown = [
        Shown(start * seconds, (start + 1) * seconds, one.text, ((one, Page((one,), ground, False)),))
        for start, one in enumerate(lines)
    ]
    return kinds_of(shown)


@pytest.mark.parametrize("ground", [0.0, PLAIN_GROUND])
def test_a_line_alone_in_the_middle_is_a_title_card(ground: float) -> None:
    assert kinds(line("The Old Bridge", height=0.09), ground=ground) == ["title_card"]
    assert kinds(line("presents", height=0.03), ground=ground) == ["title_card"]


def test_what_stands_close_to_a_title_belongs_to_it() -> None:
    lines = (line("The Old Bridge", height=0.1), line("a film by Helen Marsh", y=0.62, height=0.04))

    assert kinds(*lines) == ["title_card"] * 2
    assert kinds(*lines, ground=PHOTO, still=False) == ["title_card"] * 2


def test_a_large_title_may_stand_at_the_left() -> None:
    assert kinds(left("Chapter 2", 0.5, 0.08)) == ["title_card"]
    assert kinds(left("(c) 2019 Nobody", 0.1, 0.02)) == ["other"]


def test_a_logo_that_stays_is_no_title() -> None:
    assert kinds(line("NEWS", height=0.1), ground=PHOTO, still=False, seconds=60) == ["other"]


def test_a_slide_has_a_heading_and_a_body() -> None:
    page = (left("Budget", 0.12, 0.09), left("Schools", 0.3), left("Roads", 0.4), left("Reserve", 0.5))

    assert kinds(*page) == ["heading", "slide", "slide", "slide"]


def test_a_heading_may_have_two_lines() -> None:
    page = Page(
        (left("The budget of", 0.1, 0.09), left("next year", 0.2, 0.088), left("Schools", 0.4)), 0.0, True
    )

    assert [one.text for one in headings(page)] == ["The budget of", "next year"]


def test_lines_of_one_size_have_no_heading() -> None:
    assert kinds(*(left(f"def step_{row}():", 0.1 + 0.08 * row) for row in range(8))) == ["slide"] * 8


def test_a_slide_over_a_photograph_is_told_by_its_lines() -> None:
    page = [left("Budget", 0.12, 0.09), *(left(f"Point {row}", 0.3 + 0.1 * row) for row in range(6))]

    assert kinds(*page, ground=PHOTO) == ["heading", *["slide"] * 6]
    assert "heading" not in kinds(*page, ground=PHOTO, still=False)


def test_a_heading_that_is_first_alone_is_one_by_most_pictures() -> None:
    heading, body = left("Budget", 0.12, 0.09), [left(f"Point {row}", 0.3 + 0.1 * row) for row in range(3)]
    pages = [Page((heading, *body[:shown]), 0.0, True) for shown in range(4)]

    assert kinds_of([Shown(0, 9, "Budget", tuple((heading, page) for page in pages))]) == ["heading"]


def test_a_name_in_the_lower_third() -> None:
    lines = (left("Maria Lindgren", 0.8, 0.07), left("Harbour master", 0.87))

    assert kinds(*lines, ground=PHOTO, still=False) == ["lower_third"] * 2
    assert kinds(*lines, ground=PHOTO, still=False, seconds=300) == ["other"] * 2


def test_subtitles_follow_each_other() -> None:
    said = [line(text, y=0.9, height=0.06) for text in ("Nobody knew.", "Nobody at all.", "It is late.")]

    assert series(said) == ["caption"] * 3
    assert series(said[:1]) == ["lower_third"]
    assert series(said, seconds=40.0) == ["other"] * 3


def test_a_subtitle_over_black_is_no_title_card() -> None:
    said = [line(text, y=0.9, height=0.06) for text in ("Nobody knew.", "Nobody at all.", "It is late.")]

    assert series(said, ground=0.0) == ["caption"] * 3


def test_names_at_one_place_are_no_subtitles() -> None:
    names = [left(text, 0.85, 0.06) for text in ("Maria Lindgren", "Paul Okafor", "Carla Mendes")]

    assert series(names) == ["lower_third"] * 3


def test_stacked_names_are_credits_and_so_is_what_rolls() -> None:
    names = [line(f"Given Family {row}", y=0.2 + 0.1 * row, height=0.04) for row in range(6)]
    page = Page(tuple(names), PHOTO, False)

    assert kinds(*names) == ["credits"] * 6
    assert kinds_of([Shown(0, 9, "Anna", ((names[0], page),), rolls=True)]) == ["credits"]


def test_a_sign_in_the_scene_is_other() -> None:
    assert kinds(line("APAU HAWAII TOURS", x=0.75, y=0.1, height=0.04), ground=PHOTO, still=False) == [
        "other"
    ]
