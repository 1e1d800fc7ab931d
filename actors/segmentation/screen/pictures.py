"""The pictures of a video in which text is looked for, in groups that are read by themselves.

Also keeps when each part of the picture changed between two of them, by which `extents` finds when a text
came and went: once they are made, no tracks are needed. A pure function of plan and tracks, so they are the
same however the video was divided into chunks. Knows the plan and the tracks; imports no PyAV.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from actors.segmentation.planning.plan import Plan
from actors.segmentation.screen.choosing import Look, find_looks
from actors.segmentation.track_table import pack, unpack
from actors.segmentation.tracks import THUMB_SHAPE, FrameTrack

ROWS, COLUMNS = THUMB_SHAPE[:2]
"""Of the cells into which a picture is divided: those of the small pictures in the tracks."""
CELLS = ROWS * COLUMNS
GROUP_PICTURES = 16
"""Pictures of a group, about: some seconds of work. A text that stays is carried over from picture to picture
within a group, so groups are part of what is read and never depend on who reads."""
_MAGIC = b"SSPX"
"""First bytes of stored pictures (SceneStream PiXels)."""
_FORMAT = 1
_HEAD = struct.Struct("<4sHI")
"""Magic, format, bytes of the JSON header; four compressed columns follow."""
_SHARP_LEVELS = 4.0
_SHARP_RATIO = 4.0
"""A step of a cell from frame to frame is sharp from so many levels, and times the usual one, on. A word
changes its cell by 5 and more, a camera that pans by 1 to 2."""
_SHARP_SHARE = 0.35
"""... and of this share of the whole change on: steps of a fade are small parts of it."""
_MOST_FRAMES = 2048
"""Frames before a picture in which its changes are looked for. Before them nothing changed that was seen: it
would have been looked at."""


@dataclass(frozen=True, eq=False, repr=False)
class Pictures:
    """n >= 0 pictures to look at. ValueError when the arrays contradict each other.

    frame: int64[n], ascending. still: bool[n], the picture had settled. changed_frame: int64[n + 1, CELLS],
    the first frame at which a cell shows what it shows in picture i rather than in the one before; row 0 is
    from the first frame of the video on, row n up to its last. change: uint8[n + 1, CELLS], by how much
    (levels, mean of the colours). groups: first pictures of the groups, then n.
    """

    frame: npt.NDArray[np.int64]
    still: npt.NDArray[np.bool_]
    changed_frame: npt.NDArray[np.int64]
    change: npt.NDArray[np.uint8]
    groups: tuple[int, ...]

    def __post_init__(self) -> None:
        shape = len(self.frame) + 1, CELLS
        if (
            len(self.still) != len(self.frame)
            or self.changed_frame.shape != shape
            or self.change.shape != shape
        ):
            raise ValueError("pictures and their changes do not fit together")
        if np.any(np.diff(self.frame) < 1) or np.any(np.diff(self.groups) < 1):
            raise ValueError("pictures and groups must ascend")
        if not self.groups or self.groups[0] != 0 or self.groups[-1] != len(self.frame):
            raise ValueError(f"groups must tile the {len(self.frame)} pictures")

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        return f"Pictures({len(self)} in {self.group_count} groups)"

    @property
    def group_count(self) -> int:
        """Number of groups."""
        return len(self.groups) - 1

    def of_groups(self, groups: range) -> range:
        """The pictures of some groups in a row. IndexError outside."""
        if not 0 <= groups.start <= groups.stop <= self.group_count:
            raise IndexError(f"{groups} are not within the {self.group_count} groups")
        return range(self.groups[groups.start], self.groups[groups.stop])

    def to_bytes(self) -> bytes:
        """For a store; equal pictures give equal bytes."""
        columns = [
            pack(self.frame),
            pack(self.still),
            pack(self.changed_frame - self._gap_starts()),
            pack(self.change),
        ]
        header = {"pictures": len(self), "groups": self.groups, "bytes": [len(column) for column in columns]}
        text = json.dumps(header, separators=(",", ":")).encode()
        return b"".join([_HEAD.pack(_MAGIC, _FORMAT, len(text)), text, *columns])

    @classmethod
    def from_bytes(cls, payload: bytes) -> Pictures:
        """The same again. ValueError for bytes that are something else."""
        try:
            magic, version, size = _HEAD.unpack_from(payload)
            if magic != _MAGIC or version != _FORMAT:
                raise ValueError("these bytes are no pictures of this version")
            header = json.loads(payload[_HEAD.size : _HEAD.size + size])
            count = int(header["pictures"])
            rest = memoryview(payload)[_HEAD.size + size :]
            layout = (("int64", ()), ("bool", ()), ("int64", (CELLS,)), ("uint8", (CELLS,)))
            columns = []
            for place, ((dtype, row), length) in enumerate(zip(layout, header["bytes"], strict=True)):
                shape = (count if place < 2 else count + 1, *row)
                columns.append(unpack(rest[:length], np.dtype(dtype), shape))
                rest = rest[length:]
            frame, still, late, change = columns
            return cls(frame, still, late + _gap_starts(frame), change, tuple(header["groups"]))
        except (struct.error, zlib.error, json.JSONDecodeError, KeyError, TypeError, UnicodeError) as error:
            raise ValueError(f"damaged pictures: {error}") from error

    def _gap_starts(self) -> npt.NDArray[np.int64]:
        return _gap_starts(self.frame)


def _gap_starts(frame: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """int64[n + 1, 1]: the picture before each, of the first one the video's first frame."""
    return np.concatenate([[0], frame])[:, None]


