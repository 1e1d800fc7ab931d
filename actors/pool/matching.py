"""Two rules for matching tasks to workers: straggler avoidance and data locality.

Straggler avoidance: workers pull their tasks, so fast ones do more by themselves, until the end. If the
slowest worker takes one of the last chunks, the video waits for it, so a slow worker stays idle instead when
much faster ones would finish all that waits sooner. Data locality: a node that has worked on a file has it in
its cache, so further chunks of the file are cheaper there. Plain arithmetic and a bounded table: knows no
worker, no task queue and no clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from cachetools import FIFOCache

MUCH_FASTER = 1.5
"""Ratio of speeds from which a worker counts as much faster. Speed varies with the pictures, so workers
within this ratio count as equal, and none waits for another."""

FILES = 1024
"""Files whose nodes are remembered: far more than are in work at once."""


class Availability(NamedTuple):
    """What another worker does, in seconds of video per second, and in how many seconds it is idle (≥ 0)."""

    video_s_per_s: float
    free_in_s: float


def is_done_sooner_by_others(
    cost_s: float, video_s_per_s: float, others: Iterable[Availability], waiting: int
) -> bool:
    """Whether much faster workers finish all waiting tasks before this worker would finish its first one.

    `waiting` ≥ 1 tasks of about `cost_s` > 0 seconds of video each; this worker does `video_s_per_s` > 0.
    """
    here_s = cost_s / video_s_per_s
    for other in others:
        if other.video_s_per_s > MUCH_FASTER * video_s_per_s and other.free_in_s < here_s:
            waiting -= int((here_s - other.free_in_s) * other.video_s_per_s / cost_s)
        if waiting <= 0:
            return True
    return False


class Locality:
    """Which nodes have worked on which of the last `files` files, by age of the last work."""

    def __init__(self, files: int = FILES) -> None:
        # Not an LRUCache: the dispatcher calls `has` for every queued task, and that must make no file newer.
        self._nodes: FIFOCache[str, frozenset[str]] = FIFOCache(files)

    def worked(self, media_key: str, node_id: str) -> None:
        """Note that the node has the file now."""
        self._nodes[media_key] = self._nodes.pop(media_key, frozenset()) | {node_id}

    def has(self, media_key: str, node_id: str) -> bool:
        """Whether the node probably has the file: its cache may have dropped it since."""
        return node_id in self._nodes.get(media_key, ())
