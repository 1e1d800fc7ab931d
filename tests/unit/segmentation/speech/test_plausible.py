"""What a speech model invents is not kept, and what people say is."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from actors.segmentation.speech.plausible import plausible, without_loops
from actors.segmentation.speech.recogniser import HeardWord, Phrase


def said(
    text: str,
    *,
    start_s: float = 0.0,
    word_s: float = 0.3,
    probability: float = 0.9,
    log_probability: float = -0.3,
    compression: float = 1.2,
) -> Phrase:
    words = tuple(
        HeardWord(start_s + place * word_s, start_s + (place + 1) * word_s, f" {word}", probability)
        for place, word in enumerate(text.split())
    )
    return Phrase(words, log_probability, compression)


def text_of(words: Sequence[HeardWord]) -> str:
    return "".join(word.text for word in words).strip()


def test_clear_speech_is_kept_whole() -> None:
    assert text_of(plausible([said("We meet at the old bridge.")])) == "We meet at the old bridge."


@pytest.mark.parametrize(
    "phrase",
    [
        said("Thank you for watching.", log_probability=-1.4),
        said("la la la la", compression=3.0),
        said("Thanks for watching this", probability=0.1),
        said("one two three four five six seven eight", word_s=0.02),
        said("[Music]"),
        said("(applause and cheers)"),
        said("♪ in the summer ♪"),
        said("*laughs*"),
        said("..."),
        Phrase((), -0.1, 1.0),
    ],
    ids=["guess", "repeats", "unsure", "squeezed", "brackets", "round", "notes", "stars", "marks", "empty"],
)
def test_what_subtitles_say_and_nobody_does_is_dropped(phrase: Phrase) -> None:
    kept = said("This was said.", start_s=10)

    assert text_of(plausible([phrase, kept])) == "This was said."


def test_short_answers_may_be_quick() -> None:
    assert text_of(plausible([said("Yes, sure.", word_s=0.05)])) == "Yes, sure."


def test_words_are_in_order_of_time() -> None:
    assert text_of(plausible([said("second", start_s=5), said("first")])) == "first second"


def test_a_phrase_said_over_and_over_is_kept_three_times() -> None:
    looped = said(" ".join(["I know."] * 20))

    assert text_of(without_loops(looped.words)) == "I know. I know. I know."


def test_what_follows_a_loop_is_kept() -> None:
    looped = said(" ".join(["go on"] * 9) + " and then we left")

    assert text_of(without_loops(looped.words)) == "go on go on go on and then we left"


def test_one_word_may_be_said_six_times() -> None:
    assert text_of(without_loops(said("no no no no no no").words)) == "no no no no no no"
    assert text_of(without_loops(said("no " * 30).words)) == "no no no no no no"


def test_case_and_punctuation_do_not_hide_a_loop() -> None:
    assert (
        text_of(without_loops(said("Come on! come on, Come on. COME ON?").words))
        == "Come on! come on, Come on."
    )
