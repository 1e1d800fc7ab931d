"""Threads that work off what waits in PostgreSQL, so many at a time; each piece is claimed first.

Call `recruit` every now and then (see `Periodic`). Knows nothing of the work.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import structlog

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
