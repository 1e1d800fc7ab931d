"""Makes the text of a whole video from what was read in its pictures: a pure function of the rows.

Lines of successive pictures become one entry with start and end; what is seen in one picture only, and is
small or uncertain, is dropped. Knows rows, pictures and times; opens no file.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Any

from actors.segmentation.screen.extents import first_frame, last_frame
from actors.segmentation.screen.following import Trail, follow
from actors.segmentation.screen.kinds import ROLL_RATE_SPREAD, ROLLED, Page, Shown, kinds_of
from actors.segmentation.screen.pictures import Pictures
from actors.segmentation.screen.seen_lines import SeenLine
from actors.segmentation.screen_text import Box, ScreenText, ShownLine
from actors.segmentation.timebase import FrameClock

ONCE_PROBABLE = 0.93
"""Probability from which a text counts that is read in one picture alone."""
ONCE_LETTERS = 4
"""... and the letters that it must have, not counting figures: clocks and scores change all the time; ..."""
LARGE_HEIGHT = 0.06
"""... a line of this share of the height needs neither, and neither does one in a picture that stands
still."""
EDGE = 0.004
"""Share of the picture from its edge within which a line that is seen once is taken to be cut off."""
ROLL_COMPANY = 2
"""Lines that must roll at one speed; one alone is a title that moves."""


def joined(
    rows: Sequence[Mapping[str, Any]],
    pictures: Pictures,
    clock: FrameClock,
    model: str,
    on_picture: Callable[[], None] | None = None,
) -> ScreenText:
    """The text of a video. rows: of all groups, in any order. model: name of what read them. on_picture():
    called for each, may raise Cancelled.

    ValueError or KeyError for rows that `reading` did not make of these pictures.
    """
    place_of = {int(frame): place for place, frame in enumerate(pictures.frame)}
    pages: dict[int, Page] = {}
    for row in rows:
        place = place_of[int(row["frame"])]
        lines = tuple(SeenLine.from_row(line) for line in row["lines"])
        pages[place] = Page(lines, float(row["ground"]), bool(pictures.still[place]))
    in_order = [(place, pages[place].lines) for place in sorted(pages)]
    trails = follow(in_order, on_picture)
    seconds = {place: clock.seconds_of(int(pictures.frame[place])) for place in pages}
    rolling = _rolling(trails, seconds)
    texts: list[tuple[Shown, Trail]] = []
    for trail, rolls in zip(trails, rolling, strict=True):
        seen = tuple((line, pages[place]) for place, line in zip(trail.places, trail.lines, strict=True))
        if not _counts(trail, seen[0][1], rolls=rolls):
            continue
        start, end = _extent(trail, pictures, len(clock), rolls=rolls)
        shown = Shown(clock.seconds_of(start), clock.seconds_of(end), trail.text, seen, rolls)
        texts.append((shown, trail))
    texts.sort(key=lambda each: (each[0].start_s, each[0].line.box[1], each[0].line.box[0]))
    kinds = kinds_of([shown for shown, _ in texts])
    lines_out = tuple(
        ShownLine(shown.start_s, shown.end_s, shown.text, trail.probability, _inside(trail.box), kind)
        for (shown, trail), kind in zip(texts, kinds, strict=True)
    )
    return ScreenText(lines_out, model)


def _counts(trail: Trail, page: Page, *, rolls: bool) -> bool:
    """Whether a text is kept: seen twice, or once and beyond doubt."""
    if len(trail.lines) > 1:
        return True
    line = trail.lines[0]
    left, top, width, height = line.box
    if min(left, top, 1 - left - width, 1 - top - height) < EDGE:
        return False
    if line.box[3] >= LARGE_HEIGHT or page.still:
        return True
    letters = sum(sign.isalpha() for sign in line.text)
    return line.probability >= ONCE_PROBABLE and letters >= ONCE_LETTERS


def _extent(trail: Trail, pictures: Pictures, frames: int, *, rolls: bool) -> tuple[int, int]:
    """Frames [start, end). A line that moves is told by the pictures in which it is seen, and half way to the
    next ones."""
    first, last = trail.places[0], trail.places[-1]
    if not rolls:
        return (
            first_frame(pictures, first, trail.lines[0].box),
            last_frame(pictures, last, trail.lines[-1].box, frames),
        )
    at = pictures.frame
    before = int(at[first - 1]) if first else 0
    after = int(at[last + 1]) if last + 1 < len(pictures) else frames
    start = (before + int(at[first]) + 1) // 2
    return start, max((int(at[last]) + after + 1) // 2, int(at[last]) + 1, start + 1)


def _rolling(trails: Sequence[Trail], seconds: Mapping[int, float]) -> list[bool]:
    """For each text, whether it moves up or down with others at one speed; also one that is seen once among
    such."""
    rates = [_rate(trail, seconds) for trail in trails]
    of_place: dict[int, list[int]] = defaultdict(list)
    for number, trail in enumerate(trails):
        for place in trail.places:
            of_place[place].append(number)
    out: list[bool] = []
    for number, (trail, rate) in enumerate(zip(trails, rates, strict=True)):
        if rate == 0:
            out.append(False)
            continue
        beside = {other for place in trail.places for other in of_place[place]} - {number}
        moving = [each for other in beside if (each := rates[other])]
        if rate is None:  # seen once
            still = sum(rates[other] == 0 for other in beside)
            out.append(len(moving) >= ROLL_COMPANY and len(moving) > still)
            continue
        usual = median(moving) if moving else 0.0
        alike = abs(rate - usual) <= ROLL_RATE_SPREAD * abs(usual)
        out.append(len(moving) >= ROLL_COMPANY and alike)
    return out


def _rate(trail: Trail, seconds: Mapping[int, float]) -> float | None:
    """Heights of the picture a second, up positive; 0 for one that stays, None for one seen once."""
    if len(trail.places) < 2:
        return None
    if abs(trail.risen) < ROLLED:
        return 0.0
    return trail.risen / (seconds[trail.places[-1]] - seconds[trail.places[0]])


def _inside(box: Box) -> Box:
    left, top, width, height = box
    left, top = min(max(left, 0.0), 1.0), min(max(top, 0.0), 1.0)
    return left, top, min(width, 1 - left), min(height, 1 - top)
