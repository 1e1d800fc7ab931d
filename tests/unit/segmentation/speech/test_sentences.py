"""Words become sentences: at a full stop, at a long pause, at another language, and never endless."""

from __future__ import annotations

import pytest

from actors.segmentation.speech.sentences import MOST_WORDS, sentences_of
from actors.segmentation.transcript import Word


def spoken(text: str, *, start_s: float = 0.0, language: str = "en") -> list[tuple[Word, str]]:
    return [
        (Word(start_s + place * 0.4, start_s + place * 0.4 + 0.3, f" {word}", 0.9), language)
        for place, word in enumerate(text.split())
    ]


def texts(words: list[tuple[Word, str]]) -> list[str]:
    return [sentence.text for sentence in sentences_of(words)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It rains. We stay.", ["It rains.", "We stay."]),
        ("Really? Yes! Well…", ["Really?", "Yes!", "Well…"]),
        ('He said "Stop." Then he left.', ['He said "Stop."', "Then he left."]),
        ("Mr. Allen met Dr. Grey in St. Ives.", ["Mr. Allen met Dr. Grey in St. Ives."]),
        ("J. R. R. Tolkien wrote it.", ["J. R. R. Tolkien wrote it."]),
        ("雨です。 家にいます。", ["雨です。", "家にいます。"]),
        ("बारिश है। हम रुकते हैं।", ["बारिश है।", "हम रुकते हैं।"]),
        ("no stop at all", ["no stop at all"]),
    ],
)
def test_sentences_end_where_a_reader_would_say(text: str, expected: list[str]) -> None:
    assert texts(spoken(text)) == expected


def test_a_long_pause_ends_a_sentence_and_a_short_one_does_not() -> None:
    assert texts(spoken("and then") + spoken("he left", start_s=2.0)) == ["and then he left"]
    assert texts(spoken("and then") + spoken("he left", start_s=3.0)) == ["and then", "he left"]


def test_another_language_begins_another_sentence() -> None:
    found = sentences_of(spoken("he said") + spoken("je pars", start_s=1.0, language="fr"))

    assert [(sentence.language, sentence.text) for sentence in found] == [
        ("en", "he said"),
        ("fr", "je pars"),
    ]


def test_endless_talk_is_cut_at_its_longest_pauses() -> None:
    words = spoken("word " * 30) + spoken("again " * 30, start_s=13.0) + spoken("more " * 30, start_s=26.0)

    found = sentences_of(words)

    assert [len(sentence.words) for sentence in found] == [30, 30, 30]
    without_end = sentences_of(spoken("word " * 9000))
    assert all(MOST_WORDS / 4 <= len(sentence.words) <= MOST_WORDS for sentence in without_end)


def test_no_word_is_lost_or_said_twice() -> None:
    words = spoken("one two. three " * 40)

    assert [word for sentence in sentences_of(words) for word in sentence.words] == [
        word for word, _ in words
    ]


def test_nothing_said_is_no_sentence() -> None:
    assert sentences_of([]) == ()
