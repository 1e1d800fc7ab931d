"""Titles of scenes and chapters in every format: as names of chapters, clips and markers."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from typing import Any

import pytest

from serve_app.exports import FORMATS
from serve_app.exports.material import Export, chapter_title, own_title, title
from tests.support.exports import a_segment, film

TITLE = "Bridges & roads"
SOURCES: dict[str, tuple[str | None, str]] = {
    "screen": (TITLE, TITLE),
    "speech": (TITLE, TITLE),
    "class": (None, "speech"),
}


def named_film(source: str | None = "speech", said: str = TITLE) -> Export:
    """Two scenes of a minute, whose names are those given."""
    made = film([0, 1500, 3000], scenes=[1500])
    segments = [
        one
        if one.level == "shot"
        else one.model_copy(update={"title": said, "title_source": source, "keywords": ["roads"]})
        for one in made.segments
    ]
    return replace(made, segments=segments)


@pytest.mark.parametrize("source", SOURCES)
def test_a_class_of_sound_is_no_title_of_its_own(source: str) -> None:
    own, what = SOURCES[source]
    said = "Speech" if source == "class" else TITLE
    segment = a_segment(level="scene", index=2).model_copy(update={"title": said, "title_source": source})

    assert own_title(segment) == own
    assert title(segment) == f"Scene 3: {what}"
    assert chapter_title(segment) == (own or f"Scene 3: {what}")


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"srt", "captions", "text", "keyframes", "html"}))
@pytest.mark.parametrize("level", ["scene", "chapter"])
def test_every_format_with_names_has_the_titles(name: str, level: Any) -> None:
    made = replace(named_film(said="Bridges"), level=level)

    written = FORMATS[name].write(made)

    assert "Bridges" in written


def test_titles_are_escaped_where_a_format_asks_for_it() -> None:
    made = replace(named_film(), level="scene")

    assert "Bridges &amp; roads" in FORMATS["mkvchapters"].write(made)
    assert "Bridges &amp; roads" in FORMATS["fcp7xml"].write(made)
    assert "Bridges & roads" in FORMATS["youtube"].write(made)


def test_tables_have_all_of_it() -> None:
    made = replace(named_film(), level="scene")

    row = next(csv.DictReader(io.StringIO(str(FORMATS["csv"].write(made)))))
    scene = json.loads(FORMATS["json"].write(made))["segments"][1]

    assert (row["role"], row["title"], row["title_source"], row["keywords"]) == (
        "content",
        TITLE,
        "speech",
        "roads",
    )
    assert (scene["role"], scene["title"], scene["title_source"], scene["keywords"]) == (
        "content",
        TITLE,
        "speech",
        ["roads"],
    )


def test_a_title_that_a_spreadsheet_would_run_is_text() -> None:
    row = next(csv.DictReader(io.StringIO(str(FORMATS["csv"].write(named_film(said="=1+1"))))))

    assert row["title"] == "'=1+1"
