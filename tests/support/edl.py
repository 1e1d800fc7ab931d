"""A strict reader of edit decision lists (CMX 3600): refuses what a tool might misread. Knows no writer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from opentimelineio.opentime import RationalTime

_CLOCK = r"(\d\d:\d\d:\d\d[:;]\d\d)"
_EVENT = re.compile(
    rf"(\d{{3,}})  (\S{{1,8}}) +V +(C|D|W001) +(?:(\d{{3}}) )?{_CLOCK} {_CLOCK} {_CLOCK} {_CLOCK}"
)


@dataclass(frozen=True)
class Event:
    """Frames of source and record, counted from midnight, the second of each exclusive."""

    source: tuple[int, int]
    record: tuple[int, int]


@dataclass(frozen=True)
class Edl:
    """drop: whether it counts with drop frame."""

    drop: bool
    events: list[Event]


def read(text: str, rate: float) -> Edl:
    """AssertionError for marks that contradict the header, gaps in the record, or unequal lengths."""
    lines = [line for line in text.split("\r\n") if line]
    assert lines[0].startswith("TITLE: ")
    drop = {"FCM: DROP FRAME": True, "FCM: NON-DROP FRAME": False}[lines[1]]
    day = round(RationalTime.from_timecode("23:59:59" + (";" if drop else ":") + "00", rate).value) + round(
        rate
    )
    events = []
    for line in lines[2:]:
        if line.startswith("* "):
            continue
        match = _EVENT.fullmatch(line)
        assert match, line
        clocks = match.groups()[4:]
        assert all((";" in clock) == drop for clock in clocks), line
        begin, end, record_begin, record_end = (
            round(RationalTime.from_timecode(c, rate).value) for c in clocks
        )
        assert (end - begin) % day == record_end - record_begin, line
        events.append(Event((begin, end), (record_begin, record_end)))
    assert events[0].record[0] == 0
    assert all(a.record[1] == b.record[0] for a, b in pairwise(events))
    return Edl(drop, events)
