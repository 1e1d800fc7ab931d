"""From a doorbell to a running job: claim the lease, then let the doorbell be acknowledged.

Bounded: when `max_videos` are in flight the consumer pauses, and goes on when one has ended. Knows jobs and
the consumer; not what a job does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

import structlog

from actors.bridge.control import Reason
from actors.bridge.job import Job
from cluster.stores.broker import Doorbell
from cluster.stores.video import Video

log = structlog.get_logger(__name__)


class Pausable(Protocol):
    """What the intake needs of the consumer."""

    def pause(self) -> None:
        """No more doorbells."""

    def resume(self) -> None:
        """Doorbells again."""


class Intake:
    """Every method may be called from any thread."""

    def __init__(
        self,
        claim: Callable[[str], Video | None],
        begin: Callable[[Video], Job],
        max_videos: int,
    ) -> None:
        self._claim = claim
        self._begin = begin
        self._max_videos = max_videos
        self._changed = threading.Condition()
        self._jobs: dict[tuple[str, int], Job] = {}
        self._claiming = 0
        self._stopping = False
        self._consumer: Pausable | None = None

    def attach(self, consumer: Pausable) -> None:
        """Whom to pause when there is no room."""
        self._consumer = consumer

    def jobs(self) -> list[Job]:
        """The jobs in flight."""
        with self._changed:
            return list(self._jobs.values())

    def ring(self, doorbell: Doorbell) -> bool:
        """Claim and begin; True when the doorbell has served its purpose. UnavailableError: ring again."""
        with self._changed:
            if self._stopping or len(self._jobs) + self._claiming >= self._max_videos:
                return False
            self._claiming += 1
        try:
            video = self._claim(doorbell.video_id)
        finally:
            with self._changed:
                self._claiming -= 1
        if video is not None:
            self._start(video)
        return True

    def stop(self, timeout_s: float) -> bool:
        """Take nothing new, hand every job's lease back; False when that takes longer than allowed."""
        with self._changed:
            self._stopping = True
            for job in self._jobs.values():
                job.control.abort(Reason.STOPPED)
            return self._changed.wait_for(lambda: not self._jobs and not self._claiming, timeout_s)

    def _start(self, video: Video) -> None:
        job = self._begin(video)
        with self._changed:
            for earlier in self._jobs.values():
                if earlier.video.id == video.id:  # our own lease had run out: that job has lost it
                    earlier.control.abort(Reason.LOST)
            self._jobs[(video.id, video.lease_epoch)] = job
            if self._stopping:
                job.control.abort(Reason.STOPPED)
            self._pace()
        threading.Thread(target=self._run, args=(job,), name=f"job {video.id}", daemon=True).start()

    def _run(self, job: Job) -> None:
        try:
            job.run()
        finally:
            with self._changed:
                del self._jobs[(job.video.id, job.epoch)]
                self._pace()
                self._changed.notify_all()

    def _pace(self) -> None:
        if self._consumer is None:
            return
        if len(self._jobs) >= self._max_videos:
            self._consumer.pause()
        else:
            self._consumer.resume()
