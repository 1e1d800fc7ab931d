"""Words, forms without accents, and pairs of letters where no spaces stand."""

from __future__ import annotations

import pytest

from cluster.stores.postgres.search.languages import config_of
from cluster.stores.postgres.search.text import form_of, pairs_of, pairs_vector, tokens_of

ALL = frozenset({"simple", "english", "portuguese", "norwegian"})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("We meet, at 10:30!", ["we", "meet", "at", "10", "30"]),
        ("Budget_Meeting-2024.final", ["budget", "meeting", "2024", "final"]),
        ("http://a.example/b?c=d", ["http", "a", "example", "b", "c", "d"]),
        ("l’école d'été", ["l", "école", "d", "été"]),
        ("हिन्दी में", ["हिन्दी", "में"]),  # vowel signs are marks, not letters
        ("ＦＵＬＬ width ﬁne", ["full", "width", "fine"]),
        ("iPhone手机很好 ok", ["iphone", "手机很好", "ok"]),
        ("--- … !", []),
        ("", []),
    ],
)
def test_words_are_runs_of_letters_and_digits(text: str, words: list[str]) -> None:
    assert [token.word for token in tokens_of(text)] == words


def test_a_token_knows_its_place_in_the_text() -> None:
    text = "Ärger, мир и 手机!"
    assert [text[token.start : token.end] for token in tokens_of(text)] == ["Ärger", "мир", "и", "手机"]
    assert [token.unspaced for token in tokens_of(text)] == [False, False, False, True]


@pytest.mark.parametrize(
    ("word", "form"),
    [
        ("École", "ecole"), ("häuser", "hauser"), ("Straße", "strasse"), ("smørrebrød", "smorrebrod"),
        ("Œuvre", "oeuvre"), ("λόγος", "λογοσ"), ("ёлка", "елка"),
        ("край", "край"),  # й is a letter of its own, not an и with an accent
        ("كَتَبَ", "كتب"), ("naïve", "naive"), ("plain", "plain"),
    ],
)  # fmt: skip
def test_forms_have_no_accents(word: str, form: str) -> None:
    assert form_of(word) == form


def test_japanese_letters_keep_the_marks_that_make_them_others() -> None:
    assert form_of("が") != form_of("か")


def test_runs_without_spaces_are_cut_into_pairs() -> None:
    assert pairs_of("预算会") == ["预算", "算会"]
    assert pairs_of("预") == ["预"]


def test_pairs_stand_one_after_the_other_and_runs_apart() -> None:
    vector = pairs_vector(list(tokens_of("预算会 ok 好")))
    assert vector == "'预算':1 '算会':2 '会':3 '好':5"


def test_a_repeated_pair_keeps_all_its_positions() -> None:
    assert pairs_vector(list(tokens_of("哈哈哈"))) == "'哈哈':1 '哈哈':2 '哈':3"


@pytest.mark.parametrize(
    ("language", "config"),
    [
        ("en", "english"), ("EN", "english"), ("pt-BR", "portuguese"), ("nb", "norwegian"),
        ("hu", "simple"),  # this server does not have it
        ("zh", "simple"), ("", "simple"), (None, "simple"),
    ],
)  # fmt: skip
def test_a_language_has_the_configuration_that_the_server_has(language: str | None, config: str) -> None:
    assert config_of(language, ALL) == config
