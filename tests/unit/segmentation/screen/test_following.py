"""Which lines of successive pictures are one text."""

from __future__ import annotations

import pytest

from actors.segmentation.screen.following import Trail, follow, likeness
from actors.segmentation.screen.seen_lines import SeenLine


def line(text: str, *, left: float = 0.3, top: float = 0.8, probability: float = 0.99) -> SeenLine:
    return SeenLine((left, top, 0.018 * len(text), 0.06), text, probability)


def texts(*pictures: list[SeenLine]) -> list[tuple[str, list[int]]]:
    return [(trail.text, trail.places) for trail in follow(list(enumerate(pictures)))]


def test_a_text_that_stays_is_one() -> None:
    assert texts([line("Maria Lindgren")], [line("Maria Lindgren")]) == [("Maria Lindgren", [0, 1])]


def test_readings_that_differ_are_voted_on_by_their_probabilities() -> None:
    (trail,) = follow(
        [
            (0, [line("Maria Lindgren", probability=0.99)]),
            (1, [line("Marla Lindgren", probability=0.85)]),
            (2, [line("Marla Lindgren", probability=0.1)]),
        ]
    )

    assert trail.text == "Maria Lindgren"
    assert trail.probability == pytest.approx(0.99)


def test_subtitles_at_one_place_are_several() -> None:
    found = texts([line("I don't know.")], [line("I don't care.")], [line("Nor do I.")])

    assert [text for text, _ in found] == ["I don't know.", "I don't care.", "Nor do I."]


def test_numbers_of_few_digits_are_not_alike() -> None:
    assert len(texts([line("2019")], [line("2020")])) == 2
    assert len(texts([line("Chapter 1")], [line("Chapter 2")])) == 2


def test_a_text_may_be_missed_twice() -> None:
    shown = [line("12news.com")]

    assert texts(shown, [], [], shown) == [("12news.com", [0, 3])]
    assert len(texts(shown, [], [], [], shown)) == 2


def test_a_text_whose_place_another_takes_has_gone() -> None:
    shown = [line("Budget")]

    assert len(texts(shown, [line("Schedule")], shown)) == 3


def test_a_text_that_rises_is_one() -> None:
    pictures = [[line("Anna Bergstrom", top=top)] for top in (0.9, 0.6, 0.3)]

    (trail,) = follow(list(enumerate(pictures)))
    assert trail.risen == pytest.approx(0.6)


def test_two_equal_texts_at_two_places_are_two() -> None:
    both = [line("Thank you", top=0.2), line("Thank you", top=0.7)]

    assert texts(both, both) == [("Thank you", [0, 1]), ("Thank you", [0, 1])]


def test_a_text_that_is_typed_is_one_and_whole() -> None:
    (trail,) = follow([(0, [line("Open a new")]), (1, [line("Open a new browser.")])])

    assert trail.text == "Open a new browser."
    assert trail.box[2] == pytest.approx(0.018 * len("Open a new browser."))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("The End", "the end", 1.0),
        ("THE OLD BRIDGE", "THE0LDBRIDGE", 1 - 1 / 12),
        ("12", "13", 0.0),
        ("short", "quite another text", 0.0),
    ],
)
def test_how_alike_two_texts_are(one: str, other: str, expected: float) -> None:
    assert likeness(one, other) == pytest.approx(expected)
    assert likeness(other, one) == pytest.approx(expected)


def test_a_work_that_is_stopped_stops_between_two_pictures() -> None:
    seen: list[int] = []

    def stop() -> None:
        seen.append(1)
        if len(seen) == 3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        follow([(n, [line("Harbour")]) for n in range(5)], stop)


def test_a_trail_has_at_least_the_text_it_was_made_of() -> None:
    trail = Trail()
    trail.add(4, line("One"))

    assert (trail.places, trail.text, trail.risen) == ([4], "One", 0.0)
