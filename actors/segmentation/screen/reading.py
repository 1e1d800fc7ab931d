"""Reads the text in groups of pictures of a video: decodes them, finds lines, reads those that are new.

What is read of a group depends on its pictures alone, so groups may be read anywhere and in any order. A line
that stands in the picture before as well, with the same pixels, is carried over. Knows the file, its plan and
the pictures; does not know where results are kept, nor how lines become entries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from actors.segmentation.decode.video import VideoReader
from actors.segmentation.errors import Cancelled
from actors.segmentation.limits import Limits
from actors.segmentation.luma import WEIGHTS_256
from actors.segmentation.picture.masking import Mask
from actors.segmentation.picture.scaling import FrameScaler
from actors.segmentation.planning.plan import Plan
from actors.segmentation.screen.pictures import Pictures
from actors.segmentation.screen.seen_lines import SeenLine, in_rows, plausible
from actors.segmentation.screen.text_reader import Image, Quad, TextReader

SIDE_PX = 1920
"""Longer side of a picture whose lines are read; larger ones are made smaller."""
STILL_SIDE_PX = 1280
"""Longer side at which lines are looked for in a picture that stands still. Lines of 10 pixels in 720p are
all found, at 0.67 s of one core; at 960 nine of ten, at 0.35 s."""
RUNNING_SIDE_PX = 960
"""... and in a running picture, in which small lines cannot be read by people either."""
GLANCE_SIDE_PX = 512
"""A running picture is first looked at so small, for a seventh of the time: most of a film bears no text. Of
lines of 24 pixels in 720p, 19 of 20 are found so."""
STILL_GLANCE_SIDE_PX = 640
"""... and one that stands still, for a fifth of it: of lines of 12 pixels in 720p, four of five are found,
and slides with small letters have many lines."""
SAME_LEVELS = 4.0
"""Mean difference of the pixels of a line (0..255) up to which it is the same as in the picture before ..."""
SAME_BLOCK_LEVELS = 16.0
"""... and of every part of it that is as wide as it is high."""
MOST_LINES = 150
"""Parts of lines that are read of a picture, the largest ones: a page of a newspaper has more, and each
takes some milliseconds."""
_SAME_PLACE = 0.7
"""Intersection over union of the boxes of a line in two pictures."""
_GROUND_SIDE_PX = 160
"""Longer side of the picture in which the detail of the ground behind the text is measured."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a line: its corners and box in pixels (left, top, right, bottom), and what was read."""

    quad: Quad
    box: tuple[int, int, int, int]
    text: str
    probability: float


