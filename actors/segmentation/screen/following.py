"""Follows lines of text from picture to picture: which lines of two pictures are the same one.

The same place and nearly the same text; or the same text that has moved, as in rolling credits; or a text
that grows at its place while it is typed. Knows lines and the order of pictures; neither times nor pixels.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from rapidfuzz.distance import Levenshtein

from actors.segmentation.screen.seen_lines import SeenLine
from actors.segmentation.screen_text import Box

ALIKE = 0.75
"""Least likeness of two texts at one place that are one: readings of one text differ in one letter of ten at
most, and subtitles that follow each other are less alike."""
MOVED_ALIKE = 0.85
"""... of a text that has moved."""
SHORT_LETTERS = 4
"""Texts of so few letters must be equal: 2019 and 2020 are alike."""
MISSED_PICTURES = 2
"""Pictures in a row in which a text may be missed and still go on: somebody walks in front of it."""
_NEAR_HEIGHTS = 0.7
"""Distance of the middles of two boxes at one place, in heights of the higher one, from top to bottom."""
_SAME_HEIGHT = 1.5
"""Height of a box over that of the same text in another picture, at most."""
_SIDEWAYS = 0.04
"""Share of the width by which rolling text may shift sideways."""


@dataclass(slots=True)
class Trail:
    """One text through the pictures. places: the pictures that it was seen in, ascending; lines: what was
    read."""

    places: list[int] = field(default_factory=list)
    lines: list[SeenLine] = field(default_factory=list)

    def add(self, place: int, line: SeenLine) -> None:
        """It was seen in one more picture."""
        self.places.append(place)
        self.lines.append(line)

    @property
    def text(self) -> str:
        """The one that most readings agree on, weighted by their probabilities; of a text that was typed, the
        whole."""
        weight: dict[str, float] = defaultdict(float)
        for line in self.lines:
            weight[line.text] += line.probability
        best = max(weight, key=lambda text: (weight[text], len(text), text))
        last = self.lines[-1].text
        return last if _grown(self.lines[0].text, last) else best

    @property
    def probability(self) -> float:
        """Mean of the readings that agree on `text`."""
        text = self.text
        agree = [line.probability for line in self.lines if line.text == text]
        return sum(agree) / len(agree)

    @property
    def box(self) -> Box:
        """Where it is at its first sight; of a text that was typed, the whole of it."""
        grown = _grown(self.lines[0].text, self.lines[-1].text)
        return self.lines[-1 if grown else 0].box

    @property
    def risen(self) -> float:
        """Share of the height by which its middle has moved from the first sight to the last; up is
        positive."""
        return self.lines[0].middle[1] - self.lines[-1].middle[1]


def follow(
    pictures: Sequence[tuple[int, Sequence[SeenLine]]], on_picture: Callable[[], None] | None = None
) -> list[Trail]:
    """All texts, by their first sight. pictures: (place, lines) in order; a place is the picture's number.
    on_picture(): before each."""
    trails: list[Trail] = []
    open_trails: list[tuple[int, Trail]] = []  # with the number of the picture in which it was seen last
    for number, (place, lines) in enumerate(pictures):
        if on_picture is not None:
            on_picture()
        open_trails = [(at, trail) for at, trail in open_trails if number - at <= MISSED_PICTURES + 1]
        taken: dict[int, int] = {}
        used: set[int] = set()
        pairs = sorted(_pairs(open_trails, lines), key=lambda pair: (-pair[0], pair[1], pair[2]))
        for _, of_trail, of_line in pairs:
            if of_trail not in used and of_line not in taken:
                used.add(of_trail)
                taken[of_line] = of_trail
        going_on: list[tuple[int, Trail]] = []
        for of_line, line in enumerate(lines):
            trail = open_trails[taken[of_line]][1] if of_line in taken else Trail()
            if not trail.lines:
                trails.append(trail)
            trail.add(place, line)
            going_on.append((number, trail))
        for of_trail, (at, trail) in enumerate(open_trails):
            # where something else stands now, the text has gone
            if of_trail not in used and not any(_at_one_place(trail.lines[-1], line) for line in lines):
                going_on.append((at, trail))
        open_trails = going_on
    return trails


def _pairs(
    open_trails: Sequence[tuple[int, Trail]], lines: Sequence[SeenLine]
) -> Iterator[tuple[float, int, int]]:
    """(how well they fit, trail, line) of those that may be one."""
    for of_line, line in enumerate(lines):
        for of_trail, (_, trail) in enumerate(open_trails):
            last = trail.lines[-1]
            if max(last.box[3], line.box[3]) > _SAME_HEIGHT * min(last.box[3], line.box[3]):
                continue
            here = _at_one_place(last, line)
            if not here and abs(last.middle[0] - line.middle[0]) > _SIDEWAYS:
                continue
            alike = likeness(last.text, line.text)
            if here and (alike >= ALIKE or _grown(last.text, line.text)):
                yield 1.0 + alike, of_trail, of_line
            elif not here and alike >= MOVED_ALIKE:
                yield alike - abs(last.middle[1] - line.middle[1]) / 2, of_trail, of_line


def _at_one_place(one: SeenLine, other: SeenLine) -> bool:
    if abs(one.middle[1] - other.middle[1]) > _NEAR_HEIGHTS * max(one.box[3], other.box[3]):
        return False
    overlap = min(one.box[0] + one.box[2], other.box[0] + other.box[2]) - max(one.box[0], other.box[0])
    return overlap >= 0.5 * min(one.box[2], other.box[2])


def _grown(text: str, later: str) -> bool:
    """Whether the later text is the former with more at its end."""
    before, after = _letters(text), _letters(later)
    return len(after) > len(before) >= SHORT_LETTERS and after.startswith(before)


def likeness(one: str, other: str) -> float:
    """1 less the edit distance (Levenshtein) over the letters of the longer one; case and spaces do not
    count. Texts of few letters are equal or not alike at all; nor are those that differ in their figures
    alone: parts 1 and 2 are two. 0 below ALIKE."""
    a, b = _letters(one), _letters(other)
    if a == b:
        return 1.0
    longest = max(len(a), len(b))
    figures = [[sign for sign in text if sign.isdigit()] for text in (a, b)]
    if figures[0] != figures[1] and len(figures[0]) == len(figures[1]):
        return 0.0
    if longest <= SHORT_LETTERS or min(len(a), len(b)) < ALIKE * longest:
        return 0.0
    furthest = int((1.0 - ALIKE) * longest)
    distance = Levenshtein.distance(a, b, score_cutoff=furthest)
    return 0.0 if distance > furthest else 1.0 - distance / longest


@lru_cache(maxsize=10_000)
def _letters(text: str) -> str:
    return "".join(text.casefold().split())
