"""Exports: writes a finished video's segments and words in the file formats of other tools.

`FORMATS` lists them all. Writers are pure functions of an `Export`. Knows no store and no HTTP.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from cluster.contract.vocabulary import Level
from serve_app.exports.captions import write_captions, write_srt, write_text
from serve_app.exports.csv_file import write_csv
from serve_app.exports.edl import write_edl
from serve_app.exports.fcp7xml import write_fcp7xml
from serve_app.exports.fcpxml import write_fcpxml
from serve_app.exports.ffmetadata import write_ffmetadata
from serve_app.exports.json_file import write_json
from serve_app.exports.keyframes import write_keyframes
from serve_app.exports.material import Export, stem_of
from serve_app.exports.mkvchapters import write_mkvchapters
from serve_app.exports.otio_file import write_otio
from serve_app.exports.page.document import write_html
from serve_app.exports.resolve_markers import write_resolve_markers
from serve_app.exports.webvtt import write_webvtt
from serve_app.exports.youtube import write_youtube

__all__ = ["FORMATS", "MEDIA_TYPES", "Export", "Format"]


@dataclass(frozen=True, slots=True)
class Format:
    """A file format of exports. `default_level` None: the file holds all levels. `needs_picture`: it says how
    a film is cut, and nothing of sound alone. `needs_words`: it says what is said. `takes_segments`: it can
    be of some segments of a level only."""

    media_type: str
    suffix: str
    default_level: Level | None
    write: Callable[[Export], str | Iterator[str]]
    needs_picture: bool = False
    needs_words: bool = False
    takes_segments: bool = True

    def filename(self, video: str) -> str:
        """Name of the file for a video of this name."""
        return f"{stem_of(video)}{self.suffix}"


FORMATS: Mapping[str, Format] = {
    "json": Format("application/json", ".json", None, write_json),
    "csv": Format("text/csv", ".csv", None, write_csv),
    "webvtt": Format("text/vtt", ".vtt", "chapter", write_webvtt),
    "edl": Format("application/x-edl", ".edl", "shot", write_edl, needs_picture=True),
    "otio": Format(
        "application/vnd.pixar.opentimelineio+json", ".otio", "shot", write_otio, needs_picture=True
    ),
    "fcpxml": Format("application/xml", ".fcpxml", "shot", write_fcpxml, needs_picture=True),
    "fcp7xml": Format("application/xml", ".fcp7.xml", "shot", write_fcp7xml, needs_picture=True),
    "resolve_markers": Format(
        "application/x-edl", ".markers.edl", "scene", write_resolve_markers, needs_picture=True
    ),
    "ffmetadata": Format("text/plain", ".ffmetadata.txt", "chapter", write_ffmetadata),
    "youtube": Format("text/plain", ".youtube.txt", None, write_youtube, takes_segments=False),
    "mkvchapters": Format("application/xml", ".chapters.xml", None, write_mkvchapters),
    "keyframes": Format("text/plain", ".keyframes.txt", "shot", write_keyframes, needs_picture=True),
    "html": Format("text/html", ".html", None, write_html, takes_segments=False),
    "srt": Format("application/x-subrip", ".srt", None, write_srt, needs_words=True, takes_segments=False),
    "captions": Format(
        "text/vtt", ".captions.vtt", None, write_captions, needs_words=True, takes_segments=False
    ),
    "text": Format("text/plain", ".txt", None, write_text, needs_words=True, takes_segments=False),
}

MEDIA_TYPES = tuple(dict.fromkeys(kind.media_type for kind in FORMATS.values()))
