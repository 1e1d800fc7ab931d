"""A finished video's segments as files for other tools: json, csv, webvtt, ffmetadata.

Pure functions over what is handed in. `FORMATS` is the one list of what there is.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from serve_app.schemas import Level, Segment


@dataclass(frozen=True, slots=True)
class Export:
    """What a writer may use. `segments` are those of the wanted level, or of all."""

    filename: str
    media: Mapping[str, Any]
    settings: Mapping[str, Any]
    audio_track: Sequence[Mapping[str, Any]]
    segments: Sequence[Segment]


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of file. `default_level` None: all levels belong into one file."""

    media_type: str
    suffix: str
    default_level: Level | None
    write: Callable[[Export], str]


_COARSE_TO_FINE = ("chapter", "scene", "shot")


def write_json(made: Export) -> str:
    """The document of `scenestream segment --json`."""
    segments = sorted(made.segments, key=lambda segment: _COARSE_TO_FINE.index(segment.level))
    document = {
        "media": dict(made.media),
        "settings": dict(made.settings),
        "segments": [segment.model_dump(mode="json") for segment in segments],
        "audio_track": list(made.audio_track),
    }
    return json.dumps(document, ensure_ascii=False, indent=1)


_PLAIN_COLUMNS = (
    "level", "index", "parent", "start_s", "end_s", "start_frame", "end_frame", "start_pts", "end_pts",
    "label",
)  # fmt: skip
_BOUNDARY_COLUMNS = ("kind", "confidence", "visual", "audio", "from_s", "to_s")
_AUDIO_COLUMNS = ("speech", "singing", "music", "silence", "loudness_lufs")
_VISUAL_COLUMNS = ("brightness", "motion", "black", "static")


def write_csv(made: Export) -> str:
    """One line a segment (RFC 4180); nested values are columns like `audio_speech`, empty for null."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(
        [
            *_PLAIN_COLUMNS,
            *(f"boundary_{name}" for name in _BOUNDARY_COLUMNS),
            *(f"audio_{name}" for name in _AUDIO_COLUMNS),
            *(f"visual_{name}" for name in _VISUAL_COLUMNS),
            "tags",
            "keyframe_s",
        ]
    )
    for segment in made.segments:
        row = [getattr(segment, name) for name in _PLAIN_COLUMNS]
        row += [getattr(segment.start_boundary, name) for name in _BOUNDARY_COLUMNS]
        row += [getattr(segment.audio, name, None) for name in _AUDIO_COLUMNS]
        row += [getattr(segment.visual, name, None) for name in _VISUAL_COLUMNS]
        row += ["; ".join(tag.label for tag in segment.visual.tags) if segment.visual else None]
        row += [segment.keyframe_s]
        writer.writerow(row)
    return out.getvalue()


def write_webvtt(made: Export) -> str:
    """A chapter track (W3C WebVTT): one cue a segment, its title as text."""
    cues = [
        f"{number}\n{_clock(segment.start_s)} --> {_clock(segment.end_s)}\n{_vtt_text(title(segment))}\n"
        for number, segment in enumerate(made.segments, start=1)
        if _clock(segment.start_s) != _clock(segment.end_s)
    ]
    return "\n".join(["WEBVTT\n", *cues])


def write_ffmetadata(made: Export) -> str:
    """Chapters for `ffmpeg -i film -i chapters.txt -map_chapters 1` (ffmpeg-formats, section Metadata)."""
    lines = [";FFMETADATA1", f"title={_ff_text(made.filename)}"]
    for segment in made.segments:
        lines += [
            "[CHAPTER]",
            "TIMEBASE=1/1000000",
            f"START={round(max(segment.start_s, 0.0) * 1e6)}",
            f"END={round(max(segment.end_s, 0.0) * 1e6)}",
            f"title={_ff_text(title(segment))}",
        ]
    return "\n".join(lines) + "\n"


FORMATS: Mapping[str, Format] = {
    "json": Format("application/json", ".json", None, write_json),
    "csv": Format("text/csv", ".csv", None, write_csv),
    "webvtt": Format("text/vtt", ".vtt", "chapter", write_webvtt),
    "ffmetadata": Format("text/plain", ".ffmetadata.txt", "chapter", write_ffmetadata),
}

MEDIA_TYPES = tuple(dict.fromkeys(kind.media_type for kind in FORMATS.values()))


def title(segment: Segment) -> str:
    """A segment's name for people: "Scene 3: speech"."""
    name = f"{segment.level.capitalize()} {segment.index + 1}"
    return f"{name}: {segment.label}" if segment.label else name


def _clock(time_s: float) -> str:
    """HH:MM:SS.mmm; players have no time before zero."""
    total_ms = round(max(time_s, 0.0) * 1000)
    hours, rest_ms = divmod(total_ms, 3_600_000)
    minutes, rest_ms = divmod(rest_ms, 60_000)
    return f"{hours:02d}:{minutes:02d}:{rest_ms // 1000:02d}.{rest_ms % 1000:03d}"


def _vtt_text(text: str) -> str:
    """Cue text: no markup, no arrow, one line."""
    line = " ".join(text.split())
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _ff_text(text: str) -> str:
    """`=`, `;`, `#`, the backslash and line breaks are escaped by a backslash."""
    return "".join(f"\\{char}" if char in "=;#\\\n" else char for char in text.replace("\r", " "))
