"""The life of one part: prepare, spawn, wait until it answers, notice its death, end it without remains.

Knows neither which parts there are nor why one is started. One thread at a time uses a runner.
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
from cluster.local.parts.part import Part
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
REST_GRACE_S = 2.0  # for what the leader left behind although it ended in order
TAIL_LINES = 15
TAIL_BYTES = 8192

T = TypeVar("T")

log = structlog.get_logger(__name__)


class PartRunner:
    """Starts and ends one part's processes; keeps nothing on disk but their logs."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.detail = ""
        self._records = Records(part.layout)
        self._children: list[tuple[ProcessSpec, subprocess.Popen[bytes], Identity | None]] = []

    @property
    def log_file(self) -> Path:
        """The log of the part's main process, the last one it starts."""
        name = self._children[-1][0].name if self._children else self.part.name
        return self.part.layout.log_file(name)

    @property
    def identity(self) -> Identity | None:
        """The main process."""
        return self._children[-1][2] if self._children else None

    def start(self, should_stop: Callable[[], bool] = lambda: False) -> None:
        """Start the part and wait until it answers.

        Raises LocalStackError (with the log's tail) if a process ends or the time is over; then nothing of
        the part is left running.
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
        """None while all processes live, else a sentence about the one that ended."""
        for spec, child, _ in self._children:
            code = child.poll()
            if code is not None:
                how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
                return f"{spec.name} {how}"
        return None

    def stop(self) -> None:
        """End the part in order, last process first, then whatever of it is still there."""
        for spec, child, identity in reversed(self._children):
            leader = identity.process() if identity else None
            family = with_descendants(leader) if leader else []
            if leader is not None:
                send([leader], spec.stop_signal)
                wait_gone([leader], self.part.stop_grace_s)
            stubborn = end(family, REST_GRACE_S)
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(timeout=REST_GRACE_S)
            if stubborn:
                log.error("processes cannot be ended", part=self.part.name, pids=[p.pid for p in stubborn])
        self._end_leftovers()
        for spec, _, _ in self._children:
            self._records.remove(spec.name)
        self._children.clear()

    def kill(self) -> None:
        """SIGKILL the part's main process alone, as an accident would (for tests of faults)."""
        if self._children:
            self._children[-1][1].kill()
            self._children[-1][1].wait()

    def _end_leftovers(self) -> None:
        left = self.part.leftovers()
        if left:
            log.info("ending what is left of a part", part=self.part.name, pids=[p.pid for p in left])
            end(left, self.part.stop_grace_s)

    def _wait(self, ask: Callable[[], T], deadline: float, should_stop: Callable[[], bool]) -> T:
        """Ask until there is an answer, a process ended, the time is over or we must stop."""
        title = self.part.title
        while True:
            try:
                return ask()
            except NotReadyError as error:
                reason = error.message
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
        """The end of the log, headed by its path."""
        return tail(self.log_file)


def tail(path: Path) -> str:
    """The last lines of a log, headed by its path."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - TAIL_BYTES))
            lines = file.read().decode("utf-8", "replace").splitlines()[-TAIL_LINES:]
    except OSError as error:
        return f"(no log: {error})"
    return "\n".join([f"The end of {path}:", *(f"  {line}" for line in lines)])
