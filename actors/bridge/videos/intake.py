"""From a doorbell to running jobs: take what PostgreSQL says is next, then let the doorbell be acknowledged.

A doorbell only says that something may have changed. So any of them, the end of a job and a look every second
lead to the same: videos are taken while there are some that fit. When nothing fits any more the consumer
pauses, so that other bridges have the doorbells. Knows jobs and the consumer; not what a job does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from actors.bridge.control import Reason
from actors.bridge.threads import Looks
from actors.bridge.videos.job import Job
from cluster.errors import UnavailableError
from cluster.stores.postgres.leases import Held
from cluster.stores.postgres.turns import Room
from cluster.stores.postgres.video import Video
from cluster.stores.rabbitmq.broker import Doorbell

NO_ROOM = Room(interactive=False, light=False, batch=False)
ROOM_FOR_ALL = Room()

log = structlog.get_logger(__name__)


class Pausable(Protocol):
    """What the intake needs of the consumer."""

    def pause(self) -> None:
        """No more doorbells."""

    def resume(self) -> None:
        """Doorbells again."""


class Intake:
    """Every method may be called from any thread. `room` tells what fits beside the videos in flight."""

    def __init__(
        self,
        claim: Callable[[Room], Video | None],
        begin: Callable[[Video], Job],
        room: Callable[[Sequence[Video]], Room],
    ) -> None:
        self._claim = claim
        self._begin = begin
        self._room_beside = room
        self._looks = Looks(self._take_all)
        self._changed = threading.Condition()
        self._jobs: dict[Held, Job] = {}
        self._claiming = False
        self._has_all = False
        self._stopping = False
        self._consumer: Pausable | None = None

    def attach(self, consumer: Pausable) -> None:
        """Whom to pause when there is no room."""
        self._consumer = consumer

    def jobs(self) -> list[Job]:
        """The jobs in flight."""
        with self._changed:
            return list(self._jobs.values())

    @property
    def has_all(self) -> bool:
        """Whether nothing was left to take at the last look although anything would have fitted: what still
        waits, waits for a quota.
        """
        return self._has_all

    def ring(self, doorbell: Doorbell) -> bool:
        """Look; True when the doorbell has served its purpose here. UnavailableError: ring again."""
        log.debug("doorbell", video_id=doorbell.video_id)
        if not self.has_room():
            return False
        self.look()
        return True

    def has_room(self) -> bool:
        """Whether anything fits."""
        with self._changed:
            return bool(self._room())

    def look(self) -> None:
        """Take videos while there are some that fit. UnavailableError while PostgreSQL is away."""
        self._looks()

    def stop(self, timeout_s: float) -> bool:
        """Take nothing new, hand every job's lease back; False when that takes longer than allowed."""
        with self._changed:
            self._stopping = True
            for job in self._jobs.values():
                job.control.abort(Reason.STOPPED)
            return self._changed.wait_for(lambda: not self._jobs and not self._claiming, timeout_s)

    def _take_all(self) -> None:
        try:
            while self._take():
                pass
        except BaseException:
            self._has_all = False
            raise

    def _take(self) -> bool:
        """Take the next one; False when there is none that fits."""
        with self._changed:
            room = self._room()
            if not room:
                self._has_all = False
                return False
            self._claiming = True
        try:
            video = self._claim(room)
            if video is not None:
                self._start(video)
            self._has_all = video is None and room == ROOM_FOR_ALL
        finally:
            with self._changed:
                self._claiming = False
                self._changed.notify_all()
        return video is not None

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
        try:
            threading.Thread(target=self._run, args=(job,), name=f"job {video.id}", daemon=True).start()
        except RuntimeError as error:
            self._remove(job)
            job.hand_back()
            raise no_thread(error) from error

    def _run(self, job: Job) -> None:
        try:
            job.run()
        finally:
            self._remove(job)
        try:
            self.look()
        except UnavailableError as error:  # the next look takes what waits
            log.info("no further video taken", reason=error.message)

    def _remove(self, job: Job) -> None:
        with self._changed:
            del self._jobs[(job.video.id, job.epoch)]
            self._pace()
            self._changed.notify_all()

    def _room(self) -> Room:
        if self._stopping:
            return NO_ROOM
        return self._room_beside([job.video for job in self._jobs.values()])

    def _pace(self) -> None:
        if self._consumer is None:
            return
        if self._room():
            self._consumer.resume()
        else:
            self._consumer.pause()


def no_thread(error: RuntimeError) -> UnavailableError:
    """What was claimed cannot be worked on here; kept in the table, its lease would live and nobody work."""
    return UnavailableError(f"No thread can be started ({error}): allow this process more of them.")
