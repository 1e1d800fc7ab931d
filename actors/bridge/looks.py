"""Looks that any number of threads ask for: one at a time, and none for nothing.

Knows threads; not what is looked for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable


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
