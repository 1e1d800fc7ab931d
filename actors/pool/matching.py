"""When a slow actor had better stay idle: the last pieces of work, where the actors differ.

Actors pull their work, so fast ones do more by themselves, until the end: the last chunk in the hands of the
slowest is what a video then waits for. Plain arithmetic; knows no actor, no queue and no clock.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import NamedTuple

MUCH_FASTER = 1.5
"""Throughput varies with the pictures: actors nearer than this are alike, and none waits for another."""


class Availability(NamedTuple):
    """Another actor: what it does, in seconds of video per second, and how soon it will be free."""

    video_s_per_s: float
    free_in_s: float


def is_done_sooner_by_others(
    cost_s: float, video_s_per_s: float, others: Iterable[Availability], waiting: int
) -> bool:
    """Whether much faster actors will have done all that waits before this one had done a first piece.

    `waiting` ≥ 1 pieces of about `cost_s` seconds of video each, against one actor of `video_s_per_s`.
    """
    here_s = cost_s / video_s_per_s
    for other in others:
        if other.video_s_per_s > MUCH_FASTER * video_s_per_s and other.free_in_s < here_s:
            waiting -= int((here_s - other.free_in_s) * other.video_s_per_s / cost_s)
        if waiting <= 0:
            return True
    return False


FILES = 1024  # remembered; far more than are in work at once


class Locality:
    """The last `files` files that were worked on."""

    def __init__(self, files: int = FILES) -> None:
        self._files = files
        self._nodes: OrderedDict[str, set[str]] = OrderedDict()

    def worked(self, media_key: str, node_id: str) -> None:
        """The node has the file now."""
        self._nodes.setdefault(media_key, set()).add(node_id)
        self._nodes.move_to_end(media_key)
        if len(self._nodes) > self._files:
            self._nodes.popitem(last=False)

    def has(self, media_key: str, node_id: str) -> bool:
        """Whether the node probably has the file."""
        return node_id in self._nodes.get(media_key, ())
