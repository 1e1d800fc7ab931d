"""How far a video is, in seconds of video, and how long the rest will take at the pace seen so far.

Knows no store; the clock is passed in by tests.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Mapping

from cluster.contract.events import LiveProgress


class ProgressMeter:
    """`chunks`: number → seconds (≥ 0). Chunks stored by an earlier attempt count as done, not as pace."""

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
        """One more chunk is stored."""
        self._done.add(index)

    @property
    def chunks_done(self) -> int:
        """How many chunks are stored."""
        return len(self._done)

    @property
    def fraction(self) -> float:
        """0..1 of the video's length."""
        if self._total_s > 0:
            return self._done_s / self._total_s
        return float(len(self._done) == len(self._chunks))

    @property
    def eta_s(self) -> float | None:
        """Seconds until all chunks are done; None before the first one of this attempt."""
        left_s = self._total_s - self._done_s
        made_s = self._done_s - self._began_with_s
        if left_s <= 0:
            return 0.0
        if made_s <= 0:
            return None
        return left_s * (self._clock() - self._began) / made_s

    def to_dict(self) -> LiveProgress:
        """As it is told to Redis."""
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
