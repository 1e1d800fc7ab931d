"""What the pool did during the last hour: frames analysed, and actors lost.

Held in memory, so a pool that is replaced begins anew; Prometheus keeps what has to last. Knows no worker and
no task: numbers and names are passed in.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from cluster.contract.wire.cluster import ActorLoss, PoolHistory

STEP_S = 60.0
"""Length of one step of the history, in seconds."""
STEPS = 60
"""Steps that are kept: an hour."""
LOSSES_KEPT = 20
"""Losses of actors that are told of; `scenestream_actors_lost` counts all."""


@dataclass(frozen=True, slots=True)
class _Loss:
    actor: str
    node: str | None
    video_id: str | None
    reason: str
    at: float


class History:
    """`clock` gives monotonic seconds. For one event loop: it has no locks."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._frames: dict[int, float] = {}
        self._losses: deque[_Loss] = deque(maxlen=LOSSES_KEPT)

    def worked(self, frames: int, took_s: float) -> None:
        """Count a chunk that is stored now. Its frames are spread evenly over the time that it took: one
        long chunk is no peak in the minute in which it ends.
        """
        now = self._clock()
        began = max(now - took_s, self._began, now - STEP_S * STEPS)
        if now <= began:
            self._add(self._step(now), frames)
            return
        for step in range(self._step(began), self._step(now) + 1):
            start = self._began + step * STEP_S
            share = (min(now, start + STEP_S) - max(began, start)) / (now - began)
            self._add(step, frames * share)

    def lost(self, actor: str, node: str | None, video_id: str | None, reason: str) -> None:
        """Note an actor that died, stood still or crashed. `video_id`: what it worked on, if anything."""
        self._losses.append(_Loss(actor, node, video_id, reason, self._clock()))

    def rates(self) -> PoolHistory:
        """Frames per second of each step, the oldest first. The last step has just begun: its rate is over
        the part of it that has passed, and grows when the chunks in hand are stored.
        """
        now = self._clock()
        last = self._step(now)
        rates = []
        for step in range(max(last - STEPS + 1, 0), last + 1):
            passed_s = min(now - self._began - step * STEP_S, STEP_S)
            rates.append(round(self._frames.get(step, 0.0) / passed_s, 2) if passed_s > 0 else 0.0)
        return {"step_s": STEP_S, "frames_per_s": rates}

    def losses(self) -> list[ActorLoss]:
        """The last losses, the newest first."""
        now = self._clock()
        return [
            {
                "actor": loss.actor,
                "node": loss.node,
                "video_id": loss.video_id,
                "reason": loss.reason,
                "ago_s": round(now - loss.at, 3),
            }
            for loss in reversed(self._losses)
        ]

    def _step(self, at: float) -> int:
        return int((at - self._began) // STEP_S)

    def _add(self, step: int, frames: float) -> None:
        if step not in self._frames:
            oldest = step - STEPS
            self._frames = {kept: count for kept, count in self._frames.items() if kept > oldest}
        self._frames[step] = self._frames.get(step, 0.0) + frames
