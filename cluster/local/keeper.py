"""One thread a part: waits for what the part needs, starts it, watches it, starts it again when it dies.

Knows when to act; `cluster.local.runner` knows how.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import structlog

from cluster.local.board import Board
from cluster.local.errors import LocalStackError, MissingServerError, NotReadyError
from cluster.local.runner import PartRunner
from cluster.local.state import Health

WATCH_INTERVAL_S = 0.25
PROBE_INTERVAL_S = 5.0
# A server that is busy on a loaded machine may not answer for a while; one that hangs never will.
HANGS_AFTER_S = 90.0
FIRST_BACKOFF_S = 0.5
LAST_BACKOFF_S = 30.0
# A part that ran this long was well: its next death starts the backoff from the beginning.
WELL_AFTER_S = 60.0
# Before the stack ran once, a part may fail this often; then the start as a whole has failed.
START_ATTEMPTS = 2


class Keeper(threading.Thread):
    """Keeps one part of our own running until `end` is called.

    `needs` must be healthy before it starts; when one of `rests_on` was started anew, this one is too.
    """

    def __init__(
        self, runner: PartRunner, board: Board, needs: Sequence[str], rests_on: Sequence[Keeper] = ()
    ) -> None:
        super().__init__(name=f"keep-{runner.part.name}", daemon=True)
        self.starts = 0
        self._runner = runner
        self._board = board
        self._needs = needs
        self._rests_on = rests_on
        self._ending = threading.Event()
        self._part = runner.part.name
        self._log = structlog.get_logger(__name__).bind(part=self._part)

    def end(self) -> None:
        """Ask it to end its part; `join` waits until that is done."""
        self._ending.set()

    def run(self) -> None:
        """The life of the part."""
        try:
            self._keep()
        except Exception as error:  # noqa: BLE001 - a thread that dies in silence leaves its part unwatched
            self._log.exception("keeper failed")
            self._board.put(self._part, state=Health.FAILED, detail=f"Internal error: {error!r}")
        finally:
            self._runner.stop()
            if self._board.file.parts[self._part].state is not Health.FAILED:
                self._board.put(self._part, state=Health.STOPPED, pid=None, create_time=None)

    def _keep(self) -> None:
        failures = 0
        while not self._ending.is_set():
            if not self._needs_are_healthy():
                self._ending.wait(WATCH_INTERVAL_S)
                continue
            reason = self._start()
            if reason is None:
                healthy_since = time.monotonic()
                reason = self._watch()
                if time.monotonic() - healthy_since > WELL_AFTER_S:
                    failures = 0
            if self._ending.is_set():
                return
            failures += 1
            self._runner.stop()
            if self.starts == 0 and failures >= START_ATTEMPTS:
                self._board.put(self._part, state=Health.FAILED, detail=reason, pid=None, create_time=None)
            else:
                self._report_restart(reason)
            self._ending.wait(min(LAST_BACKOFF_S, FIRST_BACKOFF_S * 2 ** (failures - 1)))

    def _start(self) -> str | None:
        """Start the part; None, or why it does not run."""
        self._board.put(self._part, state=Health.STARTING, detail="")
        try:
            self._runner.start(self._ending.is_set)
        except MissingServerError as error:
            self._board.put(self._part, state=Health.FAILED, detail=error.message)
            self._ending.wait()
            return error.message
        except LocalStackError as error:
            return error.message
        self.starts += 1
        identity = self._runner.identity
        self._board.put(
            self._part,
            state=Health.HEALTHY,
            detail=self._runner.detail,
            pid=identity.pid if identity else None,
            create_time=identity.create_time if identity else None,
            log=str(self._runner.log_file),
        )
        return None

    def _watch(self) -> str:
        """Until it must be started again: why. Returns at once when we are ending."""
        grounds = [keeper.starts for keeper in self._rests_on]
        answered_at = probed_at = time.monotonic()
        while not self._ending.wait(WATCH_INTERVAL_S):
            died = self._runner.dead()
            if died is not None:
                return died
            if grounds != [keeper.starts for keeper in self._rests_on]:
                return "what it runs on was started anew"
            now = time.monotonic()
            if now - probed_at < PROBE_INTERVAL_S:
                continue
            try:
                detail = self._runner.part.probe()
                answered_at = time.monotonic()
                self._board.put(self._part, state=Health.HEALTHY, detail=detail)
            except (NotReadyError, LocalStackError) as error:
                self._board.put(self._part, state=Health.UNRESPONSIVE, detail=error.message)
                if time.monotonic() - answered_at > HANGS_AFTER_S:
                    return f"it did not answer for {HANGS_AFTER_S:.0f} s"
            probed_at = time.monotonic()
        return ""

    def _report_restart(self, reason: str) -> None:
        restarts = self._board.file.parts[self._part].restarts + 1
        self._board.put(
            self._part,
            state=Health.RESTARTING,
            detail=reason,
            pid=None,
            create_time=None,
            restarts=restarts,
        )

    def _needs_are_healthy(self) -> bool:
        parts = self._board.file.parts
        return all(parts[name].state is Health.HEALTHY for name in self._needs)


class Visitor(threading.Thread):
    """Asks somebody else's server now and then how it is; starts and ends nothing."""

    def __init__(self, name: str, probe: Callable[[], str], board: Board) -> None:
        super().__init__(name=f"visit-{name}", daemon=True)
        self._part = name
        self._probe = probe
        self._board = board
        self._ending = threading.Event()

    def end(self) -> None:
        """Stop asking."""
        self._ending.set()

    def run(self) -> None:
        """Ask until `end` is called."""
        while not self._ending.is_set():
            try:
                self._board.put(self._part, state=Health.HEALTHY, detail=self._probe())
            except NotReadyError as error:
                self._board.put(self._part, state=Health.UNREACHABLE, detail=error.message)
            self._ending.wait(PROBE_INTERVAL_S)
