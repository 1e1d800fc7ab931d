"""Progress meter of a video: the part that is done, in seconds of video, and an estimate of the time left.

The estimate assumes the average pace of this attempt so far. Knows no store; tests pass in a clock.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Mapping

from cluster.contract.events import LiveProgress


class ProgressMeter:
    """`chunks`: number → seconds of video (≥ 0). `stored`: the chunks that an earlier attempt has stored;
    they count as done, but not for the pace.
    """

    def __init__(
        self,
        chunks: Mapping[int, float],
        stored: Collection[int],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._chunks = dict(chunks)
        self._done = {index for index in stored if index in self._chunks}
        self._clock = clock
        self._began = clock()
        self._total_s = math.fsum(self._chunks.values())
        self._began_with_s = self._done_s

    def done(self, index: int) -> None:
        """Count a chunk as done."""
        self._done.add(index)

    @property
    def chunks_done(self) -> int:
        """How many chunks are stored."""
        return len(self._done)

    @property
    def fraction(self) -> float:
        """The part of the video's length that is done, 0..1."""
        if self._total_s > 0:
            return self._done_s / self._total_s
        return float(len(self._done) == len(self._chunks))

    @property
    def eta_s(self) -> float | None:
        """Estimated seconds until all chunks are done; None before this attempt has done any."""
        left_s = self._total_s - self._done_s
        made_s = self._done_s - self._began_with_s
        if left_s <= 0:
            return 0.0
        if made_s <= 0:
            return None
        return left_s * (self._clock() - self._began) / made_s

    def to_dict(self) -> LiveProgress:
        """The values, rounded, as they are published through Redis."""
        eta_s = self.eta_s
        return {
            "fraction": round(self.fraction, 4),
            "chunks_done": self.chunks_done,
            "chunks_total": len(self._chunks),
            "eta_s": None if eta_s is None else round(eta_s, 1),
        }

    @property
    def _done_s(self) -> float:
        return math.fsum(self._chunks[index] for index in self._done)
