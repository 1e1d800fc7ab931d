"""Autoscaling policy: computes the wanted number of segmentation actors from the backlog and the throughput.

A pure policy over plain numbers: seconds of video that wait, seconds of video that one actor analyses in a
second. It grows quickly and shrinks slowly, with the two stabilization windows of Kubernetes' horizontal pod
autoscaler: it grows to the least that was needed during the short window, and shrinks to the most that was
needed during the long one. Knows no Ray, no clock (times are passed in, seconds of any monotonic clock) and
no actor. The pool starts the actors; one that finds no node makes Ray's autoscaler add a node.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from cluster.work_settings import ScalingSettings

TOLERANCE = 0.1
"""Fraction of the present number: a need that differs by less changes nothing, since measured throughput
varies. The same tolerance as that of Kubernetes' horizontal pod autoscaler.
"""

PENDING_AT_LEAST = 32
"""Actors. So many may wait for a node at once, or as many as have a node if those are more. So a cluster that
cannot grow does not collect requests for nodes that never come, and one that can grow doubles from round to
round. The number itself is no measurement.
"""


@dataclass(frozen=True, slots=True)
class Load:
    """Work that waits, and what the actors do of it. All values ≥ 0.

    `backlog_s`: seconds of video not analysed yet. `tasks`: tasks that the pool has in hand; while there are
    any, it keeps at least one actor. `video_s_per_s` > 0: seconds of video that one actor analyses in a
    second. `chunk_s` > 0: length of a chunk in seconds; two actors cannot share one. `placed`: actors that
    have a node.
    """

    backlog_s: float
    tasks: int
    video_s_per_s: float
    chunk_s: float
    placed: int

    @property
    def is_idle(self) -> bool:
        """Neither a backlog nor a task."""
        return self.backlog_s <= 0 and self.tasks == 0


def needed(load: Load, settings: ScalingSettings) -> int:
    """Number of actors that drain the backlog within `target_drain_s`, at most one a chunk.

    The bounds of the settings are not applied here.
    """
    if load.is_idle:
        return 0
    rate = load.video_s_per_s * settings.target_drain_s
    chunks = load.backlog_s / load.chunk_s
    return max(1, math.ceil(min(load.backlog_s / rate, chunks)))


class ScalingPolicy:
    """Remembers the needs of the longer window. The pool calls `wanted` about once a second."""

    def __init__(self, settings: ScalingSettings) -> None:
        self._settings = settings
        self._wanted: int | None = None
        self._needs: deque[tuple[float, int]] = deque()  # (since when, how many), oldest first
        self._busy_at = 0.0

    def wanted(self, load: Load, now: float) -> int:
        """The wanted number of actors at the time `now`: those with a node and those that wait for one."""
        if not load.is_idle or self._wanted is None:
            self._busy_at = now
        need = self._bounded(needed(load, self._settings), now)
        self._remember(need, now)
        if self._wanted is None or self._wanted == 0 or need == 0:
            self._wanted = need  # the first actors and the end of the last ones wait for no window
        elif abs(need - self._wanted) > TOLERANCE * self._wanted:
            least = min(self._lately(self._settings.up_after_s, now))
            most = max(self._lately(self._settings.down_after_s, now))
            self._wanted = min(max(self._wanted, least), most)
        return min(self._wanted, load.placed + max(load.placed, PENDING_AT_LEAST))

    def _bounded(self, need: int, now: float) -> int:
        """`need` within the bounds of the settings. Zero only after `zero_after_s` without work, because a
        new actor loads its models for long.
        """
        settings = self._settings
        may_end = settings.allow_zero and now - self._busy_at >= settings.zero_after_s
        least = 0 if may_end else max(settings.min_actors, 1)
        return min(max(need, least), settings.max_actors)

    def _remember(self, need: int, now: float) -> None:
        """Add a need, and drop those that ended before the longer window began."""
        if not self._needs or self._needs[-1][1] != need:
            self._needs.append((now, need))
        horizon = now - max(self._settings.up_after_s, self._settings.down_after_s)
        while len(self._needs) > 1 and self._needs[1][0] <= horizon:
            self._needs.popleft()

    def _lately(self, window_s: float, now: float) -> Iterator[int]:
        """The needs of the last `window_s`, newest first, with the one that held when the window began."""
        for since, need in reversed(self._needs):
            yield need
            if since <= now - window_s:
                return
