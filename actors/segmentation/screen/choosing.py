"""Chooses the frames in which text is looked for, from the small pictures of the tracks alone.

A picture that stands still is looked at once, when it has settled, and again when a part of it has changed: a
slide that stands for ten minutes is read once, and each line that is added to it. Where the picture runs it
is looked at every few seconds, and once between two cuts. So it does not depend on any setting, nor on how
the video was divided into chunks. Knows arrays of small pictures and times; imports no PyAV.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from actors.segmentation.timebase import FrameClock
from actors.segmentation.tracks import FrameTrack

TICK_S = 0.1
"""Seconds between the frames that are compared. No measurement; text is never shown for so short a time."""
STILL_LEVELS = 2.5
"""Change of a cell of the small picture (0..255, mean of its colours) from tick to tick, up to which it
stands still: compression makes up to 2."""
SETTLED_S = 0.3
"""Seconds for which all cells must stand still before a picture has settled."""
NEW_LEVELS = 4.0
"""Change of a cell since the last look from which something new may be shown. A cell is a 16th of the picture
wide and a 9th high: a word of 60 x 12 pixels in 720p changes its cell by about 5."""
JUMP_LEVELS = 12.0
"""Mean change of all cells from tick to tick that is taken for a cut. No measurement; only decides which
frames are looked at."""
SHORTEST_STRETCH_S = 0.5
"""Seconds between two cuts from which a running picture is looked at between them. No measurement; shorter
text cannot be read by people either."""
EVERY_S = 2.5
"""Seconds from one look at a running picture to the next: names and captions are shown for 3 s and more."""
APART_S = 0.5
"""Seconds between looks at pictures that stand still and differ."""
SECONDS_PER_PICTURE = 5.0
"""No more looks than one for so many seconds of film, on average, in videos of more than LEAST_BOUND
looks."""
LEAST_BOUND = 240
"""Looks that every video may have: ten minutes at EVERY_S."""
_LADDER = ((EVERY_S, APART_S), (3.5, 0.8), (SECONDS_PER_PICTURE, 1.2), (SECONDS_PER_PICTURE, 2.5))
"""(every_s, apart_s), tried in this order until the number of looks is within the bound; the last resort is
SECONDS_PER_PICTURE for both, which always is."""
_EARLY = 0.7
"""A seek point is looked at from this share of the time on, since it needs no other frame."""

Cells = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Ticks:
    """Some frames, about TICK_S apart: their numbers, times (s), and whether each has settled or begins after
    a cut. cells: uint8[n, cells, 3]."""

    frame: npt.NDArray[np.int64]
    time_s: npt.NDArray[np.float64]
    cells: Cells
    settled: npt.NDArray[np.bool_]
    jump: npt.NDArray[np.bool_]
    key: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Look:
    """A frame that is looked at. still: its picture had settled."""

    frame: int
    still: bool


def find_looks(track: FrameTrack, clock: FrameClock, key: npt.NDArray[np.bool_]) -> list[Look]:
    """The frames to look at, in order. key: bool[frames], decoding may begin there."""
    usable = np.flatnonzero(track.valid & ~track.estimated)
    if len(usable) == 0:
        return []
    ticks = ticks_of(track, clock, key, usable)
    duration_s = clock.end_s - clock.start_s
    bound = max(LEAST_BOUND, int(duration_s / SECONDS_PER_PICTURE) + 1)
    for every_s, apart_s in _LADDER:
        looks = _looks(ticks, clock.end_s, every_s, apart_s)
        if len(looks) <= bound:
            return looks
    return _looks(ticks, clock.end_s, SECONDS_PER_PICTURE, SECONDS_PER_PICTURE)


def ticks_of(
    track: FrameTrack, clock: FrameClock, key: npt.NDArray[np.bool_], usable: npt.NDArray[np.int64]
) -> Ticks:
    """Frames of `usable`, which ascend, at least TICK_S apart, every seek point among them."""
    seconds = clock.pts.astype(np.float64) * float(clock.time_base)
    chosen: list[int] = []
    for frame, at_s, begins in zip(
        usable.tolist(), seconds[usable].tolist(), key[usable].tolist(), strict=True
    ):
        if not chosen or begins or at_s - seconds[chosen[-1]] >= TICK_S - 1e-6:
            chosen.append(frame)
    frames = np.array(chosen, np.int64)
    cells = track.thumb[frames].reshape(len(frames), -1, 3)
    local, mean = np.zeros(len(frames)), np.zeros(len(frames))
    for start in range(1, len(frames), 4096):  # in parts: a film's small pictures take 100 MB
        part = slice(start, min(start + 4096, len(frames)))
        change = _change(cells[part], cells[start - 1 : part.stop - 1])
        local[part], mean[part] = change.max(axis=1), change.mean(axis=1)
    times_s = seconds[frames]
    return Ticks(
        frames, times_s, cells, _settled(times_s, clock.end_s, local), mean >= JUMP_LEVELS, key[frames]
    )


def _change(cells: Cells, before: Cells) -> npt.NDArray[np.float64]:
    """[..., cells]: mean absolute difference of the colours of each cell."""
    return np.asarray(np.abs(cells.astype(np.int16) - before).mean(axis=-1))


def _settled(
    times_s: npt.NDArray[np.float64], end_s: float, local: npt.NDArray[np.float64]
) -> npt.NDArray[np.bool_]:
    """bool[n]: nothing moves for SETTLED_S from here on, before the video ends."""
    moves = np.flatnonzero(local > STILL_LEVELS)
    following = np.searchsorted(moves, np.arange(len(times_s)), side="right")
    next_s = np.append(times_s[moves], end_s)[following]
    return np.asarray(next_s - times_s >= SETTLED_S)


def _looks(ticks: Ticks, end_s: float, every_s: float, apart_s: float) -> list[Look]:
    cuts = [0, *(np.flatnonzero(ticks.jump[1:]) + 1).tolist(), len(ticks.frame)]
    looks: list[Look] = []
    last = -1  # tick of the last look
    for start, stop in pairwise(cuts):
        until_s = end_s if stop == len(ticks.frame) else float(ticks.time_s[stop])
        length_s = until_s - float(ticks.time_s[start])
        due_s = float(ticks.time_s[start]) + min(every_s, length_s) / 2
        if length_s < SHORTEST_STRETCH_S and start > 0:
            due_s = np.inf
        tick = start
        while tick < stop:
            at_s = float(ticks.time_s[tick])
            gap_s = at_s - float(ticks.time_s[last]) if last >= 0 else np.inf
            look: Look | None = None
            if ticks.settled[tick]:
                new = last < 0 or float(_change(ticks.cells[tick], ticks.cells[last]).max()) >= NEW_LEVELS
                if new and gap_s >= apart_s:
                    tick = _inside(ticks, tick, stop)
                    look = Look(int(ticks.frame[tick]), still=True)
                else:  # what begins to move now is looked at after a while, or when it has settled
                    due_s = max(due_s, at_s + every_s / 2)
            elif gap_s >= min(every_s, 2 * apart_s):
                soon = ticks.key[tick] and gap_s >= _EARLY * every_s
                if at_s >= due_s or soon:
                    look = Look(int(ticks.frame[tick]), still=False)
            if look is not None:
                looks.append(look)
                last = tick
                due_s = float(ticks.time_s[tick]) + every_s
            tick += 1
    if not looks:  # a video of a few frames that all move
        looks.append(Look(int(ticks.frame[len(ticks.frame) // 2]), still=False))
    return looks


def _inside(ticks: Ticks, tick: int, stop: int) -> int:
    """A tick in the middle of the time in which the picture has settled, past the blocks of a new GOP."""
    middle_s = float(ticks.time_s[tick]) + SETTLED_S / 2
    while tick + 1 < stop and float(ticks.time_s[tick + 1]) <= middle_s:
        tick += 1
    return tick
