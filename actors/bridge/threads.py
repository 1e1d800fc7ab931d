"""Threads of a bridge: periodic timer, bounded worker threads, single-flight call, lease liveness guard.

Knows threads and clocks; does not know the work that runs on them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import structlog

from cluster.errors import UnavailableError

JOIN_TIMEOUT_S = 10.0  # a call to a dead server may hang; the daemon thread is left behind then

log = structlog.get_logger(__name__)


class Periodic:
    """Periodic timer: calls `work` every `interval_s` seconds, and again at once while it returns True (more
    to do).

    It goes on after an exception from `work`.
    """

    def __init__(self, name: str, interval_s: float, work: Callable[[], bool | None]) -> None:
        self._name = name
        self._interval_s = interval_s
        self._work = work
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Starts the timer; the first call comes at once."""
        self._thread.start()

    def stop(self) -> None:
        """Makes no further call; waits up to JOIN_TIMEOUT_S for the one under way."""
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


T = TypeVar("T")


class WorkerThreads(Generic[T]):
    """Bounded worker threads for rows that wait in PostgreSQL: each is claimed first, then worked on.

    `claim(n)` claims up to n pieces of work; `work` does one and may take any time. Call `recruit` at
    intervals (see `Periodic`).
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
        """Claims one piece for each free thread and starts them. True: there may be more to claim at once."""
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
        """Starts nothing new and waits for the work under way; False when that takes longer."""
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
            # Last handler of the thread: the piece's lease runs out, and another worker claims it again.
            log.exception("work ended in an error", workers=self._name)
        finally:
            with self._changed:
                self._busy -= 1
                self._changed.notify_all()


class SingleFlight:
    """Single-flight: one call runs at a time, and callers that arrive during a run share the next one."""

    def __init__(self, call: Callable[[], None]) -> None:
        self._call = call
        self._running = threading.Lock()
        self._counting = threading.Lock()
        self._asked = 0
        self._served = 0

    @property
    def pending(self) -> int:
        """The number of calls that no finished run has served, with those of the run under way."""
        with self._counting:
            return self._asked - self._served

    def __call__(self) -> None:
        """Returns when a run that began after this call has ended. An exception of the run is raised in the
        caller that ran it; waiting callers then run it again.
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
    """Lease liveness guard: says whether this bridge keeps its leases alive; while it does not, it claims
    nothing.

    A heartbeat that hangs (a connection to a dead server, a process that was stopped) loses every lease. A
    bridge that went on claiming would lose the new leases too, and use up the attempts of sound videos. Each
    successful round of heartbeats counts for `valid_s`, as leases do.
    """

    def __init__(self, valid_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._valid_s = valid_s
        self._clock = clock
        self._beat_at = clock()

    def beat(self) -> None:
        """Records that all leases were extended just now."""
        self._beat_at = self._clock()

    @property
    def is_alive(self) -> bool:
        """Whether the last successful round was within `valid_s`."""
        return self._clock() - self._beat_at <= self._valid_s
