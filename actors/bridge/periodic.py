"""A thread that does something again and again, and survives that it goes wrong.

Knows nothing of what it does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

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
