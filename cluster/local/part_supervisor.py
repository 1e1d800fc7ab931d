"""Supervises one part in a thread: starts it when its dependencies are healthy, probes it, restarts it.

Restarts have an exponential back-off. Decides when a part starts and stops; `cluster.local.runner` does it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from cluster.local.board import Board
from cluster.local.errors import LocalStackError, MissingServerError, NotReadyError
from cluster.local.runner import PartRunner
from cluster.local.state import PartHealth

WATCH_INTERVAL_S = 0.25
"""Interval of looking whether the part's processes live."""

PROBE_INTERVAL_S = 5.0
"""Interval of the health probes."""

HANGS_AFTER_S = 90.0
"""A part that answers no probe for so long is restarted. A busy server may miss some of them."""

FIRST_BACKOFF_S = 0.5
LAST_BACKOFF_S = 30.0
"""Wait before a restart: doubled with every failure, up to this."""

BACKOFF_RESET_AFTER_S = 60.0
"""After running for so long the back-off begins again at FIRST_BACKOFF_S."""

START_ATTEMPTS = 2
"""Failures of the first start after which the start of the whole stack has failed."""


log = structlog.get_logger(__name__)


class PartSupervisor(threading.Thread):
    """Supervises one part of our own until `end` is called.

    The parts in `needs` must be healthy before it starts. A restart of a part in `rests_on` restarts it too.
    """

    def __init__(
        self, runner: PartRunner, board: Board, needs: Sequence[str], rests_on: Sequence[PartSupervisor] = ()
    ) -> None:
        super().__init__(name=f"supervise-{runner.part.name}", daemon=True)
        self.starts = 0
        self._runner = runner
        self._board = board
        self._needs = needs
        self._rests_on = rests_on
        self._ending = threading.Event()
        self._part = runner.part.name
        self._log = structlog.get_logger(__name__).bind(part=self._part)

    def end(self) -> None:
        """Make the thread stop its part and end; does not wait, `join` does."""
        self._ending.set()

    def run(self) -> None:
        """Supervise until `end` is called, then stop the part."""
        try:
            self._supervise()
        except Exception as error:  # noqa: BLE001 - otherwise the thread would end and nothing would say so
            self._log.exception("part supervisor failed")
            self._board.put(self._part, state=PartHealth.FAILED, detail=f"Internal error: {error!r}")
        finally:
            self._runner.stop()
            if self._board.file.parts[self._part].state is not PartHealth.FAILED:
                self._board.put(self._part, state=PartHealth.STOPPED, pid=None, create_time=None)

    def _supervise(self) -> None:
        failures = 0
        while not self._ending.is_set():
            if not self._needs_are_healthy():
                self._ending.wait(WATCH_INTERVAL_S)
                continue
            reason = self._start()
            if reason is None:
                healthy_since = time.monotonic()
                reason = self._watch()
                if time.monotonic() - healthy_since > BACKOFF_RESET_AFTER_S:
                    failures = 0
            if self._ending.is_set():
                return
            failures += 1
            self._runner.stop()
            if self.starts == 0 and failures >= START_ATTEMPTS:
                self._board.put(
                    self._part, state=PartHealth.FAILED, detail=reason, pid=None, create_time=None
                )
            else:
                self._report_restart(reason)
            self._ending.wait(min(LAST_BACKOFF_S, FIRST_BACKOFF_S * 2 ** (failures - 1)))

    def _start(self) -> str | None:
        """Start the part. None when it runs, else the reason why not."""
        self._board.put(self._part, state=PartHealth.STARTING, detail="")
        try:
            self._runner.start(self._ending.is_set)
        except MissingServerError as error:
            self._board.put(self._part, state=PartHealth.FAILED, detail=error.message)
            self._ending.wait()
            return error.message
        except LocalStackError as error:
            return error.message
        self.starts += 1
        identity = self._runner.identity
        self._board.put(
            self._part,
            state=PartHealth.HEALTHY,
            detail=self._runner.detail,
            pid=identity.pid if identity else None,
            create_time=identity.create_time if identity else None,
            log=str(self._runner.log_file),
        )
        return None

    def _watch(self) -> str:
        """Watch and probe until the part must be restarted; returns the reason. Empty after `end`."""
        starts_below = self._starts_below()
        answered_at = probed_at = time.monotonic()
        while not self._ending.wait(WATCH_INTERVAL_S):
            died = self._runner.dead()
            if died is not None:
                return died
            if starts_below != self._starts_below():
                return "what it runs on was started anew"
            now = time.monotonic()
            if now - probed_at < PROBE_INTERVAL_S:
                continue
            answer = _probed(self._runner.part.probe)
            if answer.problem is None:
                answered_at = time.monotonic()
                self._board.put(self._part, state=PartHealth.HEALTHY, detail=answer.detail)
            else:
                self._board.put(self._part, state=PartHealth.UNRESPONSIVE, detail=answer.problem)
                if answer.odd:
                    answered_at = time.monotonic()
                elif time.monotonic() - answered_at > HANGS_AFTER_S:
                    return f"it did not answer for {HANGS_AFTER_S:.0f} s"
            probed_at = time.monotonic()
        return ""

    def _starts_below(self) -> list[int]:
        return [other.starts for other in self._rests_on]

    def _report_restart(self, reason: str) -> None:
        restarts = self._board.file.parts[self._part].restarts + 1
        self._board.put(
            self._part,
            state=PartHealth.RESTARTING,
            detail=reason,
            pid=None,
            create_time=None,
            restarts=restarts,
        )

    def _needs_are_healthy(self) -> bool:
        parts = self._board.file.parts
        return all(parts[name].state is PartHealth.HEALTHY for name in self._needs)


class ExternalMonitor(threading.Thread):
    """Probes an external server at an interval and reports its health; starts and stops nothing."""

    def __init__(self, name: str, probe: Callable[[], str], board: Board) -> None:
        super().__init__(name=f"monitor-{name}", daemon=True)
        self._part = name
        self._probe = probe
        self._board = board
        self._ending = threading.Event()

    def end(self) -> None:
        """Make the thread end; does not wait."""
        self._ending.set()

    def run(self) -> None:
        """Probe until `end` is called."""
        while not self._ending.is_set():
            answer = _probed(self._probe)
            state = PartHealth.HEALTHY if answer.problem is None else PartHealth.UNREACHABLE
            self._board.put(self._part, state=state, detail=answer.problem or answer.detail)
            self._ending.wait(PROBE_INTERVAL_S)


@dataclass(frozen=True, slots=True)
class _Answer:
    """Of a probe. problem: why it is not ready, None where it is. odd: an error that nobody thought of, which
    says nothing about the server."""

    detail: str = ""
    problem: str | None = None
    odd: bool = False


def _probed(probe: Callable[[], str]) -> _Answer:
    """An odd error must neither end the supervisor nor stop a server that may be well."""
    try:
        return _Answer(probe())
    except (NotReadyError, LocalStackError) as error:
        return _Answer(problem=error.message)
    except Exception as error:  # noqa: BLE001 - told on the board and in the log
        log.warning("probe failed", reason=repr(error))
        return _Answer(problem=f"the probe failed: {error!r}", odd=True)
