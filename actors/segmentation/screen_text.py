"""The text that is shown in a video: lines with times, places and kinds.

Checks what must always hold (times in order, probabilities and places in 0..1) and writes the contract's
JSON. Does not know how text is read, nor how its kind is told: `screen`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

KINDS = ("title_card", "heading", "slide", "lower_third", "caption", "credits", "other")
"""What a line may be. title_card: short text that is the picture, over a plain ground. heading: the title of
a slide; slide: all else on one. lower_third: a name or note over the lower part of a running picture.
caption: subtitles, which follow each other at one place. credits: names that roll or are stacked. other:
signs in the scene, logos, tickers, and whatever is none of these."""
MOST_CHARACTERS = 500
"""Of one line; no measurement. A longer one is no line."""
_DIGITS = 3
"""Decimal places of seconds and probabilities in documents."""
_PLACE_DIGITS = 4
"""Decimal places of shares of the picture: a fifth of a pixel in 1080p."""
_EDGE_SLACK = 1e-6
"""By so much a box may reach over the edge: sums of shares are not exact."""

Box = tuple[float, float, float, float]
"""Left, top, width, height as shares, 0..1, of the displayed picture: upright, with square pixels."""


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line of text while it is shown. ValueError for values out of range.

    start_s, end_s: seconds on the container's clock. probability, 0..1: the reader's, mean of the letters.
    box: where it is, of a line that moves at its first sight. kind: one of KINDS.
    """

    start_s: float
    end_s: float
    text: str
    probability: float
    box: Box
    kind: str

    def __post_init__(self) -> None:
        if not self.start_s < self.end_s:
            raise ValueError(f"a line is shown for some time: {self}")
        if not 0 <= self.probability <= 1:
            raise ValueError(f"a probability lies in 0..1: {self}")
        if not self.text or self.text != self.text.strip() or len(self.text) > MOST_CHARACTERS:
            raise ValueError(f"a line has a text of at most {MOST_CHARACTERS} characters: {self}")
        left, top, width, height = self.box
        inside = min(left, top) >= 0 and max(left + width, top + height) <= 1 + _EDGE_SLACK
        if not (inside and min(width, height) > 0):
            raise ValueError(f"a line lies inside the picture: {self}")
        if self.kind not in KINDS:
            raise ValueError(f"a line is one of {', '.join(KINDS)}: {self}")

    def to_dict(self) -> dict[str, Any]:
        """The contract's keys."""
        return {
            "start_s": round(self.start_s, _DIGITS),
            "end_s": round(self.end_s, _DIGITS),
            "text": self.text,
            "probability": round(self.probability, _DIGITS),
            "box": [round(share, _PLACE_DIGITS) for share in self.box],
            "kind": self.kind,
        }


@dataclass(frozen=True, slots=True)
class ScreenText:
    """All that was read, by the time at which it appears. ValueError if it is out of order. model: name of
    what read it."""

    lines: tuple[ShownLine, ...]
    model: str

    def __post_init__(self) -> None:
        if any(a.start_s > b.start_s for a, b in pairwise(self.lines)):
            raise ValueError("lines must be in order of time")

    def __repr__(self) -> str:
        return f"ScreenText({len(self.lines)} lines, {self.model})"

    def to_document(self) -> list[dict[str, Any]]:
        """The contract's `screen_text`; empty where nothing is shown."""
        return [line.to_dict() for line in self.lines]
