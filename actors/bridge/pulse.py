"""Whether a bridge keeps its leases alive: if it does not, it must take nothing.

A heartbeat that hangs (a connection to a server that is gone, a process that was stopped) loses every lease.
Who went on claiming would lose those, too, and use up one attempt after the other of videos that nothing is
wrong with. Knows no store; the clock is passed in by tests.
"""

from __future__ import annotations

import time
from collections.abc import Callable


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
