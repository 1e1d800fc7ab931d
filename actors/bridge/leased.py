"""One piece of work under one lease: runs it from the claim to its end, and stores how it ended.

Videos, clip orders, transcripts and imports all end in the same ways, which are written here once: done,
failed with a code, cancelled, handed back at a stop, or overtaken by another holder of the lease. Each end is
one write to PostgreSQL that names the epoch of the claim (the fencing token), so that a holder whose lease
was taken over changes nothing. Knows no table, no pool and no Ray: subclasses make those calls.
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
    """The work cannot be done, and a retry would not help: a stable code and a sentence for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Fate(Enum):
    """State of the work after this holder has lost its lease.

    TAKEN: another holder has it, or it waits for one. ENDED: another process ended it, for instance when a
    user cancels an import. DELETED: the row is gone, and results that were stored too late must be removed.
    """

    TAKEN = auto()
    ENDED = auto()
    DELETED = auto()


class Leased(ABC):
    """Base of all work under a lease. `held`: id and epoch of the claim. `control`: other threads end the
    work by it.

    Legal ends, each by one fenced write:

        running ──► done | failed     the work came to an end
                ├─► cancelled         somebody asked for it (Reason.CANCELLED)
                ├─► queued            orderly stop of the bridge, the attempt not counted (Reason.STOPPED)
                └─► no write          the lease is another's or the row is gone (Reason.LOST)
    """

    kind: ClassVar[str]
    """Label of this work in metrics and logs: video, clips, proxy, words, import."""

    def __init__(self, held: Held, **ids: str) -> None:
        self.held = held
        self.control = Control()
        self._patience = Patience(self.control)
        # The final write goes on in spite of an orderly stop or a late cancellation.
        self._last_patience = Patience(self.control, tolerate=Reason.CANCELLED)
        self._log = log.bind(work=self.kind, epoch=held[1], **ids)

    def run(self) -> None:
        """Does the work from the claim to its end; runs on a thread of its own and handles every error of
        the work.
        """
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
        """Hands the work back for another bridge, without a run; the attempt does not count.

        One try: an orderly stop does not wait for a server that is away. The lease then runs out.
        """
        self._settle(self._release)

    @abstractmethod
    def _work(self) -> None:
        """Does all of the work. Raises Aborted and WorkFailedError."""

    @abstractmethod
    def _store_failure(self, code: str, message: str) -> bool:
        """Makes the fenced write of a failure; False: the lease is lost."""

    @abstractmethod
    def _store_cancelled(self) -> bool:
        """Makes the fenced write that acknowledges a cancellation; False: lease lost, or none requested."""

    @abstractmethod
    def _release(self) -> None:
        """Makes the fenced write that hands the work back, and publishes the event for it."""

    @abstractmethod
    def _has_ended(self, state: str) -> bool:
        """Whether the stored row has ended in `state` under this epoch."""

    @abstractmethod
    def _fate(self) -> Fate:
        """Reads the state of the work after its lease was lost."""

    @abstractmethod
    def _remove_leftovers(self) -> None:
        """Removes results that were stored after the work had been deleted."""

    def _tell(self, state: str, code: str = "", message: str = "") -> None:  # noqa: B027 - need not tell anybody
        """Publishes the stored end to clients that watch; does nothing by default."""

    def _cancel_tasks(self) -> None:  # noqa: B027 - not all work has tasks elsewhere
        """Cancels tasks of this lease in other processes; does nothing by default."""

    def _end_unexpectedly(self) -> None:
        """Ends the work as failed after an unexpected exception."""
        self._fail(
            CODE_INTERNAL,
            "Something went wrong inside Scenestream, not with this file. Try again; if it happens again, "
            f"report it with the log lines of {self.kind} {self.held[0]}.",
        )

    def _fenced(self, write: Callable[..., bool], *values: Any, **more: Any) -> None:
        """Makes a write under this lease, and waits while the server is away; Aborted when the lease is
        lost.
        """
        if not self._patience.call(write, *self.held, *values, **more):
            raise Aborted(Reason.LOST)

    def _conclude(self, state: str, write: Callable[[], bool], *, code: str = "", message: str = "") -> None:
        """Makes the write that ends the work, then counts and publishes the end. Aborted when the lease is
        lost.

        A write may succeed while its answer is lost. The retry then matches no row, so the row is read: no
        other holder has this epoch, so an end in `state` under it was made by this one.
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
        """Ends the work early for a reason from outside: stop, cancellation or lost lease."""
        self._log.info("work given up", reason=reason.value)
        if reason is Reason.STOPPED:
            # The lease first, since a stop has little time and the pool may take long to cancel tasks. A
            # bridge that claims the work meanwhile has a newer epoch, and this cancellation leaves the tasks
            # of that epoch alone.
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
        """After a lost lease: counts it, or removes results of deleted work."""
        fate = self._fate()
        if fate is Fate.TAKEN:
            metrics.LEASES_LOST.add(work=self.kind)
        elif fate is Fate.DELETED:
            self._log.info("work was deleted, removing what was made for it")
            self._remove_leftovers()

    def _settle(self, last_call: Callable[[], object]) -> None:
        """Makes a last call that may fail while its server is away: the lease then runs out by itself."""
        try:
            last_call()
        except Aborted as aborted:
            self._log.info("work left", reason=aborted.reason.value)
        except (UnavailableError, OSError) as error:
            self._log.warning("work left without a word", reason=str(error))
