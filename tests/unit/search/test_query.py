"""What was typed becomes queries in the notation of tsquery, whatever it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.stores.postgres.search.query import (
    MOST_PARTS,
    ConfigQuery,
    Stems,
    compose,
    goes_on,
    owner_mark,
    parse,
    texts_of,
)
from cluster.stores.postgres.search.text import tokens_of

STOP_WORDS = {"the", "to", "be"}


def stems_of(texts: list[str], config: str = "english") -> Stems:
    """As PostgreSQL gives them, with a stemmer that takes an s away."""

    def stem(text: str) -> str:
        words = [word.removesuffix("s") for word in text.split() if word not in STOP_WORDS]
        return " <-> ".join(f"'{word}'" for word in words)

    return {(config, text): stem(text) for text in texts}


def composed(q: str, *marks: str) -> ConfigQuery:
    parts = parse(q)
    return compose(parts, "english", stems_of(texts_of(parts)), marks)


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("two words ", [("two", False, False), ("words", False, False)]),
        ('"a phrase" word ', [("a phrase", True, False), ("word", False, False)]),
        ('-no -"not this" yes ', [("no", False, True), ("not this", False, True), ("yes", False, False)]),
        ('"never closed', [("never closed", True, False)]),
        ("e-mail ", [("e mail", False, False)]),
        ('- "" ! \\ & | :* () <-> ', []),
    ],
)
def test_words_phrases_and_exclusions_are_told_apart(q: str, expected: list[tuple[str, bool, bool]]) -> None:
    found = [
        (" ".join(token.word for token in part.tokens), part.required, part.excluded) for part in parse(q)
    ]
    assert found == expected


@pytest.mark.parametrize(
    ("q", "prefix"),
    [
        ("budget meet", True), ("budget meet ", False), ("budget meet,", False), ('budget "meet"', False),
        ("budget -meet", False), ("b", False), ("预", False), ("e-mail", False),
    ],
)  # fmt: skip
def test_only_a_last_word_that_is_being_typed_may_go_on(q: str, prefix: bool) -> None:
    assert parse(q)[-1].prefix is prefix


def test_all_words_are_wanted_with_their_stems_and_marks() -> None:
    query = composed("cats dogs ", "/o1")
    assert query.every == "('/o1' & 'cat' & 'dog')"
    assert query.ranking == "('cat' & 'dog')"
    assert query.terms == ((0, "'cat'"), (1, "'dog'"))


def test_stop_words_are_left_out_unless_there_is_nothing_else() -> None:
    assert composed("the cats ").ranking == "'cat'"
    alone = composed("to be ")
    assert alone.ranking == "('=to' & '=be')"
    assert alone.forms == {"to", "be"}


def test_what_is_excluded_holds_for_moments_with_some_words_too() -> None:
    query = composed("cats birds -dogs ")
    assert "!'dog'" in query.every
    assert "!'dog'" in query.base


def test_a_phrase_is_required_of_moments_with_some_words() -> None:
    query = composed('"old cats" birds fish ')
    assert "('old' <-> 'cat')" in query.base
    assert [number for number, _ in query.terms] == [1, 2]


def test_of_three_words_two_are_enough() -> None:
    assert composed("a1 b1 c1 ").pairs.count("&") == 3
    assert composed("a1 b1 ").pairs == ""


def test_a_word_without_accents_is_looked_for_as_well() -> None:
    parts = parse("écoles ")
    assert texts_of(parts) == ["écoles", "ecoles"]
    assert composed("écoles ").ranking == "('école' | 'ecole')"


def test_the_last_word_finds_what_begins_with_it() -> None:
    assert composed("runn").ranking == "('runn' | '=runn':* | 'runn':*)"
    parts = parse("runn")
    assert [goes_on(parts, token) for token in tokens_of("running run")] == [True, False]


def test_letters_without_spaces_are_looked_for_in_pairs() -> None:
    assert composed("预算会 ").ranking == "('预算' <-> '算会')"
    assert composed("预 ").ranking == "'预':*"


def test_a_long_query_is_cut() -> None:
    assert len(parse("word " * 100)) == MOST_PARTS


def test_marks_of_owners_are_plain_whatever_their_names_are() -> None:
    assert owner_mark("o'tool \\ & |").removeprefix("/o").isalnum()


@given(q=st.text(max_size=60))
def test_whatever_is_typed_has_a_meaning_or_no_words(q: str) -> None:
    parts = parse(q)
    if any(not part.excluded for part in parts):
        query = compose(parts, "english", stems_of(texts_of(parts)), ["/o1"])
        assert query.every
        assert "()" not in query.every
