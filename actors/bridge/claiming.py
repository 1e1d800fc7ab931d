"""The claim loop: takes leased work while there is room, runs each piece on a thread, keeps the leases alive.

One for each kind of work. Any number of callers may ask it to look (a doorbell, a timer, the end of another
piece of work); calls that arrive during a look share the next one. Nothing is claimed while heartbeats fail,
since what is claimed then would be lost. Knows threads and leases; not what is done under them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Generic, Protocol, TypeVar

import structlog

from actors import metrics
from actors.bridge.control import Reason
from actors.bridge.leased import Leased
from actors.bridge.threads import LivenessGuard, SingleFlight
from cluster.errors import UnavailableError
from cluster.stores.postgres.leases import Held

log = structlog.get_logger(__name__)


class Capacity(Protocol):
    """Free capacity; false when nothing fits."""

    def __bool__(self) -> bool:
        """Whether anything fits."""


RowT = TypeVar("RowT")
RoomT = TypeVar("RoomT", bound=Capacity)
WorkT = TypeVar("WorkT", bound=Leased)


class ClaimLoop(Generic[RowT, RoomT, WorkT]):
    """Every method may be called from any thread.

    `room(works)`: free capacity beside the work in hand. `claim(room)`: takes the lease of the next piece
    that fits, None if there is none; UnavailableError while PostgreSQL is away. `begin(row)`: the work of a
    claimed row. `on_change`: called, with the loop's lock held, after the work in hand has changed.
    """

    def __init__(
        self,
        kind: str,
        *,
        room: Callable[[Sequence[WorkT]], RoomT],
        claim: Callable[[RoomT], RowT | None],
        begin: Callable[[RowT], WorkT],
        guard: LivenessGuard,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self._kind = kind
        self._room = room
        self._claim = claim
        self._begin = begin
        self._guard = guard
        self._on_change = on_change
        self._flight = SingleFlight(self._take_all)
        self._changed = threading.Condition()
        self._works: dict[Held, WorkT] = {}
        self._claiming = False
        self._stopping = False
        self._nothing_for: RoomT | None = None

    @property
    def works(self) -> list[WorkT]:
        """The work in hand."""
        with self._changed:
            return list(self._works.values())

    @property
    def nothing_for(self) -> RoomT | None:
        """The room for which the last look found nothing more; None if it ended full, or failed."""
        return self._nothing_for

    def has_room(self) -> bool:
        """Whether anything would be claimed now."""
        with self._changed:
            return self._free() is not None

    def look(self) -> None:
        """Take work while there is some that fits. UnavailableError while PostgreSQL is away."""
        self._flight()

    def heartbeat(self, extend: Callable[[Sequence[Held]], Mapping[Held, bool]]) -> None:
        """Extend every lease. `extend` answers for each that is still held whether it is to be cancelled."""
        works = self.works
        metrics.LEASES_HELD.set(len(works), bridge=metrics.this_process(), work=self._kind)
        held = extend([work.held for work in works])
        for work in works:
            cancelled = held.get(work.held)
            if cancelled is None:
                work.control.abort(Reason.LOST)
            elif cancelled:
                work.control.abort(Reason.CANCELLED)

    def cancel(self, asked: Collection[Held]) -> None:
        """End the work that somebody asked to end."""
        for work in self.works:
            if work.held in asked:
                work.control.abort(Reason.CANCELLED)

    def stop(self, timeout_s: float) -> bool:
        """Take nothing new, hand every lease back; False when that takes longer than allowed."""
        with self._changed:
            self._stopping = True
            for work in self._works.values():
                work.control.abort(Reason.STOPPED)
            return self._changed.wait_for(lambda: not self._works and not self._claiming, timeout_s)

    def _free(self) -> RoomT | None:
        """The room there is, None if nothing may be claimed. With the lock held."""
        if self._stopping or not self._guard.is_alive:
            return None
        return self._room(list(self._works.values())) or None

    def _take_all(self) -> None:
        try:
            while self._take():
                pass
        except BaseException:
            self._nothing_for = None
            raise

    def _take(self) -> bool:
        """Take the next piece of work; False when there is none that fits."""
        with self._changed:
            room = self._free()
            if room is None:
                self._nothing_for = None
                return False
            self._claiming = True
        try:
            row = self._claim(room)
            if row is not None:
                self._start(self._begin(row))
            self._nothing_for = room if row is None else None
        finally:
            with self._changed:
                self._claiming = False
                self._changed.notify_all()
        return row is not None

    def _start(self, work: WorkT) -> None:
        with self._changed:
            for earlier in self._works.values():
                if earlier.held[0] == work.held[0]:  # our own lease had run out: that work has lost it
                    earlier.control.abort(Reason.LOST)
            self._works[work.held] = work
            if self._stopping:
                work.control.abort(Reason.STOPPED)
            self._on_change()
        name = f"{self._kind} {work.held[0]}"
        try:
            threading.Thread(target=self._run, args=(work,), name=name, daemon=True).start()
        except RuntimeError as error:
            # Kept in the table its lease would stay alive with nobody at work.
            self._remove(work)
            work.hand_back()
            raise UnavailableError(
                f"No thread can be started ({error}): allow this process more of them."
            ) from error

    def _run(self, work: WorkT) -> None:
        try:
            work.run()
        except Exception:
            # The thread's outermost net: the lease runs out, and another holder claims the work again.
            log.exception("leased work ended in an error", work=self._kind, id=work.held[0])
        finally:
            self._remove(work)
        try:
            self.look()
        except UnavailableError as error:  # the next look takes what waits
            log.info("no further work taken", work=self._kind, reason=error.message)

    def _remove(self, work: WorkT) -> None:
        with self._changed:
            del self._works[work.held]
            self._on_change()
            self._changed.notify_all()