def find_pictures(plan: Plan, track: FrameTrack, on_picture: Callable[[], None] | None = None) -> Pictures:
    """Those of a whole video; none where the file has no picture. track: of all its frames. on_picture():
    called for each, may raise Cancelled."""
    looks = find_looks(track, plan.index.clock, plan.index.key) if plan.media.has_picture else []
    frame = np.array([look.frame for look in looks], np.int64)
    still = np.array([look.still for look in looks], np.bool_)
    gaps = list(zip([0, *frame.tolist()], [*frame.tolist(), len(track) - 1], strict=True))
    changes = []
    for start, stop in gaps:
        if on_picture is not None:
            on_picture()
        changes.append(_changes(track, start, stop))
    return Pictures(
        frame,
        still,
        np.array([changed for changed, _ in changes], np.int64),
        np.array([by for _, by in changes], np.uint8),
        _groups(looks, [point.frame for point in plan.index.seek_points()]),
    )


def _changes(track: FrameTrack, start: int, stop: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    """For each cell, the frame in (start, stop] at which it changed most, and how much its first and its last
    picture differ.

    Where there is one step that is sharper than the motion around it, such as a cut or a text that appears,
    that frame. Else, of all ways to divide the frames in two, the one whose parts vary least around their
    means, which is the middle of a fade.
    """
    first = track.thumb[start].reshape(CELLS, 3).astype(np.int16)
    last = track.thumb[stop].reshape(CELLS, 3).astype(np.int16)
    by = np.abs(last - first).mean(axis=1)
    start = max(start, stop - _MOST_FRAMES)
    if stop - start < 2:
        return np.full(CELLS, stop, np.int64), _levels(by)
    cells = track.thumb[start : stop + 1].reshape(-1, CELLS, 3).astype(np.int64)
    count = np.arange(1, len(cells))[:, None, None]
    before, squares = np.cumsum(cells, axis=0)[:-1], np.sum(cells**2, axis=0)
    after = cells.sum(axis=0) - before
    explained = before**2 / count + after**2 / (len(cells) - count)
    divided = (squares - explained).sum(axis=2).argmin(axis=0)
    steps = np.abs(np.diff(cells, axis=0)).mean(axis=2)
    least = np.maximum(_SHARP_RATIO * np.median(steps, axis=0), _SHARP_SHARE * by)
    sharp = steps.max(axis=0) >= np.maximum(least, _SHARP_LEVELS)
    return start + 1 + np.where(sharp, steps.argmax(axis=0), divided), _levels(by)


def _levels(by: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    return np.rint(by).clip(0, 255).astype(np.uint8)


def _groups(looks: Sequence[Look], seek_frames: Sequence[int]) -> tuple[int, ...]:
    """First looks of the groups, then their number. A group begins where the frames that are decoded in vain
    before its first look are at most half of those that the group before it covers."""
    points = np.array(seek_frames, np.int64)
    bounds = [0]
    for place in range(1, len(looks)):
        at = looks[place].frame
        served = int(np.searchsorted(points, at, side="right"))
        in_vain = at - int(points[served - 1]) if served else at
        if place - bounds[-1] >= GROUP_PICTURES and in_vain * 2 <= at - looks[bounds[-1]].frame:
            bounds.append(place)
    return (*bounds, len(looks)) if looks else (0,)
