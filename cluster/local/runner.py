"""Starts and stops one part: prepares it, spawns its processes, waits for the health probe, ends all of them.

Knows neither which parts exist nor when one is started. Not thread-safe.
"""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import structlog

from cluster.local.errors import LocalStackError, NotReadyError
from cluster.local.parts.base import StackPart
from cluster.local.process.records import Record, Records
from cluster.local.process.spawning import (
    Identity,
    ProcessSpec,
    end,
    send,
    spawn,
    wait_gone,
    with_descendants,
)

PROBE_INTERVAL_S = 0.1
"""Interval of the health probes during a start."""

REST_GRACE_S = 2.0
"""From SIGTERM to SIGKILL, for descendants of a main process that has ended."""

TAIL_LINES = 15
TAIL_BYTES = 8192
"""How much of a log's end an error message quotes."""

T = TypeVar("T")

log = structlog.get_logger(__name__)


class PartRunner:
    """Starts and stops the processes of one part; records them while they run, and appends to their logs."""

    def __init__(self, part: StackPart) -> None:
        self.part = part
        self.detail = ""
        self._records = Records(part.layout)
        self._children: list[tuple[ProcessSpec, subprocess.Popen[bytes], Identity | None]] = []

    @property
    def log_file(self) -> Path:
        """The log of the part's main process, which is the last one that starts."""
        name = self._children[-1][0].name if self._children else self.part.name
        return self.part.layout.log_file(name)

    @property
    def identity(self) -> Identity | None:
        """Identity of the main process; None while it does not run."""
        return self._children[-1][2] if self._children else None

    def start(self, should_stop: Callable[[], bool] = lambda: False) -> None:
        """Start the part and wait until its health probe succeeds.

        Raises LocalStackError (with the end of the log) if a process ends, the part's start timeout is over,
        or `should_stop` is true; then no process of the part is left running.
        """
        part = self.part
        began = time.monotonic()
        self._end_leftovers()
        part.prepare()
        try:
            for spec in part.processes():
                path = part.layout.log_file(spec.name)
                child = spawn(spec, path, part.layout.stack_id, part.name)
                identity = Identity.of(child.pid)
                self._children.append((spec, child, identity))
                if identity is not None:
                    self._records.add(Record(part.name, spec.name, identity))
                if spec.ready is not None:
                    self._wait(spec.ready, began + part.start_timeout_s, should_stop)
            self.detail = self._wait(part.probe, began + part.start_timeout_s, should_stop) or ""
        except BaseException:
            self.stop()
            raise
        log.info(
            "part started", part=part.name, address=part.address, seconds=round(time.monotonic() - began, 1)
        )

    def dead(self) -> str | None:
        """None while all processes live, else how the first of them ended, as a sentence."""
        for spec, child, _ in self._children:
            code = child.poll()
            if code is not None:
                how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
                return f"{spec.name} {how}"
        return None

    def stop(self) -> None:
        """End the processes, last one first, each by its own stop signal; then what is left of the part."""
        for spec, child, identity in reversed(self._children):
            leader = identity.process() if identity else None
            group = with_descendants(leader) if leader else []
            if leader is not None:
                send([leader], spec.stop_signal)
                wait_gone([leader], self.part.stop_grace_s)
            survivors = end(group, REST_GRACE_S)
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(timeout=REST_GRACE_S)
            if survivors:
                log.error("processes cannot be ended", part=self.part.name, pids=[p.pid for p in survivors])
        self._end_leftovers()
        for spec, _, _ in self._children:
            self._records.remove(spec.name)
        self._children.clear()

    def kill(self) -> None:
        """Send SIGKILL to the main process only (for fault tests)."""
        if self._children:
            self._children[-1][1].kill()
            self._children[-1][1].wait()

    def _end_leftovers(self) -> None:
        left = self.part.leftovers()
        if left:
            log.info("ending what is left of a part", part=self.part.name, pids=[p.pid for p in left])
            end(left, self.part.stop_grace_s)

    def _wait(self, probe: Callable[[], T], deadline: float, should_stop: Callable[[], bool]) -> T:
        """Call `probe` until it succeeds; LocalStackError as told in `start`."""
        title = self.part.title
        while True:
            try:
                return probe()
            except NotReadyError as error:
                reason = error.message
            except LocalStackError:
                raise
            except Exception as error:  # noqa: BLE001 - it ends the start at its deadline, with this reason
                reason = f"the probe failed: {error!r}"
            died = self.dead()
            if died is not None:
                raise LocalStackError(f"{title} did not start: {died}.\n{self.tail()}")
            if should_stop():
                raise LocalStackError(f"{title} was told to stop while it started.")
            if time.monotonic() > deadline:
                raise LocalStackError(
                    f"{title} did not answer within {self.part.start_timeout_s:.0f} s: "
                    f"{reason}\n{self.tail()}"
                )
            time.sleep(PROBE_INTERVAL_S)

    def tail(self) -> str:
        """The end of the main process's log, after a line with its path."""
        return tail(self.log_file)


def tail(path: Path) -> str:
    """The last lines of a log, after a line with its path."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - TAIL_BYTES))
            lines = file.read().decode("utf-8", "replace").splitlines()[-TAIL_LINES:]
    except OSError as error:
        return f"(no log: {error})"
    return "\n".join([f"The end of {path}:", *(f"  {line}" for line in lines)])
