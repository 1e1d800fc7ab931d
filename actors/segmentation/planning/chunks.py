"""Divides a video into chunks at bounds near seek points, so that little is decoded twice.

The first chunks are short, so that segments are shown early and a short film keeps several actors busy. The
same video gives the same chunks, so that a resumed job finds those that are stored. Knows frame numbers and
seek points; imports the standard library alone.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

BLOCK_FRAMES = 300
"""Frames that are analysed together; chunk bounds are multiples of it. Chosen when TransNetV2 ran on every
frame: on two cores it did 177 frames/s in windows of 400 (a block and its context), 105 in windows of 100."""
CONTEXT_FRAMES = 50
"""Frames before and after a block that its analysis sees: as far as TransNetV2 compares a frame with others
(`networks.transnet.Lookup`)."""
CHUNK_FRAMES = 1500
"""Usual frames of a chunk, a minute of film. No measurement; short enough that losing one costs little, long
enough that opening the file and decoding the context (100 frames) are a small part."""
FIRST_CHUNKS_FRAMES = (300, 600)
"""Frames of the first two chunks: the first segments are shown after 12 s of film. No measurement."""
_MIN_LAST_FRAMES = 150
"""Frames: a shorter last chunk is joined to the one before, since its context would be most of its work."""


@dataclass(frozen=True, slots=True)
class ChunkSpec:
    """Frames [start_frame, end_frame) of the video, counted in presentation order."""

    index: int
    start_frame: int
    end_frame: int

    @property
    def frames(self) -> int:
        """Number of this chunk's own frames, without context."""
        return self.end_frame - self.start_frame


def divide(frames: int, seek_frames: Sequence[int]) -> tuple[ChunkSpec, ...]:
    """Chunks that tile [0, frames); `seek_frames`: ascending frame numbers at which decoding may begin.

    A bound is taken only where the frames decoded in vain before it are at most half of the chunk it ends; a
    video with a single seek point is therefore one chunk.
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


def _next_bound(start: int, target: int, frames: int, seek_frames: Sequence[int]) -> int | None:
    """End of the chunk that begins at `start`; None when it reaches to the video's end.

    Among bounds from half to one and a half times the target, the one of least cost: frames decoded in vain,
    plus a quarter of the distance from the target. Beyond, the first bound that is allowed at all.
    """
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


def _decoded_in_vain(bound: int, seek_frames: Sequence[int]) -> int:
    """Frames from the last usable seek point to the first frame that a chunk starting at `bound` needs."""
    needed = max(0, bound - CONTEXT_FRAMES)
    at = bisect_right(seek_frames, needed)
    return needed - (seek_frames[at - 1] if at else 0)
