"""A thread that does something again and again, and survives that it goes wrong.

Knows nothing of what it does.
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


class Crew(Generic[T]):
    """`claim(n)` gives up to n pieces of work, `work` does one and may take as long as it likes."""

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
            threading.Thread(target=self._run, args=(piece,), name=self._name, daemon=True).start()
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
            # The thread's outermost net: the piece's lease runs out, and whoever is well claims it again.
            log.exception("work ended in an error", crew=self._name)
        finally:
            with self._changed:
                self._busy -= 1
                self._changed.notify_all()


class Looks:
    """Call it to look. Who waited while a look began after its call is served by that one."""

    def __init__(self, look: Callable[[], None]) -> None:
        self._look = look
        self._looking = threading.Lock()
        self._counting = threading.Lock()
        self._asked = 0
        self._looked = 0

    def __call__(self) -> None:
        """Whatever the look raises is raised here, and counts as no look."""
        with self._counting:
            self._asked += 1
            mine = self._asked
        with self._looking:
            if self._looked >= mine:
                return
            with self._counting:
                upto = self._asked
            self._look()
            self._looked = upto


class Pulse:
    """Told of every round of heartbeats that went well; counts for `valid_s`, as leases do."""

    def __init__(self, valid_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._valid_s = valid_s
        self._clock = clock
        self._beat_at = clock()

    def beat(self) -> None:
        """All leases were extended just now."""
        self._beat_at = self._clock()

    @property
    def is_felt(self) -> bool:
        """Whether what is claimed now would be kept."""
        return self._clock() - self._beat_at <= self._valid_s
