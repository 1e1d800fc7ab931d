"""From a doorbell to running jobs: take what PostgreSQL says is next, then let the doorbell be acknowledged.

A doorbell only says that something may have changed. So any of them, the end of a job and a look every second
lead to the same: videos are taken while there are some that fit. When nothing fits any more the consumer
pauses, so that other bridges have the doorbells. Knows jobs and the consumer; not what a job does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from actors.bridge.claiming import ClaimLoop
from actors.bridge.threads import LivenessGuard
from actors.bridge.videos.job import Job
from cluster.stores.postgres.turns import Room
from cluster.stores.postgres.video import Video
from cluster.stores.rabbitmq.broker import Doorbell

ROOM_FOR_ALL = Room()

log = structlog.get_logger(__name__)


class Pausable(Protocol):
    """What the intake needs of the consumer."""

    def pause(self) -> None:
        """No more doorbells."""

    def resume(self) -> None:
        """Doorbells again."""


class Intake(ClaimLoop[Video, Room, Job]):
    """The claim loop of videos. `room` tells what fits beside the videos in flight."""

    def __init__(
        self,
        *,
        room: Callable[[Sequence[Video]], Room],
        claim: Callable[[Room], Video | None],
        begin: Callable[[Video], Job],
        guard: LivenessGuard,
    ) -> None:
        super().__init__(
            Job.kind,
            room=lambda works: room([job.video for job in works]),
            claim=claim,
            begin=begin,
            guard=guard,
            on_change=self._pace,
        )
        self._consumer: Pausable | None = None

    def attach(self, consumer: Pausable) -> None:
        """The consumer to pause when there is no room."""
        self._consumer = consumer

    @property
    def has_all(self) -> bool:
        """Whether nothing was left to take at the last look although anything would have fitted: what still
        waits, waits for a quota.
        """
        return self.nothing_for == ROOM_FOR_ALL

    def ring(self, doorbell: Doorbell) -> bool:
        """Look; True when the doorbell has served its purpose here. UnavailableError: ring again."""
        log.debug("doorbell", video_id=doorbell.video_id)
        if not self.has_room():
            return False
        self.look()
        return True

    def _pace(self) -> None:
        if self._consumer is None:
            return
        if self.has_room():
            self._consumer.resume()
        else:
            self._consumer.pause()
