"""How many segmentation actors there shall be: from what is left to do and how fast it goes.

A pure policy over plain numbers: seconds of video that wait, seconds of video an actor does in a second.
Growth is quick and shrinking slow, by the two windows of Kubernetes' horizontal autoscaler ("stabilization"):
up to the least that was needed during the short one, down to the most that was needed during the long one.
Knows no Ray, no clock (times are passed in, seconds of any monotonic clock) and no actor; that a wanted actor
which finds no place is a demand on Ray's autoscaler is the pool's affair.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from cluster.settings import ScalingSettings

TOLERANCE = 0.1
"""A need this near to what there is changes nothing: throughput is measured, and measurements vary."""

PENDING_AT_LEAST = 32
"""So many actors may wait for a node at once, or as many as have one if those are more: a cluster that cannot
grow is not flooded with demands nobody meets, and one that can doubles from round to round."""


@dataclass(frozen=True, slots=True)
class Load:
    """What there is to do. All ≥ 0.

    `backlog_s`: seconds of video not analysed yet. `tasks`: pieces of work the pool has in hand, which keep
    it from zero even if they are no video. `video_s_per_s` > 0: what one actor does. `chunk_s` > 0: how long
    a chunk is, since two actors cannot share one. `placed`: actors that have a node.
    """

    backlog_s: float
    tasks: int
    video_s_per_s: float
    chunk_s: float
    placed: int

    @property
    def is_idle(self) -> bool:
        """Nothing to do at all."""
        return self.backlog_s <= 0 and self.tasks == 0


def needed(load: Load, settings: ScalingSettings) -> int:
    """Actors that drain the backlog within `target_drain_s`, and no more than it has chunks. No bounds."""
    if load.is_idle:
        return 0
    rate = load.video_s_per_s * settings.target_drain_s
    chunks = load.backlog_s / load.chunk_s
    return max(1, math.ceil(min(load.backlog_s / rate, chunks)))


class ScalingPolicy:
    """Asked every second or so; remembers what was needed lately."""

    def __init__(self, settings: ScalingSettings) -> None:
        self._settings = settings
        self._wanted: int | None = None
        self._needs: deque[tuple[float, int]] = deque()  # (since when, how many), oldest first
        self._busy_at = 0.0

    def wanted(self, load: Load, now: float) -> int:
        """How many actors there shall be now, placed or waiting for a place."""
        if not load.is_idle or self._wanted is None:
            self._busy_at = now
        need = self._bounded(needed(load, self._settings), now)
        self._remember(need, now)
        if self._wanted is None or self._wanted == 0 or need == 0:
            self._wanted = need  # a beginning, and an end that was long in coming, wait for nothing
        elif abs(need - self._wanted) > TOLERANCE * self._wanted:
            least = min(self._lately(self._settings.up_after_s, now))
            most = max(self._lately(self._settings.down_after_s, now))
            self._wanted = min(max(self._wanted, least), most)
        return min(self._wanted, load.placed + max(load.placed, PENDING_AT_LEAST))

    def _bounded(self, need: int, now: float) -> int:
        """Within the bounds set; zero only after a while without work, for weights take long to load."""
        settings = self._settings
        may_end = settings.allow_zero and now - self._busy_at >= settings.zero_after_s
        least = 0 if may_end else max(settings.min_actors, 1)
        return min(max(need, least), settings.max_actors)

    def _remember(self, need: int, now: float) -> None:
        """Keep what the longer window sees, the need it began with included."""
        if not self._needs or self._needs[-1][1] != need:
            self._needs.append((now, need))
        horizon = now - max(self._settings.up_after_s, self._settings.down_after_s)
        while len(self._needs) > 1 and self._needs[1][0] <= horizon:
            self._needs.popleft()

    def _lately(self, window_s: float, now: float) -> Iterator[int]:
        """The needs of the last `window_s`, the one it began with included; newest first."""
        for since, need in reversed(self._needs):
            yield need
            if since <= now - window_s:
                return
