"""Threads of a bridge: a timer that survives errors, bounded workers, a coalesced call, a liveness guard.

Knows threads and clocks; not what is done on them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import structlog

from cluster.errors import UnavailableError

JOIN_TIMEOUT_S = 10.0  # a call may hang in a server that is away; the thread is a daemon then

log = structlog.get_logger(__name__)


class Periodic:
    """Calls `work` every `interval_s` seconds; at once again while it returns True (there is more to do)."""

    def __init__(self, name: str, interval_s: float, work: Callable[[], bool | None]) -> None:
        self._name = name
        self._interval_s = interval_s
        self._work = work
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin, with a call at once."""
        self._thread.start()

    def stop(self) -> None:
        """No further call; waits for the one under way, within limits."""
        self._stopping.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(JOIN_TIMEOUT_S)

    def _run(self) -> None:
        away = False
        while not self._stopping.is_set():
            more: bool | None = False
            try:
                more = self._work()
                if away:
                    log.info("server is back", thread=self._name)
                away = False
            except UnavailableError as error:
                if not away:
                    log.warning("waiting for a server", thread=self._name, reason=error.message)
                away = True
            except Exception:
                log.exception("periodic work failed", thread=self._name)
            if not more:
                self._stopping.wait(self._interval_s)


log = structlog.get_logger(__name__)

T = TypeVar("T")


class WorkerThreads(Generic[T]):
    """Bounded worker threads for what waits in PostgreSQL: each piece is claimed first, then worked on.

    `claim(n)` gives up to n pieces of work, `work` does one and may take as long as it likes. Call `recruit`
    at intervals (see `Periodic`).
    """

    def __init__(
        self, name: str, size: int, claim: Callable[[int], Sequence[T]], work: Callable[[T], None]
    ) -> None:
        self._name = name
        self._size = size
        self._claim = claim
        self._work = work
        self._changed = threading.Condition()
        self._busy = 0
        self._stopping = False

    def recruit(self) -> bool:
        """Claim as much as there are free hands, and begin. True: there may be more to claim at once."""
        with self._changed:
            free = 0 if self._stopping else self._size - self._busy
        claimed = self._claim(free) if free > 0 else ()
        for piece in claimed:
            with self._changed:
                self._busy += 1
            try:
                threading.Thread(target=self._run, args=(piece,), name=self._name, daemon=True).start()
            except RuntimeError:
                with self._changed:
                    self._busy -= 1
                raise
        return 0 < free == len(claimed) and self._has_room()

    def stop(self, timeout_s: float) -> bool:
        """Begin nothing new and wait for what is under way; False when that takes longer."""
        with self._changed:
            self._stopping = True
            return self._changed.wait_for(lambda: not self._busy, timeout_s)

    def _has_room(self) -> bool:
        with self._changed:
            return self._busy < self._size

    def _run(self, piece: T) -> None:
        try:
            self._work(piece)
        except Exception:
            # The thread's outermost net: the piece's lease runs out, and another worker claims it again.
            log.exception("work ended in an error", workers=self._name)
        finally:
            with self._changed:
                self._busy -= 1
                self._changed.notify_all()


class SingleFlight:
    """Coalesces calls: one runs at a time, and callers that arrive during a run share the next one."""

    def __init__(self, call: Callable[[], None]) -> None:
        self._call = call
        self._running = threading.Lock()
        self._counting = threading.Lock()
        self._asked = 0
        self._served = 0

    @property
    def pending(self) -> int:
        """Calls that no finished run has served, the ones of the run under way among them."""
        with self._counting:
            return self._asked - self._served

    def __call__(self) -> None:
        """Returns when a run that began after this call has ended. What the run raises is raised here; the
        callers that wait then run it again.
        """
        with self._counting:
            self._asked += 1
            mine = self._asked
        with self._running:
            if self._served >= mine:
                return
            with self._counting:
                upto = self._asked
            self._call()
            self._served = upto


class LivenessGuard:
    """Whether this bridge keeps its leases alive; while it does not, it must claim nothing.

    A heartbeat that hangs (a connection to a server that is gone, a process that was stopped) loses every
    lease. A bridge that went on claiming would lose the new ones too, and use up one attempt after the other
    of videos that nothing is wrong with. Each round of heartbeats that went well counts for `valid_s`, as
    leases do.
    """

    def __init__(self, valid_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._valid_s = valid_s
        self._clock = clock
        self._beat_at = clock()

    def beat(self) -> None:
        """All leases were extended just now."""
        self._beat_at = self._clock()

    @property
    def is_alive(self) -> bool:
        """Whether what is claimed now would be kept."""
        return self._clock() - self._beat_at <= self._valid_s
