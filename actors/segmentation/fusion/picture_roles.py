"""Roles that the picture alone gives a segment: black, colour bars, a picture that stands still.

Colour bars (SMPTE EG 1 and RP 219, EBU Tech 3325): seven or eight vertical bars of white, yellow, cyan,
green, magenta, red and blue from left to right, in the upper half of the picture. Knows thumbnails and
shares of a segment's frames; reads no text.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from actors.segmentation.timeline import Sound

CONTENT, BLACK, BARS, STATIC = "content", "black", "bars", "static"
"""Roles that are given here, as `timeline.ROLES` has them."""

_MOSTLY = 0.9
"""Share of frames from which a segment is black, bars, or stands still. By hand; fades at its ends are
left."""
STATIC_S = 2.0
"""Seconds from which a picture that stands still is told: shorter ones are rests of the edit. By hand."""
_VOICE_SHARE = 0.3
"""Share of speech or singing from which a picture that stands still has content: a slide, a cover with a
song."""

_COLOURS = np.array([(1, 1, 1), (1, 1, 0), (0, 1, 1), (0, 1, 0), (1, 0, 1), (1, 0, 0), (0, 0, 1)], np.bool_)
"""Which of R, G, B are high in each bar, from left to right."""
_LAYOUTS = ((0.0, 1 / 7), (0.0, 1 / 8), (1 / 8, 3 / 28))
"""Left edge of the first bar and width of a bar, as shares of the picture's width: seven bars, eight with a
black one, and seven between grey pillars (RP 219)."""
_UPPER_ROWS = 5
"""Rows of the thumbnail, of 9, that the bars fill: below, SMPTE bars have other patches."""
_HIGH_SHARE = 0.55
"""Level of a high channel, as a share of the white bar's. Bars have 75 or 100 % of it."""
_LOW_SHARE = 0.35
"""... and of a low channel at most. 0 is right; the mean over an edge, and coding, add some."""
_WHITE_LEAST = 110
"""Level (0..255) of the white bar at least: 75 % of white is 191, less where the range is limited twice."""
_ROWS_DIFFER = 12.0
"""Mean difference (of 255) of the rows from their mean up to which they are equal."""


def bars_shown(thumbs: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Whether each frame shows colour bars. thumbs: uint8[n, 9, 16, 3] -> bool[n]."""
    found = np.zeros(len(thumbs), np.bool_)
    bright = thumbs[:, 0].max(axis=(1, 2)) >= _WHITE_LEAST if len(thumbs) else found
    where = np.flatnonzero(bright)
    if not len(where):
        return found
    upper = thumbs[where, :_UPPER_ROWS].astype(np.float32)  # [k, rows, 16, 3]
    columns = upper.mean(axis=1)  # [k, 16, 3]
    even = np.abs(upper - columns[:, None]).mean(axis=(1, 2, 3)) <= _ROWS_DIFFER
    found[where] = even & np.any([_are_bars(_middles(columns, *layout)) for layout in _LAYOUTS], axis=0)
    return found


def picture_role(
    black: float, bars: float, static: float, seconds: float, sound: Sound | None
) -> tuple[str, float]:
    """Role and confidence (0..1) of a segment. black, bars, static: shares of its frames, 0..1."""
    if black >= _MOSTLY:
        return BLACK, black
    if bars >= _MOSTLY:
        return BARS, bars
    voice = 0.0 if sound is None else max(sound.speech, sound.singing)
    if static >= _MOSTLY and seconds >= STATIC_S and voice < _VOICE_SHARE:
        return STATIC, static
    return CONTENT, round(1 - max(black, bars), 4)


def _middles(columns: npt.NDArray[np.float32], left: float, width: float) -> npt.NDArray[np.float32]:
    """The column in the middle of each of seven bars. [k, 16, 3] -> [k, 7, 3]."""
    middles = (left + (np.arange(len(_COLOURS)) + 0.5) * width) * columns.shape[1]
    # where a bar's middle lies between two columns, the left one, which holds none of the next bar
    return columns[:, np.floor(middles - 0.25).astype(int)]


def _are_bars(bars: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """[k, 7, 3] -> bool[k]: every channel of every bar is high or low as it should be."""
    white = bars[:, 0].mean(axis=1)
    share = bars / np.maximum(white, 1)[:, None, None]
    right = np.where(_COLOURS, share >= _HIGH_SHARE, share <= _LOW_SHARE)
    return np.asarray((white >= _WHITE_LEAST) & right.all(axis=(1, 2)), np.bool_)
