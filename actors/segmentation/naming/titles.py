"""The title of a segment: what a slide or a title card in it says, else what its speech is about.

Text on screen goes first, because somebody chose it as a name. Of several headings the one that is shown
longest in the segment is taken; where a title card is shown near the segment's start, which announces what
follows, title cards alone count. Does not know how texts are read, nor what a keyword is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from actors.segmentation.headings import LONGEST_CHARS, TITLE_CARD, together

SCREEN, SPEECH, CLASS = "screen", "speech", "class"
"""Sources of a title: text on screen, what is said, the class of the sound."""
SHORTEST_CHARS = 2
"""Characters of a title at least: one is a number, or a misread one. Texts longer than LONGEST_CHARS are
sentences."""
_LETTERS_SHARE = 0.4
"""Share of letters below which a text is a table, a formula or misread."""
OPENING_S = 15.0
"""Seconds from a segment's start within which a title card announces it. By hand."""
_EARLY_S = 1.0
"""A title card may stand so long before the segment's start, which lies in the middle of a dissolve."""
_SEEN_S = 1.0
"""Seconds, or half of its time, for which a text is shown inside the segment at least."""
_QUOTED_CHARS = 60
"""Characters up to which what is said in a segment is its own title: short texts have no key phrases."""
_LEAST_SHARE = 0.1
"""Share of the segment for which a heading is shown, or somebody speaks, at least: what only passes names
nothing."""
_PHRASES = 2
"""Key phrases of a title from speech."""
_JOINT = ", "


@dataclass(frozen=True, slots=True)
class Title:
    """text: for people. source: SCREEN, SPEECH or CLASS."""

    text: str
    source: str


def title_of(
    start_s: float,
    end_s: float,
    shown: Sequence[Mapping[str, Any]],
    said: str,
    said_s: float,
    keywords: Sequence[str],
    label: str,
) -> Title | None:
    """The title of a segment from start_s to end_s (seconds); None where nothing is known.

    shown: entries of the contract's `screen_text` that overlap it. keywords: of its speech, the most telling
    first. said: all of its speech; said_s: how many seconds of it. label: class of its sound.
    """
    heading = _heading(start_s, end_s, shown)
    if heading is not None:
        return Title(heading, SCREEN)
    if said_s >= _LEAST_SHARE * (end_s - start_s):
        if len(said) <= _QUOTED_CHARS and _can_be_title(said):
            return Title(_capitalised(said), SPEECH)
        phrases = _JOINT.join(keywords[:_PHRASES])
        for text in (phrases, *keywords[:1]):
            if _can_be_title(text):
                return Title(_capitalised(text), SPEECH)
    return Title(_capitalised(label), CLASS) if label else None


def _heading(start_s: float, end_s: float, shown: Sequence[Mapping[str, Any]]) -> str | None:
    """The heading or title card that is shown longest; title cards alone, where one is near the start."""
    seconds: defaultdict[str, float] = defaultdict(float)
    texts: dict[str, tuple[float, str]] = {}
    cards: set[str] = set()
    announced = False
    for entry in together(shown):
        length_s = min(end_s, entry["end_s"]) - max(start_s, entry["start_s"])
        whole_s = entry["end_s"] - entry["start_s"]
        if length_s < min(_SEEN_S, whole_s / 2) or length_s <= 0 or not _can_be_title(entry["text"]):
            continue
        key = entry["text"].casefold()
        seconds[key] += length_s
        if key not in texts or entry["probability"] > texts[key][0]:
            texts[key] = entry["probability"], entry["text"]
        if entry["kind"] == TITLE_CARD:
            cards.add(key)
            announced = announced or start_s - _EARLY_S <= entry["start_s"] <= start_s + OPENING_S
    if not seconds:
        return None
    best = max(cards if announced else seconds, key=lambda one: (seconds[one], one))
    long_enough = announced or seconds[best] >= _LEAST_SHARE * (end_s - start_s)
    return texts[best][1] if long_enough else None


def _can_be_title(text: str) -> bool:
    if not SHORTEST_CHARS <= len(text) <= LONGEST_CHARS:
        return False
    return sum(map(str.isalpha, text)) >= _LETTERS_SHARE * len(text.replace(" ", ""))


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]
