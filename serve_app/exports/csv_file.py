"""Writes the segments as CSV (RFC 4180), for spreadsheets and data frames. Knows no other format."""

from __future__ import annotations

import csv
import io
from typing import Any

from cluster.contract.results import Segment
from serve_app.exports.cuts import source_labels
from serve_app.exports.material import Export

_PLAIN_COLUMNS = (
    "level", "index", "parent", "start_s", "end_s", "start_frame", "end_frame", "start_pts", "end_pts",
    "label",
)  # fmt: skip
_BOUNDARY_COLUMNS = (
    "kind", "confidence", "visual", "audio", "from_s", "to_s", "scene_probability", "topic", "from_frame",
    "to_frame", "locked",
)  # fmt: skip
_AUDIO_COLUMNS = ("speech", "singing", "music", "silence", "loudness_lufs")
_VISUAL_COLUMNS = ("brightness", "motion", "black", "static")
COLUMNS = (
    *_PLAIN_COLUMNS,
    *(f"boundary_{name}" for name in _BOUNDARY_COLUMNS),
    *(f"audio_{name}" for name in _AUDIO_COLUMNS),
    *(f"visual_{name}" for name in _VISUAL_COLUMNS),
    "tags",
    "keyframe_s",
    "start_timecode",
    "end_timecode",
    "role",
    "role_confidence",
    "title",
    "title_source",
    "keywords",
)

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""First characters with which a spreadsheet takes a cell's text for a formula (OWASP, CSV injection)."""


def write_csv(made: Export) -> str:
    """One line for each segment. Nested values are columns like `audio_speech`; null is an empty cell.

    Numbers are written as they are, also negative ones. A text that a spreadsheet would run as a formula gets
    an apostrophe in front. Timecodes are the source's own, empty where it has none.
    """
    labels = source_labels(made)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for segment in made.chosen():
        writer.writerow([_cell(value) for value in [*_row(segment), *labels(segment), *_names(segment)]])
    return out.getvalue()


def _row(segment: Segment) -> list[Any]:
    row = [getattr(segment, name) for name in _PLAIN_COLUMNS]
    row += [getattr(segment.start_boundary, name) for name in _BOUNDARY_COLUMNS]
    row += [getattr(segment.audio, name, None) for name in _AUDIO_COLUMNS]
    row += [getattr(segment.visual, name, None) for name in _VISUAL_COLUMNS]
    row += ["; ".join(tag.label for tag in segment.visual.tags) if segment.visual else None]
    return [*row, segment.keyframe_s]


def _names(segment: Segment) -> list[Any]:
    keywords = "; ".join(segment.keywords)
    return [segment.role, segment.role_confidence, segment.title, segment.title_source, keywords]


def _cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_STARTS) else value
