"""Divides a video into chunks: where to cut the work so that little is decoded twice.

Knows frame numbers and seek points. The first chunks are short, so that something can be shown early and a
short film still keeps several actors busy. Deterministic: a resumed job finds the same chunks.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise

BLOCK_FRAMES = 300
"""Frames that are analysed together; chunk bounds are multiples of it."""
CONTEXT_FRAMES = 50
"""Frames that a block's analysis sees on either side of it."""
CHUNK_FRAMES = 1500
"""The usual length: a minute of film, so that losing one costs little and overheads disappear."""
FIRST_CHUNKS_FRAMES = (300, 600)
_MIN_LAST_FRAMES = 150
"""A last chunk shorter than this is joined to the one before."""


@dataclass(frozen=True, slots=True)
class ChunkSpec:
    """Frames [start_frame, end_frame) of the video, counted in presentation order."""

    index: int
    start_frame: int
    end_frame: int

    @property
    def frames(self) -> int:
        """How many frames are this chunk's own, context not counted."""
        return self.end_frame - self.start_frame


def divide(frames: int, seek_frames: list[int]) -> tuple[ChunkSpec, ...]:
    """Chunks that tile [0, frames); `seek_frames`: ascending frame numbers at which decoding may begin.

    A bound is taken only where the frames decoded in vain before it are at most half of the chunk it ends;
    a video with a single key frame is therefore one chunk.
    """
    bounds = [0]
    while True:
        start = bounds[-1]
        first = len(bounds) - 1
        target = FIRST_CHUNKS_FRAMES[first] if first < len(FIRST_CHUNKS_FRAMES) else CHUNK_FRAMES
        bound = _next_bound(start, target, frames, seek_frames)
        if bound is None:
            break
        bounds.append(bound)
    bounds.append(frames)
    return tuple(ChunkSpec(i, a, b) for i, (a, b) in enumerate(pairwise(bounds)))


def _next_bound(start: int, target: int, frames: int, seek_frames: list[int]) -> int | None:
    last = frames - _MIN_LAST_FRAMES
    best: tuple[int, int] | None = None
    window_end = start + max(target + BLOCK_FRAMES, target * 3 // 2)
    earliest = start + max(BLOCK_FRAMES, target // 2 // BLOCK_FRAMES * BLOCK_FRAMES)
    for bound in range(earliest, last + 1, BLOCK_FRAMES):
        if bound > window_end and best is not None:
            break
        wasted = _decoded_in_vain(bound, seek_frames)
        if wasted * 2 <= bound - start:
            cost = wasted + abs(bound - start - target) // 4
            best = min(best or (cost, bound), (cost, bound))
    return best[1] if best is not None else None


def _decoded_in_vain(bound: int, seek_frames: list[int]) -> int:
    """Frames from the seek point up to the first one that a chunk starting at `bound` needs."""
    needed = max(0, bound - CONTEXT_FRAMES)
    at = bisect_right(seek_frames, needed)
    return needed - (seek_frames[at - 1] if at else 0)
