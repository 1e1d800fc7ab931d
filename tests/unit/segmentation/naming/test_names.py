"""Segments get titles, keywords and roles; nothing else of them changes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from actors.segmentation.naming.names import named
from actors.segmentation.timeline import Boundary, Segment


def segment(
    level: str, index: int, parent: int | None, start_s: int, end_s: int, role: str = "content"
) -> Segment:
    """Of a video of one frame a second."""
    return Segment(
        level, index, parent, start_s, end_s, start_s, end_s, start_s, end_s,
        Boundary("cut" if index else "start", 1, 1, 0, start_s, start_s), "speech",
        None, None, None, None, role,
    )  # fmt: skip


def shown(text: str, start_s: float, end_s: float, kind: str) -> dict[str, Any]:
    return {
        "text": text,
        "start_s": start_s,
        "end_s": end_s,
        "kind": kind,
        "probability": 0.9,
        "box": [0, 0, 1, 1],
    }


def said(text: str, start_s: float, end_s: float) -> dict[str, Any]:
    return {"text": text, "start_s": start_s, "end_s": end_s, "language": "en"}


FILM = (
    segment("chapter", 0, None, 0, 60),
    segment("chapter", 1, None, 60, 120),
    segment("scene", 0, 0, 0, 60),
    segment("scene", 1, 1, 60, 100),
    segment("scene", 2, 1, 100, 120),
    segment("shot", 0, 0, 0, 10),
    segment("shot", 1, 0, 10, 60),
    segment("shot", 2, 1, 60, 100),
    segment("shot", 3, 2, 100, 120),
)
TRANSCRIPT = {
    "sentences": [
        said("The school budget grows, says the board.", 12, 20),
        said("A larger school budget pays for teachers.", 30, 40),
        said("Bridges decay and the board waits.", 62, 70),
        said("Old bridges need repair.", 99, 104),  # its middle is in scene 2
    ]
}


def roles(segments: tuple[Segment, ...], level: str) -> list[str]:
    return [one.role for one in segments if one.level == level]


def test_words_go_to_the_segment_that_holds_their_middle() -> None:
    found = named(FILM, TRANSCRIPT, None)

    titles = {(one.level, one.index): (one.title, one.title_source) for one in found}
    assert titles["chapter", 0] == ("School budget, grows", "speech")
    assert str(titles["chapter", 1][0]).startswith("Bridges")
    assert titles["scene", 2] == ("Old bridges need repair.", "speech")
    assert all(titles["shot", index] == (None, None) for index in range(4))
    assert "school budget" in found[0].keywords


def test_only_names_and_roles_change() -> None:
    found = named(FILM, TRANSCRIPT, [shown("News", 0, 9, "title_card")])

    bare = [
        replace(one, title=None, title_source=None, keywords=(), role="content", role_confidence=1.0)
        for one in found
    ]
    assert bare == list(FILM)


def test_without_words_the_class_of_the_sound_is_the_title() -> None:
    assert [(one.title, one.title_source) for one in named(FILM, None, None)][:5] == [("Speech", "class")] * 5


def test_text_gives_shots_their_roles_and_most_of_the_time_those_of_scenes() -> None:
    screen = [
        shown("The Glacier", 1, 9, "title_card"),
        shown("Jane Doe", 101, 110, "credits"),
        shown("John Roe", 108, 119, "credits"),
    ]

    found = named(FILM, None, screen)

    assert roles(found, "shot") == ["title", "content", "content", "credits"]
    assert roles(found, "scene") == ["content", "content", "credits"]
    assert roles(found, "chapter") == ["content", "content"]
    assert next(one.role_confidence for one in found if one.level == "shot" and one.index == 3) == 0.9


def test_credits_at_the_start_are_an_opening() -> None:
    assert roles(named(FILM, None, [shown("Jane Doe", 0, 9, "credits")]), "shot")[0] == "opening"


def test_a_slate_is_told_by_its_fields() -> None:
    slate = [shown("PROGRAMME: The Glacier", 0, 10, "title_card"), shown("DURATION: 24'", 0, 10, "other")]

    assert roles(named(FILM, None, slate), "shot")[0] == "slate"
    assert roles(named(FILM, None, slate[:1]), "shot")[0] == "title"


def test_a_card_that_stands_still_is_a_card() -> None:
    still = tuple(replace(one, role="static") if one.end_s == 10 else one for one in FILM)

    assert roles(named(still, None, [shown("News", 0, 9, "title_card")]), "shot")[0] == "title"
    assert roles(named(still, None, []), "shot")[0] == "static"


def test_what_the_picture_says_stays() -> None:
    bars = tuple(replace(one, role="bars") if one.end_s == 10 else one for one in FILM)

    assert roles(named(bars, None, [shown("SMPTE", 0, 9, "title_card")]), "shot")[0] == "bars"


def test_of_sound_alone_there_are_titles_and_no_other_roles() -> None:
    found = named([one for one in FILM if one.level != "shot"], TRANSCRIPT, None)

    assert {one.role for one in found} == {"content"}
    assert found[0].title_source == "speech"


def test_done_again_it_gives_the_same() -> None:
    once = named(FILM, TRANSCRIPT, None)

    assert named(once, TRANSCRIPT, None) == once
    assert named(once, None, None)[0].title == "Speech"
