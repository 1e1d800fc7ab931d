"""Chooses the frames that are segmented: those shown between two times, of all that were measured.

Knows a clock; knows no tracks and no segments.
"""

from __future__ import annotations

from actors.segmentation.errors import SettingsError
from actors.segmentation.timebase import FrameClock


def part_of(clock: FrameClock, from_s: float | None, to_s: float | None) -> range:
    """The frames of which any time from `from_s` up to, not including, `to_s` is shown; at least one.

    None: from the first frame, to the last. Times outside of the video are taken as its start or end, but
    SettingsError where none of it lies between the two.
    """
    span = f"the video lasts from {clock.start_s:.3f} to {clock.end_s:.3f} s"
    if from_s is not None and from_s >= clock.end_s:
        raise SettingsError(f"from_s must lie before the end: {span}, and {from_s:g} is behind it.")
    if to_s is not None and to_s <= clock.start_s:
        raise SettingsError(f"to_s must lie after the start: {span}, and {to_s:g} is before it.")
    first = 0 if from_s is None else clock.frame_at(from_s)
    if to_s is None or to_s >= clock.end_s:
        return range(first, len(clock))
    last = clock.frame_at(to_s)
    if clock.seconds_of(last) < to_s:  # this frame is shown for a while before `to_s`
        last += 1
    return range(first, max(last, first + 1))
