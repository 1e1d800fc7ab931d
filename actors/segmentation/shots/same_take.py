"""Measures whether the pictures before and after a cut show the same place, and tells such cuts from others.

Time is left out of a take, or its framing is punched in: a jump cut. Beside the measures of the step itself
there are those of the ground: medians over some frames of either shot, in which what moves is gone, compared
as they stand, shifted, and with either of them magnified. Knows small pictures and the frames of cuts; does
not decide whether they are cuts.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from actors.segmentation.luma import luma_of
from actors.segmentation.shots.comparing.distances import (
    Floats,
    Ints,
    Thumbs,
    alikeness,
    colour_distance,
    correlation,
    distance,
    relit,
)

GROUND_MEASURES = (
    *("ground", "ground_alike", "ground_relit", "ground_colours", "ground_hues"),
    *("still_cells", "nearest_cells", "shifted_alike", "magnified_alike", "magnified", "best_alike"),
)
"""Columns of `ground_measures`; see there."""

GROUND_FRAMES = 5
"""Frames of either shot whose median is its ground: a hand or a head moves on meanwhile, and shots of fewer
frames are rare."""
STILL = 10.0
"""Mean change (of 255), in a film of usual contrast, up to which a cell shows the same: coding noise, and a
little of what moves."""
NEAREST_SHARE = 0.25
"""Share of the cells, those that change least, whose change is taken: a person in the middle leaves so much
of a wall."""
MAGNIFIED = (0.9, 0.8, 0.7, 0.6)
"""Shares of the width that are cut out and compared with the other whole picture: editors punch in by 10 to
60 %."""
PLACES = (0.0, 0.5, 1.0)
"""Where it is cut out, from the one edge to the other: faces are in the middle or in the upper third."""
SHIFTS = (-2, -1, 0, 1, 2)
"""Cells, of 9 x 16, by which the ground is shifted: the camera may have been moved a little."""
FURTHER = (0, 6, 14)
"""Frames away from the cut on either side whose pictures are compared, each with each: what moves may come
back to where it was."""
_AT_ONCE = 128
"""Cuts measured at once: bounds memory."""


def ground_measures(thumbs: Thumbs, scale: Floats, old: Ints, new: Ints) -> Floats:
    """float32 (c, len(GROUND_MEASURES)) of cuts from the clean frames `old` to `new` (c,).

    ground: change between the two grounds; alike, relit, colours: as of steps; hues: correlation of their
    differences from grey. still_cells: share of the cells that stay; nearest_cells: change of those that
    change least. shifted, magnified: the best that comes of it, and how much magnified is better than plain.
    best: of the pictures some frames away. thumbs: uint8 (n, rows, columns, 3). scale: the film's contrast.
    """
    parts = [
        _measured(thumbs, scale, old[k : k + _AT_ONCE], new[k : k + _AT_ONCE])
        for k in range(0, len(old), _AT_ONCE)
    ]
    return np.concatenate(parts) if parts else np.zeros((0, len(GROUND_MEASURES)), np.float32)


def _measured(thumbs: Thumbs, scale: Floats, old: Ints, new: Ints) -> Floats:
    back = np.arange(GROUND_FRAMES)
    grounds = _median(thumbs, old[:, None] - back), _median(thumbs, new[:, None] + back)
    a, b = (luma_of(ground).astype(np.float32) for ground in grounds)
    before, after = (ground.astype(np.float32) for ground in grounds)
    size = scale[np.clip(new, 0, len(scale) - 1)]
    plain = alikeness(correlation(a, b))
    larger = np.maximum(_magnified(before, after), _magnified(after, before))
    cells = np.abs(before - after).mean(axis=-1).reshape(len(old), -1)
    count = max(1, round(NEAREST_SHARE * cells.shape[1]))
    nearest = np.sort(cells, axis=1)[:, :count].mean(axis=1)
    columns = [
        np.log(distance(a, b) / size + 1),
        plain,
        relit(a, b),
        np.log(colour_distance(before, after) / size + 1),
        alikeness(_together(before - a[..., None], after - b[..., None])),
        (cells < STILL * size[:, None]).mean(axis=1),
        np.log(nearest / size + 1),
        alikeness(_shifted(a, b)),
        alikeness(larger),
        alikeness(larger) - alikeness(_together(before, after)),
        alikeness(_best(thumbs, old, new)),
    ]
    return np.stack(columns, axis=1).astype(np.float32)


def _median(thumbs: Thumbs, frames: Ints) -> Thumbs:
    """uint8 (c, rows, columns, 3) of frames (c, k), clamped to the film; k is odd."""
    picked = thumbs[np.clip(frames, 0, len(thumbs) - 1)]
    out: Thumbs = np.median(picked, axis=1).astype(np.uint8)
    return out


def _together(a: Floats, b: Floats) -> Floats:
    """Correlation (c,) of colour pictures (c, rows, columns, 3), their channels side by side."""
    return correlation(*(x.reshape(len(x), x.shape[1], -1) for x in (a, b)))


def _shifted(a: Floats, b: Floats) -> Floats:
    """(c,) best correlation of what the two have in common when one is shifted."""
    rows, columns = a.shape[1:]
    best = np.full(len(a), -1.0, np.float32)
    for y in SHIFTS:
        for x in SHIFTS:
            if abs(y) < rows - 1 and abs(x) < columns - 1:
                one = a[:, max(0, y) : rows + min(0, y), max(0, x) : columns + min(0, x)]
                other = b[:, max(0, -y) : rows + min(0, -y), max(0, -x) : columns + min(0, -x)]
                best = np.maximum(best, correlation(one, other))
    return best


def _magnified(wide: Floats, near: Floats) -> Floats:
    """(c,) best correlation of `near` with parts of `wide` that are magnified to its size."""
    best = np.full(len(wide), -1.0, np.float32)
    for share in MAGNIFIED:
        for top in PLACES:
            down = _stretch(wide.shape[1], share, top)
            for left in PLACES:
                right = _stretch(wide.shape[2], share, left)
                part = np.einsum("yr,crkd,xk->cyxd", down, wide, right, optimize=True)
                best = np.maximum(best, _together(part, near))
    return best


def _stretch(count: int, share: float, at: float) -> npt.NDArray[np.float32]:
    """(count, count): stretches a share of a line of cells to all of it, between neighbours in proportion."""
    length = share * count
    source = np.clip(at * (count - length) + (np.arange(count) + 0.5) * share - 0.5, 0, count - 1)
    low = np.floor(source).astype(np.int64)
    part = (source - low).astype(np.float32)
    out = np.zeros((count, count), np.float32)
    out[np.arange(count), low] += 1 - part
    out[np.arange(count), np.minimum(low + 1, count - 1)] += part
    return out


def _best(thumbs: Thumbs, old: Ints, new: Ints) -> Floats:
    """(c,) best correlation of any picture a little before with any a little after."""
    best = np.full(len(old), -1.0, np.float32)
    last = len(thumbs) - 1
    for earlier in FURTHER:
        for later in FURTHER:
            a, b = thumbs[np.clip(old - earlier, 0, last)], thumbs[np.clip(new + later, 0, last)]
            best = np.maximum(best, _together(a.astype(np.float32), b.astype(np.float32)))
    return best
