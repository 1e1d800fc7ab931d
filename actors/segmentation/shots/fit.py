"""Fits models of a cut, a dissolve and a wipe to the small pictures of windows, and measures how well each
fits.

A window leads from a clean old picture A to a clean new picture B. The models of the frames between them are
a step (cut), a linear mix (dissolve), and a step of its own time for every cell (wipe, iris). Each is told by
one error, the mean absolute deviation as a share of |A - B|. Works on many windows at once. Knows small
pictures; does not know networks, thresholds or what else speaks for a transition.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import partial

import numpy as np
import numpy.typing as npt

from actors.segmentation.shots.comparing.distances import (
    Floats,
    Ints,
    Thumbs,
    colour_distance,
    correlation,
    distance,
    pictures,
    relit,
)
from actors.segmentation.shots.inside import dips, raised
from actors.segmentation.shots.known_rows import KnownRows
from actors.segmentation.shots.moves import moved

CELL_CHANGE = 12.0
"""Difference of luma (0..255), in a film of usual contrast, from which a cell tells old from new: more than
noise and coding make."""
GRID_STEPS = 16
"""Starts and ends of a ramp that are tried in each window before they are refined around the best: enough
that the best of them is next to the best of all."""
LEAN_PER_FRAME = 0.002
"""Error (0..1) that a frame more of a ramp must save: of equal fits the shorter is taken."""
MOVED_MIX_MIN, MOVED_FRAMES_MAX = 0.12, 50
"""Error of the mix from which, and frames up to which, a window is compared with pictures that move in: what
a mix explains needs no other reading, and longer pushes are not made."""
_FLAT_VARIANCE = 0.05
"""Variance of the cells' switching times (frames²) below which nothing moved through the picture."""
_BATCH_VALUES = 1 << 22
"""Values of pictures (float32) held at once: 16 MB."""


@dataclass(frozen=True, slots=True, repr=False)
class Fits:
    """What windows look like, one row each; all mixed frames are first..last (inclusive).

    change: mean |A - B|, 0..255. colours: distance of the two colour distributions, 0..255 (a camera that
    moves inside one place changes the picture but not its colours). relit: what is left of `change` after
    the best common gain and offset, 0..1 (near 0 when only the light changed). alike: correlation of A and
    B, -1..1. mix, step, edge: errors of the three models, about 0..1. reach: share of cells in which old
    and new differ. spread: roughness of the cells' switching times, 0 a clean moving edge, 1 random.
    flips: how often a cell goes back and forth between old and new, 0 never. drift: mean change inside the
    old and new shot over as many frames as the transition has. dip, dip_detail: share of contrast, and of
    difference between neighbouring cells, that the middle has less than the ends: two pictures mixed cancel
    each other, though both move. moved, moved_order: see `shots.moves`. raised: change from frame to frame
    inside, against that before and after, as a logarithm.
    """

    first: Ints
    last: Ints
    change: Floats
    colours: Floats
    relit: Floats
    alike: Floats
    mix: Floats
    step: Floats
    edge: Floats
    reach: Floats
    spread: Floats
    flips: Floats
    drift: Floats
    dip: Floats
    dip_detail: Floats
    moved: Floats
    moved_order: Floats
    raised: Floats

    def __len__(self) -> int:
        return len(self.first)

    def __repr__(self) -> str:
        return f"Fits({len(self)})"


_MEASURES = tuple(one.name for one in fields(Fits)[2:])
"""What is measured of an extent, in the order of Fits."""


def mix_profile(windows: Floats, old: Floats, new: Floats) -> Floats:
    """Least-squares share of `new` in each frame: windows (c, n, ...), old and new (c, ...) -> (c, n)."""
    count, length = windows.shape[:2]
    base = old.reshape(count, 1, -1)
    way = new.reshape(count, -1) - base[:, 0]
    size = np.maximum((way * way).sum(axis=1), 1e-6)
    along = np.einsum("cnk,ck->cn", windows.reshape(count, length, -1) - base, way)
    out: Floats = (along / size[:, None]).astype(np.float32)
    return out


