"""What always holds of a transcript, and how its document looks."""

from __future__ import annotations

import json

import pytest

from actors.segmentation.transcript import Sentence, Transcript, Word, row_of, words_of

HELLO = Word(1.0004, 1.5, " Hello", 0.91239)
WORLD = Word(1.5, 2.0, " world.", 0.8)


def test_the_document_has_the_keys_of_the_contract() -> None:
    transcript = Transcript((Sentence((HELLO, WORLD), "en"),), "whisper-base")

    document = transcript.to_document()

    assert json.loads(json.dumps(document)) == {
        "language": "en",
        "model": "whisper-base",
        "sentences": [
            {
                "start_s": 1.0,
                "end_s": 2.0,
                "text": "Hello world.",
                "language": "en",
                "speaker": None,
                "topic": None,
                "words": [
                    {"start_s": 1.0, "end_s": 1.5, "text": "Hello", "probability": 0.912},
                    {"start_s": 1.5, "end_s": 2.0, "text": "world.", "probability": 0.8},
                ],
            }
        ],
    }


def test_nothing_said_is_null() -> None:
    assert Transcript((), "whisper-base").to_document() is None
    assert Transcript((), "whisper-base").language is None


def test_the_language_is_that_of_most_words() -> None:
    later = (Word(3, 4, " oui", 0.5),)
    transcript = Transcript((Sentence((HELLO, WORLD), "en"), Sentence(later, "fr")), "m")

    assert transcript.language == "en"


def test_words_of_languages_without_spaces_are_joined_as_they_are() -> None:
    assert Sentence((Word(0, 1, "雨", 0.9), Word(1, 2, "です。", 0.9)), "ja").text == "雨です。"


def test_a_stored_word_is_read_as_it_was_written() -> None:
    assert words_of([row_of(WORLD)]) == (WORLD,)


@pytest.mark.parametrize("wrong", [(2.0, 1.0, " a", 0.5), (0.0, 1.0, " ", 0.5), (0.0, 1.0, " a", 1.5)])
def test_a_word_that_cannot_be_is_refused(wrong: tuple[float, float, str, float]) -> None:
    with pytest.raises(ValueError, match=r"word|probability"):
        Word(*wrong)


def test_sentences_and_words_are_in_order() -> None:
    with pytest.raises(ValueError, match="order"):
        Sentence((WORLD, HELLO), "en")
    with pytest.raises(ValueError, match="words"):
        Sentence((), "en")
    with pytest.raises(ValueError, match="order"):
        Transcript((Sentence((WORLD,), "en"), Sentence((HELLO,), "en")), "m")


def test_a_topic_is_a_probability_of_four_digits() -> None:
    sentence = Sentence((HELLO,), "en", topic=0.123456)

    assert sentence.to_dict()["topic"] == 0.1235
    with pytest.raises(ValueError, match="probability"):
        Sentence((HELLO,), "en", topic=1.5)