def read_pictures(
    path: Path | str,
    plan: Plan,
    pictures: Pictures,
    reader: TextReader,
    *,
    groups: range | None = None,
    threads: int = 1,
    limits: Limits | None = None,
    on_picture: Callable[[], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> list[dict[str, Any]]:
    """What stands in the pictures of some groups; None: of all. Rows of plain JSON, for `joining.joined`.

    A row: frame; ground, how much detail the picture has outside of its text (levels, 0..255); lines: box,
    text and probability. A picture that does not decode has none. `threads`: of the decoder. `on_picture()`:
    after each. Raises Cancelled when `should_stop` says so, MediaError or OSError when the file cannot be
    read any more.
    """
    wanted = pictures.of_groups(groups if groups is not None else range(pictures.group_count))
    starts = set(pictures.groups)
    scaler, mask = FrameScaler(plan.media), Mask(plan.ignore)
    rows: list[dict[str, Any]] = []
    before: tuple[Image, list[_Part]] | None = None
    for place, image in _decoded(path, plan, pictures, wanted, scaler, threads, limits, should_stop):
        if should_stop is not None and should_stop():
            raise Cancelled
        if place in starts:
            before = None
        if image is not None:
            image = mask.even(image)
            parts = _parts(image, bool(pictures.still[place]), reader, before)
            rows.append(_row(int(pictures.frame[place]), image, parts))
            before = image, parts
        if on_picture is not None:
            on_picture()
    return rows


def _decoded(
    path: Path | str,
    plan: Plan,
    pictures: Pictures,
    wanted: range,
    scaler: FrameScaler,
    threads: int,
    limits: Limits | None,
    should_stop: Callable[[], bool] | None,
) -> Iterator[tuple[int, Image | None]]:
    """(place, picture) in order; None for one that does not decode. Of frames to which no other refers, only
    those that are wanted are decoded, and of each GOP only what lies before the last wanted one."""
    if not len(wanted):
        return
    frames = pictures.frame[wanted.start : wanted.stop]
    left_out = None
    if len(plan.index.unreferenced):
        left_out = plan.index.unreferenced & ~plan.index.key
        left_out[frames] = False
        left_out[[0, -1]] = False
    points = np.array([point.frame for point in plan.index.seek_points()], np.int64)
    served = np.searchsorted(points, frames, side="right").tolist()
    with VideoReader.open(
        path,
        plan.media,
        plan.index,
        threads,
        limits,
        faithful=True,
        should_stop=should_stop,
        left_out=left_out,
    ) as reader:
        place = wanted.start
        for _, each in groupby(zip(served, frames.tolist(), strict=True), key=lambda pair: pair[0]):
            of_gop = [frame for _, frame in each]
            remaining = set(of_gop)
            for item in reader.frames(of_gop[0], of_gop[-1] + 1):
                if item.slot in remaining:
                    yield place, None if item.frame is None else scaler.image(item.frame, SIDE_PX)
                    place += 1


def _parts(
    image: Image, still: bool, reader: TextReader, before: tuple[Image, list[_Part]] | None
) -> list[_Part]:
    """What is read in a picture. before: the picture of the same group before it, and what was read there."""
    if not reader.find(image, STILL_GLANCE_SIDE_PX if still else GLANCE_SIDE_PX):
        return []
    out: list[_Part] = []
    quads = reader.find(image, STILL_SIDE_PX if still else RUNNING_SIDE_PX)
    for quad in _largest(quads):
        box = _box_of(quad, image)
        known = None if before is None else _same(image, box, *before)
        if known is None:
            read = reader.read(image, quad)
            known = _Part(quad, box, read.text.strip(), read.probability)
        out.append(known)
    return out


def _largest(quads: list[Quad]) -> list[Quad]:
    """At most MOST_LINES, in their order."""
    if len(quads) <= MOST_LINES:
        return quads
    sizes = [float(np.prod(np.ptp(quad, axis=0))) for quad in quads]
    least = sorted(sizes, reverse=True)[MOST_LINES - 1]
    return [quad for quad, size in zip(quads, sizes, strict=True) if size >= least][:MOST_LINES]


def _box_of(quad: Quad, image: Image) -> tuple[int, int, int, int]:
    low, high = np.floor(quad.min(axis=0)).astype(int), np.ceil(quad.max(axis=0)).astype(int)
    height, width = image.shape[:2]
    left, top = min(max(int(low[0]), 0), width - 1), min(max(int(low[1]), 0), height - 1)
    return left, top, min(max(int(high[0]), left + 1), width), min(max(int(high[1]), top + 1), height)


def _same(image: Image, box: tuple[int, int, int, int], last: Image, parts: list[_Part]) -> _Part | None:
    """The part of the picture before that stands here with the same pixels."""
    if image.shape != last.shape:
        return None
    for part in parts:
        if _overlap(box, part.box) >= _SAME_PLACE:
            left, top, right, bottom = part.box
            now, then = (_luma(one[top:bottom, left:right]) for one in (image, last))
            difference = np.abs(now - then)
            block = max(1, bottom - top)
            columns = np.add.reduceat(difference.mean(axis=0), np.arange(0, right - left, block))
            widths = np.diff([*range(0, right - left, block), right - left])
            if difference.mean() <= SAME_LEVELS and float((columns / widths).max()) <= SAME_BLOCK_LEVELS:
                return replace(part)
    return None


def _overlap(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> float:
    """Intersection over union of two boxes."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return width * height / (sum(areas) - width * height)


def _luma(part: Image) -> npt.NDArray[np.float32]:
    return np.asarray(part.astype(np.float32) @ (np.array(WEIGHTS_256, np.float32) / 256))


def _row(frame: int, image: Image, parts: list[_Part]) -> dict[str, Any]:
    height, width = image.shape[:2]
    lines = [
        SeenLine(
            (
                part.box[0] / width,
                part.box[1] / height,
                (part.box[2] - part.box[0]) / width,
                (part.box[3] - part.box[1]) / height,
            ),
            part.text,
            part.probability,
        )
        for part in parts
        if part.text
    ]
    kept = [line for line in in_rows(lines) if plausible(line)]
    ground = round(_ground(image, parts), 2) if kept else 0.0
    return {"frame": frame, "ground": ground, "lines": [line.to_row() for line in kept]}


def _ground(image: Image, parts: list[_Part]) -> float:
    """How much detail a picture has outside of its text: the mean difference of brightness (levels) of a
    point of a small picture to the four around it."""
    step = max(1, round(max(image.shape[:2]) / _GROUND_SIDE_PX))
    rows, columns = (size // step * step for size in image.shape[:2])
    luma = _luma(image[:rows, :columns])
    small = luma.reshape(rows // step, step, columns // step, step).mean(axis=(1, 3))
    free = np.ones(small.shape, np.bool_)
    for part in parts:
        left, top, right, bottom = (edge // step for edge in part.box)
        free[max(0, top - 2) : bottom + 3, max(0, left - 2) : right + 3] = False
    beside = small[:-2, 1:-1] + small[2:, 1:-1] + small[1:-1, :-2] + small[1:-1, 2:]
    detail = np.abs(small[1:-1, 1:-1] - beside / 4)[free[1:-1, 1:-1]]
    return float(detail.mean()) if len(detail) else 0.0
