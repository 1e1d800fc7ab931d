"""Takes orders of clips for this bridge, a few at a time, and keeps their leases alive.

PostgreSQL is asked for work: at every doorbell, at regular intervals and whenever an order has ended; so a
lost doorbell or an expired lease costs seconds. Places are kept for each kind of orders, as for videos: a few
clips do not wait for whole films to be cut. Knows orders and threads; not how one is worked on.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Collection

import structlog

from actors.bridge.clips.work import ClipWork
from actors.bridge.control import Reason
from actors.bridge.places import Places, Size
from actors.bridge.services import Services
from actors.bridge.threads import Looks, Pulse
from actors.bridge.videos.intake import no_thread
from cluster.errors import UnavailableError
from cluster.settings import LeaseSettings
from cluster.stores.postgres.clip_job import FEW_CLIPS, ClipJob
from cluster.stores.postgres.clip_jobs import ClipJobs
from cluster.stores.postgres.leases import Held

MAX_ORDERS = 24  # at once; their clips take turns in the pool with everything else there
BATCH_SHARE = 0.5  # of the places, at most

log = structlog.get_logger(__name__)


class ClipDesk:
    """Every method may be called from any thread. `keeper`: connections that do not wait for the work."""

    def __init__(
        self, services: Services, keeper: ClipJobs, owner: str, lease: LeaseSettings, pulse: Pulse
    ) -> None:
        self._services = services
        self._pulse = pulse
        self._keeper = keeper
        self._owner = owner
        self._lease = lease
        self._places = Places(BATCH_SHARE, light_bytes=0)
        self._looks = Looks(self._take_all)
        self._changed = threading.Condition()
        self._works: dict[tuple[str, int], ClipWork] = {}
        self._claiming = False
        self._stopping = False

    def works(self) -> list[ClipWork]:
        """The orders in work."""
        with self._changed:
            return list(self._works.values())

    def look(self) -> None:
        """Take orders while there are any and there is room. UnavailableError when PostgreSQL is away."""
        self._looks()

    @property
    def left_s(self) -> float:
        """What is left to do of all orders in work, as the seconds of video whose analysis takes as long."""
        return math.fsum(work.left_s for work in self.works())

    def reap(self) -> None:
        """End what nobody will end, take what nobody works on."""
        self._keeper.reap(self._lease.max_attempts, self._lease.heartbeat_s)
        self.look()

    def heartbeat(self) -> None:
        """Extend every lease; UnavailableError ends the round."""
        for work in self.works():
            cancelled = self._keeper.heartbeat(work.job.id, work.epoch, self._lease.duration_s)
            if cancelled is None:
                work.control.abort(Reason.LOST)
            elif cancelled:
                work.control.abort(Reason.CANCELLED)

    def cancel(self, asked: Collection[Held]) -> None:
        """End those that somebody asked to end."""
        for work in self.works():
            if (work.job.id, work.epoch) in asked:
                work.control.abort(Reason.CANCELLED)

    def stop(self, timeout_s: float) -> bool:
        """Take nothing new, hand every lease back; False when that takes longer than allowed."""
        with self._changed:
            self._stopping = True
            for work in self._works.values():
                work.control.abort(Reason.STOPPED)
            return self._changed.wait_for(lambda: not self._works and not self._claiming, timeout_s)

    def _take_all(self) -> None:
        while self._take():
            pass

    def _take(self) -> bool:
        """Take one order; False when there is none or no room."""
        lease = self._lease
        with self._changed:
            room = self._places.beside(MAX_ORDERS, (size_of(work.job) for work in self._works.values()))
            if self._stopping or not room or not self._pulse.is_felt:
                return False
            self._claiming = True
        try:
            # A heartbeat more: after an outage of PostgreSQL who still works is to have the first word.
            job = self._keeper.claim(
                self._owner, lease.duration_s, lease.max_attempts, room, lease.heartbeat_s
            )
            if job is None:
                return False
            self._begin(ClipWork(job, self._services))
        finally:
            with self._changed:
                self._claiming = False
                self._changed.notify_all()
        return True

    def _begin(self, work: ClipWork) -> None:
        with self._changed:
            for earlier in self._works.values():
                if earlier.job.id == work.job.id:  # our own lease had run out
                    earlier.control.abort(Reason.LOST)
            self._works[(work.job.id, work.epoch)] = work
            if self._stopping:
                work.control.abort(Reason.STOPPED)
        name = f"clips {work.job.id}"
        try:
            threading.Thread(target=self._run, args=(work,), name=name, daemon=True).start()
        except RuntimeError as error:
            with self._changed:
                del self._works[(work.job.id, work.epoch)]
            work.hand_back()
            raise no_thread(error) from error

    def _run(self, work: ClipWork) -> None:
        try:
            work.run()
        finally:
            with self._changed:
                del self._works[(work.job.id, work.epoch)]
                self._changed.notify_all()
        try:
            self.look()
        except UnavailableError as error:  # the next round takes what waits
            log.info("no further order taken", reason=error.message)


def size_of(job: ClipJob) -> Size:
    """Which places it takes."""
    if job.priority == "batch":
        return Size.BATCH
    return Size.LIGHT if job.total <= FEW_CLIPS else Size.HEAVY
