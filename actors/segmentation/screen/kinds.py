"""Tells what a line of text is, by its place, size, motion and duration, and by what is shown with it.

Pure functions with limits set by hand; `python -m tests.benchmarks.screen` says how often they are right.
Knows lines and the pictures they stand in; no pixels.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from actors.segmentation.screen.seen_lines import SeenLine

PLAIN_GROUND = 0.6
"""Detail outside of the text (levels, see `reading`), up to which the ground is plain, dark or blurred. Plain
grounds have 0 to 0.1, blurred photographs 0.1 to 1, sharp ones 2 to 8."""
CARD_LINES = 4
CARD_LETTERS = 140
"""A title card has at most so many lines, and letters."""
CARD_HEIGHT = 0.05
"""Height from which a line that is not in the middle may be that of a title card."""
LARGE_CARD_HEIGHT = 0.08
"""Height from which a line in the middle is a title over any ground, if it does not stay for long."""
LARGE_CARD_WIDTH = 0.15
CARD_TOP = 0.3
LONGEST_CARD_S = 15.0
NEAR_HEIGHTS = 2.5
"""Distance from the middle of a title to that of a line that belongs to it, in heights of the title."""
CENTRED = 0.1
"""Share of the width by which the middle of a line may miss that of the picture if it is centred."""
SLIDE_LINES = 3
"""Lines from which a still picture is a slide over a plain ground ..."""
BUSY_SLIDE_LINES = 6
"""... and over any."""
HEADING_TOP = 0.4
"""Above this share of the height stands the heading of a slide, ..."""
HEADING_HEIGHTS = 1.2
"""... whose lines are so many times as high as the others are in the median."""
STACK_LINES = 5
"""Centred lines from which a picture over a plain ground shows credits that are stacked."""
STACK_WORDS = 6.0
"""Words of their lines at most, in the mean."""
LOWER_TOP = 0.6
"""Below this share of the height stand names and captions, ..."""
LOWER_HEIGHT = 0.14
"""... whose lines are at most so high."""
CAPTION_TOP = 0.55
LONGEST_CAPTION_S = 12.0
LONGEST_LOWER_S = 30.0
"""Seconds for which a caption, or a name, is shown at most; a logo stays longer."""
SERIES_S = 60.0
"""Captions follow each other: at least SERIES_LINES others stand at the same height within so many
seconds."""
SERIES_LINES = 2
_SAME_TOP = 0.07
"""Share of the height by which the middles of captions differ: of one line or of two."""
_SAME_SIZE = 1.35
"""Height of one caption over another's at most."""
ROLLED = 0.05
"""Share of the height by which a line has risen at least, or sunk, if it rolls."""
ROLL_RATE_SPREAD = 0.35
"""Share by which the speeds of lines that roll together differ at most."""


@dataclass(frozen=True, slots=True)
class Page:
    """A picture with text. still: it had settled; ground: see `reading`."""

    lines: tuple[SeenLine, ...]
    ground: float
    still: bool

    @property
    def plain(self) -> bool:
        """Whether nothing but the text is to be seen."""
        return self.ground <= PLAIN_GROUND


@dataclass(frozen=True, slots=True)
class Shown:
    """A text while it is shown. seen: the line and the page for each picture that it was seen in. rolls: it
    moves up or down as others do."""

    start_s: float
    end_s: float
    text: str
    seen: tuple[tuple[SeenLine, Page], ...]
    rolls: bool = False

    @property
    def line(self) -> SeenLine:
        """At its first sight."""
        return self.seen[0][0]


def kinds_of(texts: Sequence[Shown]) -> list[str]:
    """The kind of each, one of `screen_text.KINDS`. texts: of the whole video, by their start."""
    first = [_kind(shown) for shown in texts]
    low = [shown for shown, kind in zip(texts, first, strict=True) if kind == "lower_third"]
    starts_s = [shown.start_s for shown in low]
    return [
        "caption" if kind == "lower_third" and _in_series(shown, low, starts_s) else kind
        for shown, kind in zip(texts, first, strict=True)
    ]


def _kind(shown: Shown) -> str:
    if shown.rolls:
        return "credits"
    votes = Counter(_on_page(line, page) for line, page in shown.seen)
    if votes["heading"] + votes["slide"]:
        del votes["title_card"]  # with more lines to come, a slide begins as a title alone
    kind = max(votes, key=lambda name: (votes[name], name))
    length_s = shown.end_s - shown.start_s
    over_anything = kind == "title_card" and not shown.seen[0][1].plain
    too_long = (kind == "lower_third" and length_s > LONGEST_LOWER_S) or (
        over_anything and length_s > LONGEST_CARD_S
    )
    return "other" if too_long else kind


