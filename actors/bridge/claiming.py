"""Claim loop: claims leased work while there is free capacity, runs each piece on a thread, extends the
leases.

There is one for each kind of work. Any number of threads may call `look` (after a doorbell, by a timer, at
the end of another piece of work); calls that arrive during a look share the next one (single-flight). While
heartbeats fail, nothing is claimed, because its lease would be lost. Knows threads and leases; does not know
the work itself.
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
    """Bound of a type for free capacity; false when nothing fits."""

    def __bool__(self) -> bool:
        """Whether anything fits."""


RowT = TypeVar("RowT")
RoomT = TypeVar("RoomT", bound=Capacity)
WorkT = TypeVar("WorkT", bound=Leased)


class ClaimLoop(Generic[RowT, RoomT, WorkT]):
    """Claim loop for one kind of work. Every method may be called from any thread.

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
        """Free capacity for which the last look found no more work; None if it ended full, or failed."""
        return self._nothing_for

    def has_room(self) -> bool:
        """Whether there is free capacity, and claims are allowed."""
        with self._changed:
            return self._free() is not None

    def look(self) -> None:
        """Claims and starts work until none fits. UnavailableError while PostgreSQL is away."""
        self._flight()

    def heartbeat(self, extend: Callable[[Sequence[Held]], Mapping[Held, bool]]) -> None:
        """Extends every lease. `extend` returns those still held, each with whether it is to be cancelled."""
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
        """Cancels the work in hand that is among `asked`."""
        for work in self.works:
            if work.held in asked:
                work.control.abort(Reason.CANCELLED)

    def stop(self, timeout_s: float) -> bool:
        """Claims nothing more and hands every lease back; False when that takes longer than allowed."""
        with self._changed:
            self._stopping = True
            for work in self._works.values():
                work.control.abort(Reason.STOPPED)
            return self._changed.wait_for(lambda: not self._works and not self._claiming, timeout_s)

    def _free(self) -> RoomT | None:
        """The free capacity; None if nothing may be claimed. Called with the lock held."""
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
        """Claims and starts the next piece of work; False when none fits."""
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
            # If it stayed in the table, heartbeats would keep its lease alive without a thread at work.
            self._remove(work)
            work.hand_back()
            raise UnavailableError(
                f"No thread can be started ({error}): allow this process more of them."
            ) from error

    def _run(self, work: WorkT) -> None:
        try:
            work.run()
        except Exception:
            # Last handler of the thread: the lease runs out, and another holder claims the work again.
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
