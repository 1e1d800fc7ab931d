"""Takes orders of clips for this bridge, a few at a time, and keeps their leases alive.

PostgreSQL is asked for work: at every doorbell, at regular intervals and whenever an order has ended; so a
lost doorbell or an expired lease costs seconds. Knows orders and threads; not how one is worked on.
"""

from __future__ import annotations

import threading
from collections.abc import Collection

import structlog

from actors.bridge.clip_work import ClipWork
from actors.bridge.control import Reason
from actors.bridge.ending import Services
from cluster.errors import UnavailableError
from cluster.settings import LeaseSettings
from cluster.stores.clip_jobs import ClipJobs
from cluster.stores.leases import Held

MAX_ORDERS = 8  # at once; their clips take turns in the pool with everything else there

log = structlog.get_logger(__name__)


class ClipDesk:
    """Every method may be called from any thread. `keeper`: connections that do not wait for the work."""

    def __init__(self, services: Services, keeper: ClipJobs, owner: str, lease: LeaseSettings) -> None:
        self._services = services
        self._keeper = keeper
        self._owner = owner
        self._lease = lease
        self._changed = threading.Condition()
        self._works: dict[tuple[str, int], ClipWork] = {}
        self._claiming = 0
        self._stopping = False

    def works(self) -> list[ClipWork]:
        """The orders in work."""
        with self._changed:
            return list(self._works.values())

    def look(self) -> None:
        """Take orders while there are any and there is room. UnavailableError when PostgreSQL is away."""
        while self._take():
            pass

    def reap(self) -> None:
        """End what nobody will end, take what nobody works on."""
        self._keeper.reap(self._lease.max_attempts)
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

    def _take(self) -> bool:
        """Take one order; False when there is none or no room."""
        with self._changed:
            if self._stopping or len(self._works) + self._claiming >= MAX_ORDERS:
                return False
            self._claiming += 1
        try:
            job = self._keeper.claim(self._owner, self._lease.duration_s, self._lease.max_attempts)
            if job is None:
                return False
            self._begin(ClipWork(job, self._services))
        finally:
            with self._changed:
                self._claiming -= 1
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
        threading.Thread(target=self._run, args=(work,), name=name, daemon=True).start()

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