def fit_ramps(profiles: Floats) -> tuple[Ints, Ints]:
    """The ramps that fit profiles (c, n) best: last index at 0 and first index at 1, start < stop.

    A ramp is 0 up to start, 1 from stop on, linear between; stop == start + 1 is a step.
    """
    y = np.clip(profiles, -0.15, 1.15)
    length = y.shape[1]
    ends = np.unique(np.linspace(0, length - 1, min(length, GRID_STEPS)).round().astype(np.int64))
    s, e = (grid.ravel() for grid in np.meshgrid(ends, ends, indexing="ij"))
    start, stop = _best(y, s[s < e][None], e[s < e][None])
    pitch = -(-(length - 1) // max(1, len(ends) - 1))
    if pitch > 1:
        near = np.arange(-pitch + 1, pitch)
        s, e = (grid.ravel() for grid in np.meshgrid(near, near, indexing="ij"))
        starts = np.clip(start[:, None] + s, 0, length - 2)
        stops = np.clip(stop[:, None] + e, 1, length - 1)
        start, stop = _best(y, starts, np.maximum(stops, starts + 1))
    return start, stop


def _best(y: Floats, starts: Ints, stops: Ints) -> tuple[Ints, Ints]:
    """Of candidate ramps (c or 1, p), the one with the least absolute error for each profile."""
    shape = (len(y), starts.shape[1])
    starts, stops = np.broadcast_to(starts, shape), np.broadcast_to(stops, shape)
    index = np.arange(y.shape[1], dtype=np.float32)
    at = np.zeros(len(y), np.int64)
    size = max(1, _BATCH_VALUES // (y.shape[1] * starts.shape[1]))
    for k in range(0, len(y), size):
        s, e = starts[k : k + size, :, None].astype(np.float32), stops[k : k + size, :, None]
        error = np.abs(np.clip((index - s) / (e - s), 0, 1) - y[k : k + size, None]).sum(axis=2)
        at[k : k + size] = np.argmin(error + LEAN_PER_FRAME * (e - s)[..., 0], axis=1)
    rows = np.arange(len(y))
    return starts[rows, at].astype(np.int64), stops[rows, at].astype(np.int64)


class KnownFits:
    """What was measured of windows of one stretch of film, kept for when they are asked for again."""

    def __init__(self) -> None:
        self.extents = KnownRows(np.zeros((0, 2), np.int64))
        self.measures = KnownRows(np.zeros((0, len(_MEASURES)), np.float32))

    def __repr__(self) -> str:
        return f"KnownFits({self.measures!r})"


def fit(
    thumbs: Thumbs,
    y: Thumbs,
    windows: Ints,
    scale: Floats,
    exact: Ints | None = None,
    known: KnownFits | None = None,
) -> Fits:
    """Fit the models to windows (c, 2) of first and last frame (inclusive, >= 3 frames), the outer clean.

    The extent is found first, with the window's ends as references; then everything is measured against the
    clean frames next to the extent. Steps (nothing mixed) are left out, equal extents joined: there may be
    fewer rows. y: luma of `thumbs`; what happens inside the window is seen in it alone. scale: of
    PictureTrack. exact: windows (c, 2) whose ends are the clean frames next to the extent already. known: of
    the same thumbs, y and scale.
    """
    known = known or KnownFits()
    clean = known.extents.of(windows, partial(extents, y))
    if exact is not None:
        clean = np.concatenate([clean, exact])
    clean = np.unique(clean[clean[:, 1] - clean[:, 0] > 2], axis=0)
    measures = known.measures.of(clean, partial(_measures, thumbs, y, scale))
    return Fits(clean[:, 0] + 1, clean[:, 1] - 1, *measures.T)


def _measures(thumbs: Thumbs, y: Thumbs, scale: Floats, clean: Ints) -> Floats:
    """(c, len(_MEASURES)) of windows (c, 2) whose ends are the clean frames next to the extent."""
    old, new = clean.T
    values = np.zeros((len(clean), 6), np.float32)
    for rows, length in _by_length(new - old + 1, y):
        least = CELL_CHANGE * scale[(old[rows] + new[rows]) // 2]
        values[rows] = _errors(pictures(y, old[rows, None] + np.arange(length)), least)
    before, after = pictures(y, old), pictures(y, new)
    a, b = pictures(thumbs, old), pictures(thumbs, new)
    error, order = np.ones(len(clean), np.float32), np.zeros(len(clean), np.float32)
    tried = np.flatnonzero((values[:, 0] > MOVED_MIX_MIN) & (new - old <= MOVED_FRAMES_MAX))
    error[tried], order[tried] = moved(y, old[tried] + 1, new[tried] - 1)
    ends = (distance(before, after), colour_distance(a, b), relit(before, after), correlation(before, after))
    inside = (*dips(y, old, new), error, order, raised(y, old, new))
    return np.stack([*ends, *values.T, _drift(y, old, new), *inside], axis=1).astype(np.float32)


def _drift(y: Thumbs, old: Ints, new: Ints) -> Floats:
    """(c,) change within the shots on either side, over as many frames as the window has inside.

    Where the film begins or ends sooner, a side counts as many times as it has frames: a shot of which one
    picture is there has not been seen to stand still.
    """
    span = np.maximum(3, new - old - 1)
    before, after = np.minimum(span, old), np.minimum(span, len(y) - 1 - new)
    moved = distance(pictures(y, old), pictures(y, old - before)) * before
    moved += distance(pictures(y, new), pictures(y, new + after)) * after
    out: Floats = (moved / np.maximum(before + after, 1)).astype(np.float32)
    return out


def extents(y: Thumbs, windows: Ints) -> Ints:
    """(c, 2): of each window (first and last frame, the outer clean), the last clean frame before its ramp
    and the first one after it."""
    out = np.zeros((len(windows), 2), np.int64)
    for rows, length in _by_length(windows[:, 1] - windows[:, 0] + 1, y):
        inside = pictures(y, windows[rows, :1] + np.arange(length))
        start, stop = fit_ramps(mix_profile(inside, inside[:, 0], inside[:, -1]))
        out[rows] = windows[rows, :1] + np.stack([start, stop], axis=1)
    return out


def _by_length(lengths: Ints, y: Thumbs) -> Iterator[tuple[Ints, int]]:
    """Rows of equal length, in batches of bounded size."""
    for length in np.unique(lengths).tolist():
        rows = np.flatnonzero(lengths == length)
        size = max(1, _BATCH_VALUES // (length * y[0].size))
        for start in range(0, len(rows), size):
            yield rows[start : start + size], int(length)


def _errors(inner: Floats, least: Floats) -> Floats:
    """(c, 6) mix, step, edge, reach, spread, flips of windows (c, n, rows, columns): old, mixed.., new.

    least (c,): a cell that changes less does not tell old from new."""
    old, new, middle = inner[:, :1], inner[:, -1:], inner[:, 1:-1]
    count, mixed_frames = middle.shape[:2]
    cells = np.abs(new - old)[:, 0]
    telling = cells > least[:, None, None]
    mask = telling[:, None]
    number = np.maximum(telling.sum(axis=(1, 2)), 1)
    total = (cells * telling).sum(axis=(1, 2)) + 1e-6
    share = np.clip(mix_profile(middle, old[:, 0], new[:, 0]), 0, 1)[..., None, None]
    mixed = np.abs(middle - old - share * (new - old))
    mix = (mixed.sum(axis=1) * telling).sum(axis=(1, 2)) / mixed_frames / total
    to_old = np.abs(middle - old) * mask
    to_new = np.abs(middle - new) * mask
    cost = np.zeros((count, mixed_frames + 1, *telling.shape[1:]), np.float32)
    np.cumsum(to_old, axis=1, out=cost[:, 1:])
    cost[:, :-1] += to_new[:, ::-1].cumsum(axis=1)[:, ::-1]
    step = cost.sum(axis=(2, 3)).min(axis=1) / mixed_frames / total
    edge = cost.min(axis=1).sum(axis=(1, 2)) / mixed_frames / total
    nearer = np.concatenate([np.zeros_like(mask), to_new < to_old, np.ones_like(mask)], axis=1)
    changes = (nearer[:, 1:] != nearer[:, :-1]).sum(axis=1) - 1
    flips = (changes * telling).sum(axis=(1, 2)) / number
    times = cost.argmin(axis=1).astype(np.float32)
    out: Floats = np.stack(
        [mix, step, edge, telling.mean(axis=(1, 2)), _roughness(times, telling), flips], axis=1
    ).astype(np.float32)
    return out


def _roughness(times: Floats, known: npt.NDArray[np.bool_]) -> Floats:
    """Geary's C of fields (c, rows, columns) where known: mean squared step over twice the variance, 0..1.

    1 where there is next to no variance: nothing moved.
    """
    number = np.maximum(known.sum(axis=(1, 2)), 1)
    filled = np.where(known, times, 0)
    mean = filled.sum(axis=(1, 2)) / number
    variance = (np.where(known, times - mean[:, None, None], 0) ** 2).sum(axis=(1, 2)) / number
    squares, pairs = np.zeros(len(times)), np.zeros(len(times))
    for a, b in ((np.s_[:, 1:], np.s_[:, :-1]), (np.s_[:, :, 1:], np.s_[:, :, :-1])):
        both = known[a] & known[b]
        squares += np.where(both, (filled[a] - filled[b]) ** 2, 0).sum(axis=(1, 2))
        pairs += both.sum(axis=(1, 2))
    rough = squares / np.maximum(pairs, 1) / np.maximum(2 * variance, 1e-6)
    out: Floats = np.where((variance > _FLAT_VARIANCE) & (pairs > 0), np.clip(rough, 0, 1), 1.0).astype(
        np.float32
    )
    return out
