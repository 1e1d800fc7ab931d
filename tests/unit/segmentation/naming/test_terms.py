"""Phrases that can name something: without stop words at their ends, counted by their stems."""

from __future__ import annotations

import pytest

from actors.segmentation.naming.terms import Terms, stem, terms_of


def terms(*texts: str, language: str = "en") -> Terms:
    return terms_of([{"text": text, "language": language} for text in texts])


def written(found: Terms) -> set[str]:
    return {found.written(key) for key in found.counts}


def test_phrases_begin_and_end_with_words_that_say_something() -> None:
    assert written(terms("The budget of the school is late.")) == {
        *("budget", "school", "late"),
        *("budget of the school", "school is late"),
    }


def test_no_phrase_goes_over_a_comma_or_a_sentence() -> None:
    assert "budget roads" not in written(terms("First the budget, roads come later. Bridges"))
    assert "later Bridges" not in written(terms("First the budget, roads come later. Bridges"))


def test_inflections_are_one_term_and_written_as_most_often() -> None:
    found = terms("taxes rise", "the taxes fall", "a tax is due")

    assert found.counts[("tax",)] == 3
    assert found.written(("tax",)) == "taxes"


@pytest.mark.parametrize(
    ("one", "other", "language"),
    [
        ("Häuser", "Häusern", "de"),
        ("maisons", "maison", "fr"),
        ("школы", "школа", "ru"),
        ("councillor’s", "councillor", "en"),
    ],
)
def test_stems_of_other_languages(one: str, other: str, language: str) -> None:
    assert stem(one, language) == stem(other, language) is not None


@pytest.mark.parametrize("word", ["the", "The", "don't", "don’t", "x", "42", "okay", "it's"])
def test_what_is_no_term(word: str) -> None:
    assert stem(word, "en") is None


def test_languages_without_spaces_give_no_terms() -> None:
    assert not terms("今日は天気がいい", language="ja").counts


def test_a_language_that_nobody_knows_has_words_as_they_are() -> None:
    assert ("blarg",) in terms("blarg", language="tlh").counts


def test_names_have_a_capital_letter_every_time() -> None:
    found = terms("We met Ada Lovelace", "Engines", "the engines")

    assert found.is_name(("ada", "lovelac"))
    assert not found.is_name(("engin",))


def test_sums_are_those_of_the_whole() -> None:
    one, other, both = terms("taxes rise"), terms("tax rises"), terms("taxes rise", "tax rises")
    one.update(other)

    assert (one.counts, one.words) == (both.counts, both.words)


@pytest.mark.parametrize(
    ("text", "language", "word"),
    [
        ("अर्थव्यवस्था महत्वपूर्ण है", "hi", "अर्थव्यवस्था"),
        ("பொருளாதாரம் முக்கியம்", "ta", "பொருளாதாரம்"),
        ("می‌خواهم کتاب", "fa", "می‌خواهم"),
        ("de\u0301mocratie europe\u0301enne", "fr", "d\u00e9mocratie"),
    ],
)
def test_marks_and_joiners_belong_to_their_words(text: str, language: str, word: str) -> None:
    found = terms(text, language=language)

    assert any(word in found.written(key).split() for key in found.counts)
    assert found.words == len(text.replace(" है", "").split()) + (" है" in text)


def test_what_a_model_repeats_without_end_is_no_word() -> None:
    assert written(terms("good " + "la" * 40 + " harbor")) == {"harbor"}
