"""Headings of slides as evidence for chapters: a new one begins one, one that stays does not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from actors.segmentation.fusion.evidence import Moment
from actors.segmentation.fusion.fuse import fuse
from actors.segmentation.fusion.words.headings import NEW, STAYS, heading_evidence
from actors.segmentation.headings import Headings
from actors.segmentation.settings import FusionSettings
from tests.support.tracks import Edit, keyframe_track, make_plan, place, split_tracks


def entry(text: str, start_s: float, end_s: float, kind: str = "heading", top: float = 0.1) -> dict[str, Any]:
    box = [0.1, top, 0.5, 0.05]
    return {"text": text, "start_s": start_s, "end_s": end_s, "kind": kind, "probability": 0.9, "box": box}


def stretches(*entries: dict[str, Any]) -> list[tuple[float, float]]:
    found = Headings.of_document(entries)
    return [] if found is None else list(zip(found.starts_s.tolist(), found.ends_s.tolist(), strict=True))


def test_one_heading_over_several_slides_is_one_stretch() -> None:
    slides = [
        entry("Budget", 0, 20),
        entry("Budget", 20, 40),
        entry("Roads", 40, 60),
        entry("Budget", 60, 80),
    ]

    assert stretches(*slides) == [(0, 40), (40, 60), (60, 80)]


def test_a_letter_that_is_misread_is_no_new_heading() -> None:
    assert stretches(entry("Budget of the year", 0, 20), entry("Budqet of the year", 22, 40)) == [(0, 40)]


def test_a_heading_that_was_away_for_long_begins_again() -> None:
    assert stretches(entry("Budget", 0, 20), entry("Budget", 60, 80)) == [(0, 20), (60, 80)]


@pytest.mark.parametrize("kind", ["title_card", "credits", "slide", "caption"])
def test_films_without_slides_have_no_headings(kind: str) -> None:
    assert Headings.of_document([entry("The End", 0, 5, kind)]) is None


def test_without_screen_text_there_are_none() -> None:
    assert Headings.of_document(None) is None
    assert Headings.of_document([]) is None


def test_two_lines_are_one_heading() -> None:
    lines = [entry("How a harbor", 0, 20), entry("follows the water", 0.2, 20, top=0.2)]

    assert stretches(*lines, entry("How a harbor follows the water", 21, 30)) == [(0, 30)]


def test_times_must_be_in_order() -> None:
    with pytest.raises(ValueError, match="in order"):
        Headings(np.array([5.0, 1.0]), np.array([6.0, 2.0]))
    with pytest.raises(ValueError, match="from its start"):
        Headings(np.array([5.0]), np.array([4.0]))


def test_a_new_heading_speaks_for_a_chapter_and_one_that_stays_against() -> None:
    headings = Headings.of_document([entry("Budget", 10, 40), entry("Roads", 40, 60)])
    times = [5.0, 10.4, 25.0, 39.5, 50.0, 70.0]
    moments = [Moment(int(25 * time_s), time_s, None) for time_s in times]

    expected = [0.0, NEW, STAYS, NEW, STAYS, 0.0]
    assert heading_evidence(moments, headings).tolist() == expected
    assert heading_evidence(moments, None).tolist() == [0.0] * 6


SLIDE_FRAMES = 25 * 24
SLIDES = 12


def chapters(headings: Headings | None, weight: float) -> list[float]:
    """Starts of the chapters of twelve slides of 24 seconds that all look alike."""
    edit = Edit()
    starts = [edit.cut(place(1 + slide % 2, SLIDE_FRAMES)) for slide in range(SLIDES)]
    frames = edit.track()
    keyframes = keyframe_track(len(frames), [(start, 1) for start in starts])
    plan = make_plan(len(frames))
    settings = FusionSettings(topic_weight=weight)
    made = fuse(plan, split_tracks(plan, frames, keyframes, None), settings, headings=headings)
    return [chapter.start_s for chapter in made.level("chapter")]


def test_chapters_begin_with_new_headings() -> None:
    names = ["Budget"] * 4 + ["Roads"] * 4 + ["Schools"] * 4
    shown = [entry(name, 24.0 * n, 24.0 * n + 24) for n, name in enumerate(names)]
    headings = Headings.of_document(shown)

    assert chapters(headings, 0.5) == pytest.approx([0.0, 96.0, 192.0], abs=0.1)
    assert chapters(headings, 0.0) == chapters(None, 0.0) == chapters(None, 0.5)
