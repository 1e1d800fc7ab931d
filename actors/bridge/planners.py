"""Concurrency limit for the planning of long videos.

A plan reads the index of a whole file, which takes seconds for a film, and plans go before all other tasks of
the pool, in order of arrival. A clip's plan would stand behind those of a hundred films, most of which have
long to wait anyway. So only some long videos are planned at once, and the other workers stay free of such
plans. Knows no store and no pool.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from actors.bridge.control import Control

RETRY_S = 0.2
"""Between two tries to get a turn: short beside the seconds that a long plan takes."""


class Planners:
    """`places`: how many long videos this bridge may plan at once now; one is always allowed."""

    def __init__(self, places: Callable[[], int]) -> None:
        self._places = places
        self._lock = threading.Lock()
        self._planned = 0

    @contextmanager
    def turn(self, control: Control) -> Iterator[None]:
        """Hold this while a long video is planned. Waits for a turn; raises Aborted when the job must end."""
        while not self._entered():
            control.pause(RETRY_S)
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