def _on_page(line: SeenLine, page: Page) -> str:
    """What a line is in one picture, if nothing is known of the others."""
    across, down = line.middle
    centred = abs(across - 0.5) <= CENTRED
    count = len(page.lines)
    if page.plain and _stacked(page):
        return "credits"
    if (page.plain and count >= SLIDE_LINES and _long(page)) or (page.still and count >= BUSY_SLIDE_LINES):
        return "heading" if line in headings(page) else "slide"
    low = down >= LOWER_TOP and line.box[3] <= LOWER_HEIGHT
    large = line.box[3] >= CARD_HEIGHT
    if page.plain and (_beside(line, page, CARD_HEIGHT) or (not low and (centred or large))):
        return "title_card"
    if centred and (_large(line) or _beside(line, page, LARGE_CARD_HEIGHT)):
        return "title_card"
    return "lower_third" if low else "other"


def _long(page: Page) -> bool:
    """Whether a page with few lines is none of a card: more lines, more letters, or lines that begin at the
    left under a heading."""
    letters = sum(len(line.text) for line in page.lines)
    if len(page.lines) > CARD_LINES or letters > CARD_LETTERS:
        return True
    return sum(abs(line.middle[0] - 0.5) > CENTRED for line in page.lines) * 2 > len(page.lines)


def _beside(line: SeenLine, page: Page, height: float) -> bool:
    """Whether a line stands close to one in the middle of a card that is so high at least."""
    return any(
        abs(one.middle[1] - line.middle[1]) <= NEAR_HEIGHTS * one.box[3]
        and one.box[3] >= height
        and (one.box[3] < LARGE_CARD_HEIGHT or page.plain or _large(one))
        and abs(one.middle[0] - 0.5) <= CENTRED
        and one.middle[1] < LOWER_TOP
        for one in page.lines
        if one is not line
    )


def _large(line: SeenLine) -> bool:
    """Whether a line may be a title over any ground: large, in the middle, and no label of a thing."""
    high = line.box[3] >= LARGE_CARD_HEIGHT and line.box[2] >= LARGE_CARD_WIDTH
    return high and CARD_TOP <= line.middle[1] < LOWER_TOP and abs(line.middle[0] - 0.5) <= CENTRED


def headings(page: Page) -> list[SeenLine]:
    """The lines of a slide's heading: the largest of those at the top, and others of its size next to it."""
    top = [line for line in page.lines if line.middle[1] <= HEADING_TOP]
    if not top or len(page.lines) < 2:
        return []
    largest = max(top, key=lambda line: (line.box[3], -line.box[1]))
    others = [line.box[3] for line in page.lines if line is not largest]
    if largest.box[3] < HEADING_HEIGHTS * median(others):
        return []
    return [
        line
        for line in top
        if line is largest
        or (
            line.box[3] * HEADING_HEIGHTS >= largest.box[3]
            and abs(line.middle[1] - largest.middle[1]) <= 2 * largest.box[3]
        )
    ]


def _stacked(page: Page) -> bool:
    """Whether lines stand one below the other in the middle, as names do."""
    if len(page.lines) < STACK_LINES:
        return False
    centred = [line for line in page.lines if abs(line.middle[0] - 0.5) <= CENTRED / 2]
    words = sum(len(line.text.split()) for line in page.lines) / len(page.lines)
    return len(centred) >= max(STACK_LINES - 1, 0.6 * len(page.lines)) and words <= STACK_WORDS


def _in_series(shown: Shown, low: Sequence[Shown], starts_s: Sequence[float]) -> bool:
    """Whether other texts stand at the same height before and after it, as subtitles do. starts_s: of
    `low`."""
    across, down = shown.line.middle
    height, length_s = shown.line.box[3], shown.end_s - shown.start_s
    if down < CAPTION_TOP or length_s > LONGEST_CAPTION_S or abs(across - 0.5) > CENTRED:
        return False
    first = bisect_left(starts_s, shown.start_s - SERIES_S - LONGEST_LOWER_S)
    around = [
        other
        for other in low[first : bisect_right(starts_s, shown.end_s + SERIES_S)]
        if (other.end_s <= shown.start_s or other.start_s >= shown.end_s)
        and other.text != shown.text
        and min(abs(other.start_s - shown.end_s), abs(shown.start_s - other.end_s)) <= SERIES_S
        and abs(other.line.middle[1] - down) <= _SAME_TOP
        and abs(other.line.middle[0] - 0.5) <= CENTRED
        and max(other.line.box[3], height) <= _SAME_SIZE * min(other.line.box[3], height)
    ]
    return len(around) >= SERIES_LINES
