"""How many long videos are planned at once.

A plan reads the whole file's index, which takes seconds for a film, and goes before everything else in the
pool, in the order of arrival. So that a clip's plan is not behind those of a hundred films, most of which
have long to wait anyway, long videos leave half of the actors free of plans. Knows no store and no pool.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from actors.bridge.control import Control

LOOK_AGAIN_S = 0.2


class Planners:
    """`places`: how many of this bridge's long videos may be planned now; at least one always may."""

    def __init__(self, places: Callable[[], int]) -> None:
        self._places = places
        self._lock = threading.Lock()
        self._planned = 0

    @contextmanager
    def turn(self, control: Control) -> Iterator[None]:
        """Held while a long video is planned; waits for it, Aborted as soon as the job must end."""
        while not self._entered():
            control.pause(LOOK_AGAIN_S)
        try:
            yield
        finally:
            with self._lock:
                self._planned -= 1

    def _entered(self) -> bool:
        with self._lock:
            if self._planned >= max(1, self._places()):
                return False
            self._planned += 1
            return True
