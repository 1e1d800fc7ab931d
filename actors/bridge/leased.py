"""One piece of work under one lease, from the claim to an end that people can read.

Videos, orders of clips and imports all end in the same ways, and here is the one place that says how: done,
failed with a code, cancelled, handed back at a stop, or overtaken by another holder of the lease. Each end is
one write to PostgreSQL that names the epoch the work was claimed with (its fencing token), so that a holder
whose lease has run out changes nothing. Knows no table, no pool and no Ray: subclasses bring the calls.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from enum import Enum, auto
from typing import Any, ClassVar

import structlog

from actors import metrics
from actors.bridge.control import Aborted, Control, Patience, Reason
from cluster.errors import UnavailableError
from cluster.stores.postgres.leases import Held

CODE_INTERNAL = "internal"

log = structlog.get_logger(__name__)


class WorkFailedError(Exception):
    """The work cannot be done, now or later: a stable code and a sentence for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Fate(Enum):
    """What a holder finds that has lost its lease.

    TAKEN: the work goes on elsewhere, or waits for its next holder. ENDED: somebody ended it, as the user who
    cancels an import does. DELETED: nothing of it is left, and what was stored too late must go.
    """

    TAKEN = auto()
    ENDED = auto()
    DELETED = auto()


class Leased(ABC):
    """`held`: id and epoch as claimed. `control` is how other threads end the work early.

    Legal ends, each by one fenced write:

        running ──► done | failed     the work came to an end
                ├─► cancelled         somebody asked for it (Reason.CANCELLED)
                ├─► queued            orderly stop of the bridge, the attempt not counted (Reason.STOPPED)
                └─► no write          the lease is another's or the row is gone (Reason.LOST)
    """

    kind: ClassVar[str]
    """Label of this work in metrics and logs: video, clips, import."""

    def __init__(self, held: Held, **ids: str) -> None:
        self.held = held
        self.control = Control()
        self._patience = Patience(self.control)
        # Neither an orderly stop nor a late cancellation keeps work from saying how it ended.
        self._last_patience = Patience(self.control, tolerate=Reason.CANCELLED)
        self._log = log.bind(work=self.kind, epoch=held[1], **ids)

    def run(self) -> None:
        """From the claim to an end, on a thread of its own. Raises nothing that it foresees."""
        try:
            self._work()
        except Aborted as aborted:
            self._give_up(aborted.reason)
        except WorkFailedError as error:
            self._fail(error.code, error.message)
        except Exception:  # noqa: BLE001 - leased work must end in a state whatever happens
            self._log.exception("work failed unexpectedly")
            self._end_unexpectedly()

    def hand_back(self) -> None:
        """Instead of `run`: another bridge may have it, and the attempt does not count.

        One try: at an orderly stop nobody waits for a server that is away; the lease then runs out.
        """
        self._settle(self._release)

    @abstractmethod
    def _work(self) -> None:
        """All of it. Raises Aborted and WorkFailedError."""

    @abstractmethod
    def _store_failure(self, code: str, message: str) -> bool:
        """The fenced write of a failure; False: the lease is lost."""

    @abstractmethod
    def _store_cancelled(self) -> bool:
        """The fenced write that acknowledges a cancellation; False: the lease is lost, or nobody asked."""

    @abstractmethod
    def _release(self) -> None:
        """The fenced write that hands the work back, and whatever is told of it."""

    @abstractmethod
    def _has_ended(self, state: str) -> bool:
        """Whether the stored row says that it ended in `state` under this epoch."""

    @abstractmethod
    def _fate(self) -> Fate:
        """What became of the work after its lease was lost."""

    @abstractmethod
    def _remove_leftovers(self) -> None:
        """Take away what was stored after the work had been deleted."""

    def _tell(self, state: str, code: str = "", message: str = "") -> None:  # noqa: B027 - need not tell anybody
        """The end is stored: tell those who watch."""

    def _cancel_tasks(self) -> None:  # noqa: B027 - not all work has tasks elsewhere
        """End what is under way for this lease in other processes."""

    def _end_unexpectedly(self) -> None:
        """After an exception that nobody foresaw."""
        self._fail(
            CODE_INTERNAL,
            "Something went wrong inside Scenestream, not with this file. Try again; if it happens again, "
            f"report it with the log lines of {self.kind} {self.held[0]}.",
        )

    def _fenced(self, write: Callable[..., bool], *values: Any, **more: Any) -> None:
        """A write under this lease that waits for its server; Aborted when the lease is lost."""
        if not self._patience.call(write, *self.held, *values, **more):
            raise Aborted(Reason.LOST)

    def _conclude(self, state: str, write: Callable[[], bool], *, code: str = "", message: str = "") -> None:
        """The write that ends the work, and what follows from it. Aborted when the lease is lost.

        A write may go through and only its answer be lost. Tried again it then changes nothing, so the row is
        asked whether it ended this way under this epoch, which nobody else has.
        """
        if not self._last_patience.call(write) and not self._last_patience.call(self._has_ended, state):
            raise Aborted(Reason.LOST)
        self._log.info("work ended", state=state, code=code, reason=message)
        metrics.LEASED_ENDED.add(work=self.kind, state=state)
        self._tell(state, code, message)

    def _fail(self, code: str, message: str) -> None:
        try:
            self._conclude("failed", lambda: self._store_failure(code, message), code=code, message=message)
        except Aborted as aborted:
            self._give_up(aborted.reason)
        else:
            self._cancel_tasks()

    def _give_up(self, reason: Reason) -> None:
        """Somebody else decided that the work ends."""
        self._log.info("work given up", reason=reason.value)
        if reason is Reason.STOPPED:
            # First, since a stop is short of time and the pool may take long to give up its tasks. A bridge
            # that claims the work meanwhile asks under a newer epoch, which this cancellation spares.
            self.hand_back()
            self._cancel_tasks()
        else:
            self._cancel_tasks()
            self._settle(self._acknowledge_cancel if reason is Reason.CANCELLED else self._leave)

    def _acknowledge_cancel(self) -> None:
        try:
            self._conclude("cancelled", self._store_cancelled)
        except Aborted as aborted:
            if aborted.reason is not Reason.LOST:
                raise
            self._leave()

    def _leave(self) -> None:
        """The lease is lost."""
        fate = self._fate()
        if fate is Fate.TAKEN:
            metrics.LEASES_LOST.add(work=self.kind)
        elif fate is Fate.DELETED:
            self._log.info("work was deleted, removing what was made for it")
            self._remove_leftovers()

    def _settle(self, last_call: Callable[[], object]) -> None:
        """A last call that may fail for want of a server: the lease then runs out by itself."""
        try:
            last_call()
        except Aborted as aborted:
            self._log.info("work left", reason=aborted.reason.value)
        except (UnavailableError, OSError) as error:
            self._log.warning("work left without a word", reason=str(error))
