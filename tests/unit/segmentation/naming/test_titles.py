"""Where a title comes from: text on screen first, then what is said, then the class of the sound."""

from __future__ import annotations

from typing import Any

import pytest

from actors.segmentation.naming.titles import Title, title_of


def entry(text: str, start_s: float, end_s: float, kind: str = "heading", top: float = 0.1) -> dict[str, Any]:
    box = [0.1, top, 0.5, 0.05]
    return {"text": text, "start_s": start_s, "end_s": end_s, "kind": kind, "probability": 0.9, "box": box}


def title(
    *shown: dict[str, Any],
    said: str = "",
    said_s: float = 50.0,
    keywords: tuple[str, ...] = (),
    label: str = "speech",
) -> Title | None:
    return title_of(100.0, 200.0, shown, said, said_s, keywords, label)


def test_a_heading_goes_before_what_is_said() -> None:
    assert title(entry("Plate tectonics", 110, 160), keywords=("stone",)) == Title(
        "Plate tectonics", "screen"
    )


def test_the_heading_that_is_shown_longest_is_taken() -> None:
    found = title(entry("Short", 100, 115), entry("Long", 115, 150), entry("long", 160, 190))

    assert found == Title("Long", "screen")


def test_a_title_card_at_the_start_announces_what_follows() -> None:
    shown = entry("Chapter two", 101, 106, "title_card"), entry("Agenda", 120, 138)

    assert title(*shown) == Title("Chapter two", "screen")


def test_the_card_of_the_next_segment_is_not_this_one_s() -> None:
    assert title(entry("Chapter three", 199.8, 204, "title_card")) == Title("Speech", "class")


def test_a_title_card_in_the_middle_does_not() -> None:
    shown = entry("Chapter two", 150, 156, "title_card"), entry("Agenda", 120, 138)

    assert title(*shown) == Title("Agenda", "screen")


def test_of_title_cards_the_one_that_is_shown_longest_is_taken() -> None:
    shown = entry("A production", 101, 104, "title_card"), entry("The Film", 120, 130, "title_card")

    assert title(*shown) == Title("The Film", "screen")


def test_lines_that_appear_together_are_one_title_from_top_to_bottom() -> None:
    lines = [
        entry("follows the water", 100.2, 140, top=0.2),
        entry("How a harbor", 100.0, 140, top=0.1),
        entry("Another slide", 141, 150),
    ]

    assert title(*lines) == Title("How a harbor follows the water", "screen")


def test_what_is_said_in_few_words_is_the_title() -> None:
    assert title(said="I am searching for someone.") == Title("I am searching for someone.", "speech")
    assert title(said="word " * 20, keywords=("word",)) == Title("Word", "speech")


@pytest.mark.parametrize("text", ["7", "3.14 = 22 / 7", "x" * 101])
def test_a_number_a_formula_and_a_sentence_are_no_titles(text: str) -> None:
    assert title(entry(text, 100, 200), keywords=("pi",)) == Title("Pi", "speech")


def test_a_slide_that_only_passes_names_nothing() -> None:
    assert title(entry("Plate tectonics", 90, 104), keywords=("stone",)) == Title("Stone", "speech")


@pytest.mark.parametrize("kind", ["lower_third", "caption", "slide", "credits", "sign"])
def test_other_text_is_no_title(kind: str) -> None:
    assert title(entry("Ada Lovelace", 100, 200, kind)) == Title("Speech", "class")


def test_of_speech_the_two_best_phrases_are_told() -> None:
    assert title(keywords=("school budget", "teachers", "roof")) == Title("School budget, teachers", "speech")


def test_where_nothing_is_known_there_is_no_title() -> None:
    assert title(label="") is None


@pytest.mark.parametrize("said", ["...", "-", "♪", "42"])
def test_what_has_no_letters_is_no_title(said: str) -> None:
    assert title(said=said) == Title("Speech", "class")


def test_a_word_of_thanks_does_not_name_an_hour_of_music() -> None:
    assert title(said="Thank you.", said_s=1.0, keywords=("thank",), label="music") == Title("Music", "class")


def test_titles_are_never_long() -> None:
    assert title(said="word " * 20, keywords=("a" * 60, "b" * 60)) == Title("A" + "a" * 59, "speech")
    assert title(said="word " * 20, keywords=("a" * 200,)) == Title("Speech", "class")


def test_a_line_that_only_blinks_is_no_part_of_a_heading() -> None:
    lines = entry("Plate tectonics", 100, 190), entry("Blink", 100.3, 100.6, top=0.2)

    assert title(*lines) == Title("Plate tectonics", "screen")


def test_of_two_long_lines_the_upper_one_is_the_title() -> None:
    upper, lower = "An upper line " + "x" * 50, "Zzz a lower line " + "y" * 50

    assert title(entry(upper, 100, 190), entry(lower, 100, 190, top=0.2)) == Title(upper, "screen")
