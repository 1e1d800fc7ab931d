"""Proposes where gradual transitions may be: windows that the network marks, that look mixed or wiped, and
runs of frames that move much more than those around them.

It is cheap and proposes too much rather than too little: what is not proposed here is lost, what is proposed
is measured by `shots.fit` and judged by `shots.confidence`. The thresholds were set by hand for that purpose;
the weights of `shots.weights` are fitted to the candidates that they let through, so whoever changes one has
to fit anew. Knows curves and small pictures; decides nothing.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import maximum_filter1d, minimum_filter1d, percentile_filter

from actors.segmentation.runs import true_runs

Floats = npt.NDArray[np.float32]
Window = tuple[int, int]

JUMP_ALONE, JUMP_ABOVE = 8.0, 3.0
"""A frame that no ramp crosses changes by more than this (of 255, in a film of usual contrast), and by so
many times as much as the frame before and the frame after it."""
USUAL_STD = 32.0
"""Standard deviation of luma (0..127.5) within the pictures of a film of usual contrast."""
SCALE_MIN = 0.2
"""Least share of the usual contrast by which a film is judged: in flatter ones coding noise would be a
change."""
CONTRAST_REACH = 24
"""Frames on either side in which the contrast is sought: more than a fade leaves without any."""
ZONE_FLOOR = 0.08
"""A zone of the network goes on while its heads (0..1) stay above this ..."""
ZONE_PEAK = 0.2
"""... and has a frame above this: a hysteresis, as the curve sinks inside long dissolves."""
ZONE_GAP = 2
"""Frames below the floor that do not end a zone: the network's curve has such dents inside long dissolves."""
HALVES = (3, 6, 12, 24, 48, 112)
"""Half lengths in frames of the windows that are screened: dissolves of 4 to 220 frames."""
LONG_HALF = 24
"""Half length from which more of a window's middle may be unexplained: what is mixed moves meanwhile."""
LONG_MIX_SCREEN = 0.45
"""As MIX_SCREEN, of such windows."""
RUN_MIN = 2.5
"""Change per frame (of 255), in a film of usual contrast, that a push makes at least: it moves the picture by
half a cell of the small one, and more."""
RUN_RATIOS = (1.7, 3.0)
"""... and so many times what the film changes around it."""
RUN_AROUND_FRAMES, RUN_USUAL = 61, 30
"""Frames around in which that is taken, and its percentile: the longest push takes less than half of them."""
RUN_STEPS = (4, 48)
"""Steps of the shortest and the longest run."""
RUN_GAP = 2
"""Steps within a run that may change less: a film at a lower rate than its file repeats pictures."""
RUN_EASED_FRAMES = 2
"""Frames that a push may be longer at either end, where it starts and stops softly."""
CHANGE_MIN = 12.0
"""Mean luma change (of 255) across a window, in a film of usual contrast, below which nothing can be told."""
MIX_SCREEN = 0.33
"""Most that the middle picture may differ from the mean of the outer two, as a share of their difference: 0
in a perfect dissolve, 0.5 at a cut, 0.87 for three unrelated pictures."""
EDGE_SCREEN = 0.3
"""Most that the cells of the middle picture may differ from the nearer of the outer two, as the same share: 0
in a perfect wipe of still pictures."""
EDGE_BALANCE = 0.22
"""Share of the cells that half way through a wipe show the old picture at least, and the new one."""
_WINDOWS_AT_ONCE = 8192
"""Windows that are screened at once: bounds the memory of a long film."""


def contrast_scale(std: Floats) -> Floats:
    """float32 (n,), SCALE_MIN..1: the contrast around each frame as a share of a usual one, so that dark and
    flat films are judged by their own measure. std: luma deviation (n,), 0..127.5."""
    around = maximum_filter1d(std, 2 * CONTRAST_REACH + 1) if len(std) else std
    out: Floats = np.clip(around / USUAL_STD, SCALE_MIN, 1.0).astype(np.float32)
    return out


def jumps(motion: Floats, scale: Floats) -> npt.NDArray[np.bool_]:
    """bool (n,): frames that differ from the one before far more than their neighbours do; no ramp crosses
    them."""
    around = np.pad(motion, 1)
    return (motion > JUMP_ALONE * scale) & (motion > JUMP_ABOVE * np.maximum(around[:-2], around[2:]))


def network_zones(cut: Floats, many: Floats) -> list[Window]:
    """Runs (inclusive) in which the network sees a transition at work."""
    score = np.maximum(many, cut)
    zones = true_runs(score >= ZONE_FLOOR, ZONE_GAP)
    return [(start, stop - 1) for start, stop in zones if score[start:stop].max() >= ZONE_PEAK]


