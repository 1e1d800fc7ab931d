"""What is said as subtitles and text: short enough to read, in order, and read by an independent parser."""

from __future__ import annotations

from io import StringIO
from itertools import pairwise
from typing import Any

import pytest
import webvtt

from serve_app.exports.captions import (
    LINE_CHARACTERS,
    LONGEST_S,
    captions,
    write_captions,
    write_srt,
    write_text,
)
from serve_app.exports.material import Export

Words = list[dict[str, Any]]


def sentence(text: str, start_s: float, *, word_s: float = 0.4, spaces: bool = True) -> dict[str, Any]:
    written = text.split() if spaces else list(text)
    words = [
        {
            "start_s": start_s + place * word_s,
            "end_s": start_s + (place + 1) * word_s,
            "text": word,
            "probability": 0.9,
        }
        for place, word in enumerate(written)
    ]
    return {
        "start_s": start_s,
        "end_s": words[-1]["end_s"],
        "text": text,
        "language": "en",
        "speaker": None,
        "words": words,
    }


def export(*sentences: dict[str, Any]) -> Export:
    transcript = {"language": "en", "model": "m", "sentences": list(sentences)}
    return Export("film.mp4", {}, {}, [], [], transcript=transcript)


LONG = sentence("one two three four five six seven eight nine ten " * 6, 10.0)


def test_a_short_sentence_is_one_caption() -> None:
    assert write_srt(export(sentence("We meet at noon.", 1.0))) == (
        "1\n00:00:01,000 --> 00:00:02,600\nWe meet at noon.\n"
    )


def test_long_sentences_are_divided_so_that_they_can_be_read() -> None:
    found = captions(export(LONG))

    assert len(found) > 3
    assert all(len(one.lines) <= 2 for one in found)
    assert all(len(line) <= LINE_CHARACTERS for one in found for line in one.lines)
    assert all(one.end_ms - one.begin_ms <= LONGEST_S * 1000 for one in found)
    assert " ".join(line for one in found for line in one.lines).split() == LONG["text"].split()


def test_captions_do_not_overlap() -> None:
    quick = [sentence("yes", 1.0 + place * 0.3, word_s=0.2) for place in range(5)]

    found = captions(export(*quick))

    assert all(one.begin_ms < one.end_ms for one in found)
    assert all(before.end_ms <= after.begin_ms for before, after in pairwise(found))


def test_a_word_is_shown_long_enough_to_be_read() -> None:
    (shown,) = captions(export(sentence("Yes.", 1.0, word_s=0.2)))

    assert shown.end_ms - shown.begin_ms == 800


def test_languages_without_spaces_get_none() -> None:
    text = "雨が降っています" * 20
    found = captions(export(sentence(text, 0.0, spaces=False)))

    assert "".join(line for one in found for line in one.lines) == text


def test_webvtt_is_read_by_another_program() -> None:
    told = write_captions(export(sentence("Fish & chips <now> -->", 1.0), LONG))

    read = webvtt.from_buffer(StringIO(told))

    assert read[0].start == "00:00:01.000"
    assert read[0].text == "Fish &amp; chips &lt;now&gt; --&gt;"
    assert len(read) == len(captions(export(sentence("x", 1.0), LONG)))


def test_srt_is_read_by_another_program() -> None:
    read = webvtt.from_buffer(StringIO(write_srt(export(sentence("Now.", 3725.5), LONG))), format="srt")

    assert (read[0].start, read[0].text) == ("01:02:05.500", "Now.")


def test_text_has_paragraphs_at_long_pauses() -> None:
    told = write_text(export(sentence("One.", 0.0), sentence("Two.", 1.0), sentence("Three.", 10.0)))

    assert told == "One. Two.\n\nThree.\n"


@pytest.mark.parametrize(
    ("write", "empty"), [(write_srt, ""), (write_captions, "WEBVTT\n"), (write_text, "")]
)
def test_nothing_said_is_an_empty_file(write: Any, empty: str) -> None:
    assert write(Export("film.mp4", {}, {}, [], [])) == empty


def test_a_word_before_zero_is_shown_from_zero_on() -> None:
    (shown,) = captions(export(sentence("Hello there.", -0.2)))

    assert shown.begin_ms == 0
