"""A line of text as it was read in one picture: what may be one, and the parts of one joined.

Knows texts and boxes; neither pictures nor times.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from actors.segmentation.screen_text import MOST_CHARACTERS, Box

PROBABLE = 0.86
"""Least mean probability of a line's letters. Set by hand: clear text has 0.95 and more; of leaves, waves and
windows most that is read has 0.3 to 0.7."""
SHORT_PROBABLE = 0.95
SHORT_LETTERS = 3
"""... and the probability of a line of so few letters."""
_LEAST_LETTERS = 2
"""A single letter or digit is more often an edge than a text."""
_LETTERS_SHARE = 0.5
"""Least share of letters and digits among the signs of a line."""
_SAME_ROW = 0.6
"""Share of the lower box's height by which two boxes overlap if they are parts of one line."""
_WORD_GAP = 0.9
"""Gap between two parts of a line, in heights of the higher one. Columns of a table lie further apart."""
_NEAR_HEIGHTS = 2.2
"""Height of one part over the other, at most: small capitals and figures are lower than the rest."""


@dataclass(frozen=True, slots=True)
class SeenLine:
    """A line in one picture. box: see `screen_text.Box`; probability: 0..1."""

    box: Box
    text: str
    probability: float

    @property
    def middle(self) -> tuple[float, float]:
        """Horizontal and vertical, as shares of the picture."""
        left, top, width, height = self.box
        return left + width / 2, top + height / 2

    def to_row(self) -> dict[str, Any]:
        """For a store: plain JSON."""
        box = [round(share, 5) for share in self.box]
        return {"box": box, "text": self.text, "probability": round(self.probability, 4)}

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> SeenLine:
        """What `to_row` made. ValueError or KeyError where it is something else."""
        left, top, width, height = (float(share) for share in row["box"])
        return cls((left, top, width, height), str(row["text"]), float(row["probability"]))


def plausible(line: SeenLine) -> bool:
    """Whether it is a text, and not what a network sees in leaves and bricks."""
    signs = [sign for sign in line.text if not sign.isspace()]
    letters = sum(sign.isalnum() for sign in signs)
    ideographs = sum(sign.isalpha() and ord(sign) >= _FIRST_IDEOGRAPH for sign in signs)
    enough = letters >= _LEAST_LETTERS and letters >= _LETTERS_SHARE * len(signs)
    varied = len(set(signs)) > 1
    sure = line.probability >= (SHORT_PROBABLE if letters <= SHORT_LETTERS else PROBABLE)
    mixed = 0 < ideographs < letters and ideographs <= 1
    return sure and enough and varied and not mixed and len(line.text) <= MOST_CHARACTERS


_FIRST_IDEOGRAPH = 0x2E80
"""Of the scripts of East Asia. One such sign among Latin letters is a misread one."""


def in_rows(parts: Sequence[SeenLine]) -> list[SeenLine]:
    """Lines from the parts that were found, from top to bottom: parts of one row, a word's gap apart, are
    one."""
    rest = sorted(parts, key=lambda part: part.box[0])
    out: list[SeenLine] = []
    while rest:
        line = rest.pop(0)
        for part in list(rest):
            if _goes_on(line, part):
                line = _joined(line, part)
                rest.remove(part)
        out.append(line)
    return sorted(out, key=lambda line: (line.box[1], line.box[0]))


def _goes_on(line: SeenLine, part: SeenLine) -> bool:
    left, top, width, height = line.box
    part_left, part_top, _, part_height = part.box
    lower, higher = sorted((height, part_height))
    overlap = min(top + height, part_top + part_height) - max(top, part_top)
    gap = (part_left - left - width) * _ASPECT
    return (
        overlap >= _SAME_ROW * lower
        and higher <= _NEAR_HEIGHTS * lower
        and -higher <= gap <= _WORD_GAP * higher
    )


_ASPECT = 16 / 9
"""Width of a picture over its height, about: boxes are shares of either. A gap need not be exact."""


def _joined(line: SeenLine, part: SeenLine) -> SeenLine:
    left, top = min(line.box[0], part.box[0]), min(line.box[1], part.box[1])
    right = max(line.box[0] + line.box[2], part.box[0] + part.box[2])
    bottom = max(line.box[1] + line.box[3], part.box[1] + part.box[3])
    signs = len(line.text), len(part.text)
    probability = (line.probability * signs[0] + part.probability * signs[1]) / max(sum(signs), 1)
    box = left, top, right - left, bottom - top
    return SeenLine(box, f"{line.text} {part.text}".strip(), probability)