def gradual_windows(
    cut: Floats,
    many: Floats,
    y: npt.NDArray[np.uint8],
    scale: Floats,
    barriers: npt.NDArray[np.int64],
) -> npt.NDArray[np.int64]:
    """(c, 2) first and last frame of every window to be fitted, of at least four frames, none twice.

    A window of the network is widened to hold clean frames; a screened one has them at its ends.
    y: luma (n, rows, columns) of the active area. barriers: first frames after sure cuts, ascending; no
    window crosses one.
    """
    n = len(cut)
    windows = [(a - max(4, (b - a) // 2), b + 1 + max(4, (b - a) // 2)) for a, b in network_zones(cut, many)]
    windows += screened_windows(y, scale, barriers)
    if not windows:
        return np.zeros((0, 2), np.int64)
    bounds = np.array(windows, np.int64)
    walls = np.concatenate([[0], barriers, [n]])
    place = np.searchsorted(walls, bounds.sum(axis=1) // 2, "right")
    bounds[:, 0] = np.maximum(bounds[:, 0], walls[place - 1])
    bounds[:, 1] = np.minimum(bounds[:, 1], walls[np.minimum(place, len(walls) - 1)] - 1)
    return np.unique(bounds[bounds[:, 1] - bounds[:, 0] >= 3], axis=0)


def moving_windows(motion: Floats, scale: Floats, barriers: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """(c, 2) last clean frame before and first clean frame after each run of steps that change much more than
    the film does around it; each once as it is and once with room for soft ends. barriers: as above."""
    usual = percentile_filter(motion, RUN_USUAL, RUN_AROUND_FRAMES, mode="nearest")
    found: set[Window] = set()
    for ratio in RUN_RATIOS:
        raised = motion >= np.maximum(RUN_MIN * scale, ratio * usual)
        raised[barriers] = False
        for start, stop in true_runs(raised, RUN_GAP):
            if RUN_STEPS[0] <= stop - start <= RUN_STEPS[1] and start > 0:
                found |= {(start - 1 - k, stop - 1 + k) for k in (0, RUN_EASED_FRAMES)}
    windows = np.array(sorted(found), np.int64).reshape(-1, 2)
    inside = (windows[:, 0] >= 0) & (windows[:, 1] < len(motion))
    return windows[inside & ~_crossed(barriers, windows[:, 0], windows[:, 1])]


def _crossed(
    barriers: npt.NDArray[np.int64], first: npt.NDArray[np.int64], last: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """bool (c,): whether a barrier lies in first + 1 .. last."""
    before, within = (np.searchsorted(barriers, ends, "right") for ends in (first, last))
    crossed: npt.NDArray[np.bool_] = within > before
    return crossed


def screened_windows(
    y: npt.NDArray[np.uint8], scale: Floats, barriers: npt.NDArray[np.int64]
) -> list[Window]:
    """Windows (first and last frame clean) whose middle looks mixed, or as if an edge were in it.

    y: luma (n, rows, columns) of the active area. barriers: sure cuts, which no window crosses.
    """
    found: list[Window] = []
    for half in HALVES:
        found += _screen(y, scale, barriers, half)
    return found


def _screen(
    y: npt.NDArray[np.uint8], scale: Floats, barriers: npt.NDArray[np.int64], half: int
) -> list[Window]:
    n = len(y)
    centres = np.arange(half, n - half, max(1, half // 3))
    if not len(centres):
        return []
    centres = centres[~_crossed(barriers, centres - half, centres + half)]
    scores = np.ones(len(centres), np.float32)
    for start in range(0, len(centres), _WINDOWS_AT_ONCE):
        block = centres[start : start + _WINDOWS_AT_ONCE]
        old, new = y[block - half].astype(np.int16), y[block + half].astype(np.int16)
        difference = np.abs(new - old)
        change = difference.mean(axis=(1, 2), dtype=np.float32)
        enough = CHANGE_MIN * scale[block]
        ok = np.flatnonzero(change >= enough)
        if not len(ok):
            continue
        old, new, difference, change = old[ok], new[ok], difference[ok], change[ok]
        middle = y[block[ok]].astype(np.int16)
        mixed = 0.5 * np.abs(2 * middle - old - new).mean(axis=(1, 2), dtype=np.float32) / change
        to_old, to_new = np.abs(middle - old), np.abs(middle - new)
        edge = np.minimum(to_old, to_new).mean(axis=(1, 2), dtype=np.float32) / change
        telling = difference > enough[ok, None, None]
        share = (telling & (to_new < to_old)).sum(axis=(1, 2)) / np.maximum(1, telling.sum(axis=(1, 2)))
        balance = np.minimum(share, 1 - share)
        score = np.where(balance >= EDGE_BALANCE, np.minimum(edge / EDGE_SCREEN, 1.0), 1.0)
        most = MIX_SCREEN if half < LONG_HALF else LONG_MIX_SCREEN
        scores[start + ok] = np.minimum(np.minimum(mixed / most, 1.0), score)
    best = np.flatnonzero((scores < 1.0) & (scores <= minimum_filter1d(scores, 5)))
    return [(int(centres[k] - half), int(centres[k] + half)) for k in best]
