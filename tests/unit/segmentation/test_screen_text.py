"""What always holds of the text on screen, and how its document looks."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from actors.segmentation.screen_text import KINDS, MOST_CHARACTERS, ScreenText, ShownLine

TITLE = ShownLine(1.00049, 4.0, "The Old Bridge", 0.99871, (0.3, 0.4, 0.4, 0.1234567), "title_card")


def test_the_document_has_the_keys_of_the_contract() -> None:
    document = ScreenText((TITLE,), "reader").to_document()

    assert json.loads(json.dumps(document)) == [
        {
            "start_s": 1.0,
            "end_s": 4.0,
            "text": "The Old Bridge",
            "probability": 0.999,
            "box": [0.3, 0.4, 0.4, 0.1235],
            "kind": "title_card",
        }
    ]


def test_nothing_shown_is_an_empty_list() -> None:
    assert ScreenText((), "reader").to_document() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"end_s": 1.0},
        {"probability": 1.01},
        {"text": ""},
        {"text": " The Old Bridge"},
        {"text": "a" * (MOST_CHARACTERS + 1)},
        {"box": (0.3, 0.4, 0.0, 0.1)},
        {"box": (0.8, 0.4, 0.3, 0.1)},
        {"box": (-0.1, 0.4, 0.3, 0.1)},
        {"kind": "poem"},
    ],
)
def test_a_line_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"line|probability"):
        replace(TITLE, **wrong)


def test_the_longest_line_and_every_kind_are_allowed() -> None:
    assert len({replace(TITLE, kind=kind, text="a" * MOST_CHARACTERS) for kind in KINDS}) == len(KINDS)


def test_lines_are_in_order_of_time() -> None:
    with pytest.raises(ValueError, match="order"):
        ScreenText((TITLE, replace(TITLE, start_s=0.5)), "reader")
