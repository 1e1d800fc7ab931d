"""Reads an edit decision list (EDL, CMX 3600) whose record is the film, cut: as the edl export writes it.

The record's times count; where it begins is the film's first picture (or that of the part that is segmented).
Events of sound alone are passed over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from cluster.contract.vocabulary import Level
from cluster.cut_lists.film import Film
from cluster.cut_lists.starts import Starts

_EVENT = re.compile(
    r"(\d{3,})\s+(\S+)\s+(\S+)\s+(C|D|W\d{3}|K\S*)\s+(?:(\d{3})\s+)?(\S+)\s+(\S+)\s+(\S+)\s+(\S+)"
)
"""Number, reel, channels, kind of edit, its length, source in and out, record in and out."""
_MODE = {"FCM: DROP FRAME": True, "FCM: NON-DROP FRAME": False}
_KINDS = {"D": "dissolve", "W": "wipe"}


@dataclass(frozen=True, slots=True)
class _Event:
    """Frames begin .. end - 1 of the record. length: of the transition it begins with, 0 for a cut."""

    line: int
    begin: int
    end: int
    kind: str
    length: int


def read_edl(text: str, starts: Starts, film: Film, level: Level) -> None:
    """Adds a start for each event to `starts`. UsageError with file and line for what cannot be read."""
    events = _events(text, starts, film)
    if not events:
        starts.refuse(1, "there is no event of the picture in it")
    origin = events[0].begin - film.begins_at
    last_end = events[0].begin
    for event in events:
        if event.begin != last_end:
            starts.refuse(
                event.line, "the record must go on where the event before ends; it has a gap or an overlap"
            )
        last_end = event.end
        begin = event.begin - origin
        frame = film.frame_of_number(begin + event.length // 2)
        more: dict[str, Any] = {}
        if level == "shot" and event.length and film.kinds.get(frame) != event.kind:
            extent = (film.frame_of_number(begin), film.frame_of_number(begin + event.length))
            more = {
                "kind": event.kind,
                "from_frame": min(extent[0], frame),
                "to_frame": max(extent[1], frame),
            }
        starts.add(level, frame, event.line, **more)


def _events(text: str, starts: Starts, film: Film) -> list[_Event]:
    drop: bool | None = None
    found: list[_Event] = []
    for line, words in enumerate(text.splitlines(), start=1):
        entry = words.strip()
        drop = _MODE.get(entry, drop)
        if not entry[:3].isdecimal():
            continue
        match = _EVENT.fullmatch(entry)
        if match is None:
            starts.refuse(line, "this is no event of CMX 3600")
        _, _, channels, edit, length, *_, record_in, record_out = match.groups()
        if "V" not in channels and channels != "B":
            continue
        if edit.startswith("K"):
            starts.refuse(line, "keys have no place in a list of cuts")
        try:
            begin, end = (film.number(one, drop=drop) for one in (record_in, record_out))
        except ValueError as error:
            starts.refuse(line, str(error))
        if end < begin:
            starts.refuse(line, "the record ends before it begins")
        if edit == "C" and begin == end:
            continue  # what a transition comes from
        kind = _KINDS.get(edit[0], "cut")
        frames = int(length or 0) if kind != "cut" else 0
        if frames > end - begin:
            starts.refuse(line, "the transition is longer than its event")
        found.append(_Event(line, begin, end, kind, frames))
    return found
