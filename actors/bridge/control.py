"""How a job is told to end early: a reason, set once by any thread, that interrupts every wait of the job.

Knows neither what the job does nor who tells it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from enum import StrEnum
from typing import Any, TypeVar

import structlog

from cluster.backoff import Backoff
from cluster.errors import UnavailableError

RETRY_FIRST_S, RETRY_LONGEST_S = 0.1, 5.0

T = TypeVar("T")

log = structlog.get_logger(__name__)


class Reason(StrEnum):
    """LOST: the lease is another's; CANCELLED: the user wants an end; STOPPED: the bridge ends.

    In this order: a stronger reason replaces a weaker one.
    """

    LOST = "lost"
    CANCELLED = "cancelled"
    STOPPED = "stopped"


_STRENGTH = {Reason.STOPPED: 1, Reason.CANCELLED: 2, Reason.LOST: 3}


class Aborted(Exception):  # noqa: N818 - not an error: somebody asked for it
    """Raised in the job's thread at its next wait."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


class Control:
    """Held by the job and by whoever may end it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._reason: Reason | None = None
        self.aborted: Future[None] = Future()

    @property
    def reason(self) -> Reason | None:
        """Why the job shall end; None while it may go on."""
        return self._reason

    def abort(self, reason: Reason) -> None:
        """End the job. The strongest reason counts."""
        with self._changed:
            if self._reason is not None and _STRENGTH[self._reason] >= _STRENGTH[reason]:
                return
            self._reason = reason
            self._changed.notify_all()
            if not self.aborted.done():
                self.aborted.set_result(None)

    def must_end(self, tolerate: Reason | None = None) -> bool:
        """Whether there is a reason to end that is stronger than `tolerate`."""
        reason = self._reason
        return reason is not None and (tolerate is None or _STRENGTH[reason] > _STRENGTH[tolerate])

    def check(self, tolerate: Reason | None = None) -> None:
        """Raise Aborted if the job must end."""
        if self.must_end(tolerate):
            assert self._reason is not None
            raise Aborted(self._reason)

    def pause(self, seconds: float, tolerate: Reason | None = None) -> None:
        """Sleep; Aborted as soon as the job must end."""
        with self._changed:
            self._changed.wait_for(lambda: self.must_end(tolerate), seconds)
        self.check(tolerate)


class Patience:
    """Calls that wait for a server that is away, until they succeed or the job shall end.

    `tolerate`: a job that is ending for this reason still makes its last calls.
    """

    def __init__(self, control: Control, *, tolerate: Reason | None = None) -> None:
        self._control = control
        self._tolerate = tolerate

    def call(self, what: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """The result of `what`, tried again on UnavailableError. Aborted when the job shall end."""
        backoff = Backoff(RETRY_FIRST_S, RETRY_LONGEST_S)
        told = False
        while True:
            self._control.check(self._tolerate)
            try:
                result = what(*args, **kwargs)
            except UnavailableError as error:
                if not told:
                    log.warning("waiting for a server", call=_name(what), reason=error.message)
                    told = True
                self._control.pause(backoff.next_s(), self._tolerate)
            else:
                if told:
                    log.info("server is back", call=_name(what))
                return result


def _name(what: Callable[..., Any]) -> str:
    return getattr(what, "__qualname__", repr(what))
