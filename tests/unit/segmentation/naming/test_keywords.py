"""Keywords tell a stretch of speech from the rest of the video."""

from __future__ import annotations

from actors.segmentation.naming.keywords import keywords_of
from actors.segmentation.naming.terms import Terms, terms_of

FILLING = ["We go on with our meeting and the members talk.", "Our meeting has members who talk a lot."]


def terms(*texts: str) -> Terms:
    return terms_of([{"text": text, "language": "en"} for text in texts])


def whole_of(*parts: Terms) -> Terms:
    found = Terms()
    for part in parts:
        found.update(part)
    return found


def test_what_is_said_everywhere_is_no_keyword() -> None:
    budget = terms(
        *FILLING, "The school budget grows.", "A school budget pays teachers.", "This school budget"
    )
    roads = terms(*FILLING, "Roads and bridges decay.", "Repair the bridges.", "Bridges first.")
    whole = whole_of(budget, roads)

    assert keywords_of(budget, whole, 1) == ("school budget",)
    assert keywords_of(roads, whole, 1) == ("bridges",)


def test_a_word_of_a_chosen_phrase_is_not_told_again() -> None:
    here = terms("The school budget grows.", "A school budget pays.", "This school budget is late.")

    found = keywords_of(here, whole_of(here, terms(*FILLING)), 5)

    assert found[0] == "school budget"
    assert not {"school", "budget"} & set(found)


def test_a_video_of_one_segment_has_keywords_too() -> None:
    here = terms("Volcanoes erupt.", "A volcano is hot.", "Old volcanoes sleep for years.")

    assert "Volcanoes" in [word.capitalize() for word in keywords_of(here, here, 3)]


def test_in_long_speech_what_is_said_once_is_no_keyword() -> None:
    here = terms(*(f"The glacier moves past stone number {n}." for n in range(30)), "A heron stands there.")

    assert "heron" not in keywords_of(here, here, 20)


def test_without_words_there_are_none() -> None:
    assert keywords_of(Terms(), Terms(), 5) == ()
    assert keywords_of(Terms(), terms(*FILLING), 5) == ()
