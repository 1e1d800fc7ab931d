"""Manifest of a clip order: `manifest.json` for people and tools, `clips.jsonl` with one line for each clip.

Each entry holds the wanted segment, the times that the file really shows and the description of the segment,
so that a clip can be traced to the bytes, the revision and the settings it was made from. Pure; knows the
contract's segments.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

MANIFEST, TABLE = "manifest.json", "clips.jsonl"
VERSION = 1

ManifestEntry = dict[str, Any]
_TIMES = ("start_frame", "end_frame", "start_s", "end_s", "start_pts", "end_pts")


def made_entry(
    segment: Mapping[str, Any], cut: Mapping[str, Any], stored: Mapping[str, Any]
) -> ManifestEntry:
    """Entry of a clip that was made. `cut`: values of a CutReport; `stored`: bytes, sha256 and more of its
    file.

    `actual` is what the clip shows: the same as wanted for exact ones, more for copies.
    """
    return {
        **_wanted(segment),
        "actual": {name: cut[name] for name in _TIMES},
        "frames": cut["frames"],
        "frames_repeated": cut["repeated"],
        "width": cut["width"],
        "height": cut["height"],
        "has_sound": cut["sound"],
        **stored,
    }


def missing_entry(segment: Mapping[str, Any], code: str, message: str) -> ManifestEntry:
    """Entry of a clip that cannot be made, with the code and the reason."""
    return {**_wanted(segment), "error": {"code": code, "message": message}}


def manifest(
    source: Mapping[str, Any],
    settings: Mapping[str, Any],
    media: Mapping[str, Any] | None,
    entries: Sequence[ManifestEntry],
    now: datetime | None = None,
) -> bytes:
    """`manifest.json`: all entries as one JSON document. `source`: the video; `settings`: how the clips are
    cut.
    """
    document = {
        "version": VERSION,
        "created_at": (now or datetime.now(UTC)).isoformat(),
        "source": source,
        "settings": settings,
        "media": media,
        "clips": _made(entries),
        "not_made": [entry for entry in entries if "error" in entry],
    }
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def table(source: Mapping[str, Any], mode: str, entries: Sequence[ManifestEntry]) -> bytes:
    """`clips.jsonl`: one line of JSON for each clip that was made, each complete in itself."""
    lines = [{**entry, "mode": mode, "source": source} for entry in _made(entries)]
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()


def _made(entries: Sequence[ManifestEntry]) -> list[ManifestEntry]:
    return [entry for entry in entries if "error" not in entry]


def _wanted(segment: Mapping[str, Any]) -> ManifestEntry:
    boundary = segment["start_boundary"]
    return {
        "file": segment["name"],
        "level": segment["level"],
        "index": segment["index"],
        **{name: segment[name] for name in _TIMES},
        "boundary": {"kind": boundary["kind"], "confidence": boundary["confidence"]},
        "label": segment["label"],
        "tags": (segment.get("visual") or {}).get("tags") or [],
        "audio": segment.get("audio"),
    }
