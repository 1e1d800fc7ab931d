"""Reads the starts of stored segments as entries of corrections, which a fusion takes as they are.

An entry is what `actors.segmentation.fusion.corrections` reads: the frame, the kind, the extent and evidence
of a start, and a title given by hand. Pure: the segments are handed in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

_COPIED = ("kind", "confidence", "visual", "audio", "from_s", "to_s")
_COPIED_IF_THERE = ("scene_probability", "topic", "from_frame", "to_frame", "locked")
"""Results of earlier versions lack some of these."""


def exact_starts(segments: Iterable[Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """By level, an entry for each segment, in their order."""
    levels: dict[str, list[dict[str, Any]]] = {}
    for segment in segments:
        levels.setdefault(segment["level"], []).append(start_of(segment))
    return levels


def start_of(segment: Mapping[str, Any]) -> dict[str, Any]:
    """The entry of one segment."""
    boundary = segment["start_boundary"]
    entry = {"frame": segment["start_frame"], **{name: boundary[name] for name in _COPIED}}
    entry |= {name: boundary[name] for name in _COPIED_IF_THERE if boundary.get(name) is not None}
    if segment.get("title_source") == "human":
        entry["title"] = segment["title"]
    return entry
