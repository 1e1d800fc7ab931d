"""Writes chapters as Matroska's XML, for `mkvmerge --chapters` and the like (RFC 9559, section 20).

Knows no other format.
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

from cluster.contract.results import Segment
from serve_app.exports.material import Export, ceil_ms, chapter_title

_NS_PER_MS = 1_000_000
_BROADCAST_S = 10.0
"""Seconds from which a start is no delay of a file but the time of a stream. Files begin within a second or
two; no measurement."""


def write_mkvchapters(made: Export) -> str:
    """Chapters with their scenes inside, which players show as two levels; with a level, its segments alone.

    Times are those of the file's clock, to the first whole millisecond of each frame. A clock that begins at
    some hour, as that of a broadcast does, is moved to zero, as mkvmerge does with transport streams.
    """
    origin_s = made.picture_start_s if made.picture_start_s >= _BROADCAST_S else 0.0
    root = ET.Element("Chapters")
    edition = ET.SubElement(root, "EditionEntry")
    if made.level:
        for segment in made.chosen():
            _atom(edition, segment, origin_s)
    else:
        scenes = made.of("scene")
        for chapter in made.of("chapter"):
            atom = _atom(edition, chapter, origin_s)
            for scene in scenes:
                if scene.parent == chapter.index:
                    _atom(atom, scene, origin_s)
    ET.indent(root, " ")
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE Chapters SYSTEM "matroskachapters.dtd">\n'
        f"{ET.tostring(root, 'unicode')}\n"
    )


def _atom(parent: ET.Element, segment: Segment, origin_s: float) -> ET.Element:
    atom = ET.SubElement(parent, "ChapterAtom")
    begin_ms, end_ms = (ceil_ms(time_s - origin_s) for time_s in (segment.start_s, segment.end_s))
    ET.SubElement(atom, "ChapterTimeStart").text = _clock(begin_ms)
    ET.SubElement(atom, "ChapterTimeEnd").text = _clock(max(end_ms, begin_ms))
    display = ET.SubElement(atom, "ChapterDisplay")
    ET.SubElement(display, "ChapterString").text = chapter_title(segment)
    ET.SubElement(display, "ChapterLanguage").text = "und"
    return atom


def _clock(total_ms: int) -> str:
    """HH:MM:SS and nanoseconds."""
    seconds, ms = divmod(total_ms, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{ms * _NS_PER_MS:09d}"
