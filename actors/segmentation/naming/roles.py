"""Roles of segments: what a segment is for, as archives and media servers ask for it.

Picture alone says black, bars and static (`fusion.picture_roles`); here, text on screen says title, slate,
opening and credits of shots. A scene or chapter has the role that most of its time has. Does not know how
texts are read, nor what they mean but for the words of a slate.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from actors.segmentation.timeline import Segment

CONTENT, SLATE, TITLE, OPENING, CREDITS = "content", "slate", "title", "opening", "credits"
"""Roles that are given here; those of the picture alone are black, bars and static."""
STATIC = "static"

_MOST = 0.5
"""Share of a shot's time for which text of a kind is shown, or of a scene's for which its shots have a role,
above which that is its role."""
_OPENING_SHARE, _OPENING_S = 0.2, 300.0
"""Credits that end within this share of the video and these seconds from its start are those of an
opening."""
_SLATE_S = 120.0
"""Seconds from the video's start within which there may be a slate. It stands before the programme."""
_SLATE_FIELDS = 2
"""Fields of a slate that are read at least."""
_SLATE_WORDS = re.compile(
    r"\b(prod(?:uction)?|programme|program|episode|client|agency|title|duration|dur|director|dop|camera|cam"
    r"|scene|take|roll|sound|audio|aspect|format|date|fps|tc in|som|clock(?: ?no| ?number)?|version)\b"
    r"\s*[:.#/]",
    re.IGNORECASE,
)
"""Names of a slate's fields before a colon, in English, which is what slates are filled in for exchange."""


def shot_role(
    shot: Segment, shown: Sequence[Mapping[str, Any]], from_s: float, to_s: float
) -> tuple[str, float]:
    """Role and confidence (0..1) of a shot. shown: entries of `screen_text` that overlap it. from_s, to_s:
    the video's start and end."""
    if shot.role not in (CONTENT, STATIC):
        return shot.role, shot.role_confidence
    length_s = max(shot.end_s - shot.start_s, 1e-9)
    shares = {
        kind: _covered(shot, [entry for entry in shown if entry["kind"] == kind]) / length_s
        for kind in ("credits", "title_card")
    }
    if shot.end_s - from_s <= _SLATE_S and _slate_fields(shown) >= _SLATE_FIELDS:
        return SLATE, 1.0
    if shares["credits"] > _MOST and shares["credits"] >= shares["title_card"]:
        opens_s = min(_OPENING_S, _OPENING_SHARE * (to_s - from_s))
        return (OPENING if shot.end_s - from_s <= opens_s else CREDITS), _rounded(shares["credits"])
    if shares["title_card"] > _MOST:
        return TITLE, _rounded(shares["title_card"])
    if shot.role == STATIC:  # a card that stands still is one of the above
        return shot.role, shot.role_confidence
    return CONTENT, _rounded(1 - max(shares.values()))


def group_role(shots: Iterable[Segment]) -> tuple[str, float]:
    """Role of a scene or chapter from its shots, with their share of its time as confidence."""
    seconds: defaultdict[str, float] = defaultdict(float)
    for shot in shots:
        seconds[shot.role] += shot.end_s - shot.start_s
    whole_s = sum(seconds.values())
    if not whole_s:
        return CONTENT, 1.0
    role = max(seconds, key=lambda name: seconds[name])
    if role == CONTENT or seconds[role] <= _MOST * whole_s:
        return CONTENT, _rounded(seconds[CONTENT] / whole_s)
    return role, _rounded(seconds[role] / whole_s)


def _covered(shot: Segment, entries: Iterable[Mapping[str, Any]]) -> float:
    """Seconds of the shot in which at least one of the entries is shown."""
    spans = sorted((max(shot.start_s, e["start_s"]), min(shot.end_s, e["end_s"])) for e in entries)
    covered_s, until_s = 0.0, shot.start_s
    for begin_s, end_s in spans:
        covered_s += max(0.0, end_s - max(begin_s, until_s))
        until_s = max(until_s, end_s)
    return covered_s


def _slate_fields(shown: Iterable[Mapping[str, Any]]) -> int:
    return len({found.casefold() for entry in shown for found in _SLATE_WORDS.findall(str(entry["text"]))})


def _rounded(share: float) -> float:
    return round(min(max(share, 0.0), 1.0), 3)
