"""Cancellation token of a job: any thread sets a reason, which interrupts every wait of the job's thread.

With it come calls that are retried while a server is away, and that the same token interrupts. Knows neither
what the job does nor who ends it.
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
"""Back-off between tries of a call while a server is away: a restart takes seconds, and a job that has waited
long should go on soon after it."""

T = TypeVar("T")

log = structlog.get_logger(__name__)


class Reason(StrEnum):
    """Why a job must end. LOST: another holder has the lease. CANCELLED: a user cancelled the work. STOPPED:
    the bridge ends.

    The strongest comes first; a stronger reason replaces a weaker one.
    """

    LOST = "lost"
    CANCELLED = "cancelled"
    STOPPED = "stopped"


_STRENGTH = {Reason.STOPPED: 1, Reason.CANCELLED: 2, Reason.LOST: 3}


class Aborted(Exception):  # noqa: N818 - not an error: the end was requested
    """Raised in the job's thread, at its next wait after the token was set."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


class Control:
    """The token, shared by the job's thread and the threads that may end the job. `aborted` is done once any
    reason is set, for waits on several futures.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._reason: Reason | None = None
        self.aborted: Future[None] = Future()

    @property
    def reason(self) -> Reason | None:
        """The strongest reason so far; None while the job may go on."""
        return self._reason

    def abort(self, reason: Reason) -> None:
        """Set a reason and wake the job. No effect if one as strong is set already."""
        with self._changed:
            if self._reason is not None and _STRENGTH[self._reason] >= _STRENGTH[reason]:
                return
            self._reason = reason
            self._changed.notify_all()
            if not self.aborted.done():
                self.aborted.set_result(None)

    def must_end(self, tolerate: Reason | None = None) -> bool:
        """Whether a reason is set that is stronger than `tolerate`."""
        reason = self._reason
        return reason is not None and (tolerate is None or _STRENGTH[reason] > _STRENGTH[tolerate])

    def check(self, tolerate: Reason | None = None) -> None:
        """Raise Aborted if `must_end`."""
        if self.must_end(tolerate):
            assert self._reason is not None
            raise Aborted(self._reason)

    def pause(self, seconds: float, tolerate: Reason | None = None) -> None:
        """Sleep. Raises Aborted as soon as `must_end`."""
        with self._changed:
            self._changed.wait_for(lambda: self.must_end(tolerate), seconds)
        self.check(tolerate)


class Patience:
    """Retry policy: repeats a call with back-off while its server is away, until the job must end.

    `tolerate`: reasons up to this one do not interrupt, so that an ending job can make its last calls.
    """

    def __init__(self, control: Control, *, tolerate: Reason | None = None) -> None:
        self._control = control
        self._tolerate = tolerate

    def call(self, what: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """The result of `what`, retried on UnavailableError. Raises Aborted when the job must end, and what
        `what` raises otherwise.
        """
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
