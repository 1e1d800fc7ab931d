"""An answer that is kept for a while, so that who asks often costs no more than who asks now and then."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """Call it for the answer of `ask`, at most `seconds` old. Who waits while another asks shares the answer.

    What `ask` raises is raised and not kept.
    """

    def __init__(self, ask: Callable[[], T], seconds: float) -> None:
        self._ask = ask
        self._seconds = seconds
        self._lock = threading.Lock()
        self._answers: list[T] = []
        self._asked_at = 0.0

    def __call__(self) -> T:
        """The answer."""
        with self._lock:
            if not self._answers or time.monotonic() - self._asked_at > self._seconds:
                self._answers = [self._ask()]
                self._asked_at = time.monotonic()
            return self._answers[0]
