"""What is shown of a found text, what is marked in it, and when it is said."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from cluster.stores.postgres.search.query import parse
from cluster.stores.postgres.search.snippets import LONGEST_SNIPPET, Snippet, snippet_of, words_in
from cluster.stores.postgres.search.text import tokens_of

STARTS_MS = (0, 300, 800, 1000, 2000)
SENTENCE = "We met the other team."


def made(text: str, q: str, stems: Sequence[str] = (), starts_ms: Sequence[int] | None = None) -> Snippet:
    return snippet_of(
        text,
        tokens_of(text),
        parse(q),
        lambda word: word in stems,
        start_s=10.0,
        end_s=12.5,
        word_starts_ms=starts_ms,
    )


def marked(snippet: Snippet) -> list[str]:
    return [snippet.text[start:end] for start, end in snippet.matches]


def test_words_with_a_stem_of_the_query_are_marked() -> None:
    assert marked(made(SENTENCE, "meet teams ", ["met", "team"])) == ["met", "team"]


def test_neighbouring_words_are_one_match() -> None:
    assert marked(made(SENTENCE, "other teams ", ["other", "team"])) == ["other team"]


def test_a_word_is_marked_by_its_form_without_accents() -> None:
    assert marked(made("À l'École.", "ecole ", ["ecole"])) == ["École"]
    assert list(words_in(tokens_of("À l'École."))) == ["à", "a", "l", "école", "ecole"]


def test_what_begins_with_the_last_word_is_marked() -> None:
    assert marked(made("Running, runner, ran.", "runn")) == ["Running", "runner"]


def test_letters_without_spaces_are_marked_where_they_stand() -> None:
    assert marked(made("我们讨论了预算。预算很大", "预算 ")) == ["预算", "预算"]


def test_offsets_count_characters_and_not_units_of_utf_16() -> None:
    snippet = made("🎬🎬 budget", "budget ", ["budget"])
    assert snippet.matches == ((3, 9),)


@pytest.mark.parametrize(
    ("stems", "expected"),
    [
        (["met"], (10.3, 10.8)),
        (["met", "other"], (10.3, 12.0)),
        (["team"], (12.0, 12.5)),
        ([], (10.0, 12.5)),
    ],
)
def test_the_time_is_that_of_the_matching_words(stems: list[str], expected: tuple[float, float]) -> None:
    snippet = made(SENTENCE, "x ", stems, STARTS_MS)
    assert (snippet.start_s, snippet.end_s) == expected


@pytest.mark.parametrize("starts_ms", [None, (), (0, 300)])
def test_without_times_of_words_it_is_that_of_the_moment(starts_ms: Sequence[int] | None) -> None:
    snippet = made(SENTENCE, "met ", ["met"], starts_ms)
    assert (snippet.start_s, snippet.end_s) == (10.0, 12.5)


@pytest.mark.parametrize("place", [0, 40, 199])
def test_a_long_text_is_cut_around_the_first_match(place: int) -> None:
    words = ["word"] * 200
    words[place] = "budget"
    snippet = made(" ".join(words), "budget ", ["budget"])

    assert marked(snippet) == ["budget"]
    assert len(snippet.text) <= LONGEST_SNIPPET + 2
    assert snippet.text.startswith("…") == (place > 20)
    assert snippet.text.endswith("…") == (place < 199)
    assert set(snippet.text.strip("…").split()) <= {"word", "budget"}, "words stay whole"
