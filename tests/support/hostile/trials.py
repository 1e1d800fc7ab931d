"""Has a process of its own plan and analyse hostile files; tells what came of each, crashes included.

Counts connections to a port of this machine, to which files may lead. Knows no file format.
"""

from __future__ import annotations

import json
import os
import queue
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import psutil

from tests.support.hostile.generator import HostileFile

MOST_BYTES = 768 << 20
"""Memory that one file may take; a film of SD takes a third of it."""
MOST_CPU_S = 120.0
"""Processor time after which a file counts as hung: on a busy machine time by the clock says nothing."""
_ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Trial:
    """outcome: analysed, refused (MediaError), raised (anything else), crashed (the process died) or hung."""

    file: HostileFile
    outcome: str
    code: str
    message: str
    cpu_s: float = 0.0
    peak_bytes: int = 0

    @property
    def is_well(self) -> bool:
        """Whether it is what every file must end in."""
        return self.outcome in ("analysed", "refused")


class Listener:
    """A port of this machine that accepts connections; `connections` counts them."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.connections = 0
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:  # closed
                return
            self.connections += 1
            connection.close()

    def close(self) -> None:
        """Accept none any more."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


@dataclass
class _Child:
    folder: Path
    most_bytes: int
    lines: queue.Queue[dict[str, Any] | None] = field(default_factory=queue.Queue)

    def __post_init__(self) -> None:
        argv = [sys.executable, "-m", "tests.support.hostile.child", str(self.most_bytes)]
        environment = {**os.environ, "PYTHONPATH": str(_ROOT), "PYTHONFAULTHANDLER": "1"}
        self.errors = self.folder / "stderr"
        with self.errors.open("wb") as errors:
            self.process = subprocess.Popen(
                argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=self.folder,
                env=environment,
                text=True,
            )
        assert self.process.stdout is not None
        self._reader = threading.Thread(target=self._read, args=(self.process.stdout,), daemon=True)
        self._reader.start()
        if self.lines.get() is None:
            self.end()
            raise RuntimeError(f"the process of the trials did not start: {self.errors.read_text()}")

    def _read(self, stdout: IO[str]) -> None:
        for line in stdout:
            self.lines.put(json.loads(line))
        self.lines.put(None)

    def tried(self, file: HostileFile, most_cpu_s: float) -> Trial:
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):  # it has died since the last file, which its output tells
            self.process.stdin.write(json.dumps(str(file.path)) + "\n")
            self.process.stdin.flush()
        began_s: float | None = None
        while True:
            try:
                said = self.lines.get(timeout=0.5)
            except queue.Empty:
                used_s = self._cpu_s()
                if began_s is not None and used_s - began_s > most_cpu_s:
                    self.end()
                    return Trial(file, "hung", "", "", used_s - began_s)
                continue
            if said is None:
                self.end()
                told = self.errors.read_text(errors="replace")[-2000:]
                return Trial(file, "crashed", str(self.process.returncode), told)
            if "begins" in said:
                began_s = self._cpu_s()
                continue
            return Trial(file, **said)

    def _cpu_s(self) -> float:
        times = psutil.Process(self.process.pid).cpu_times()
        return float(times.user + times.system)

    def end(self) -> None:
        """Kill it, if it is still there, and close the pipes."""
        self.process.kill()
        self.process.wait()
        self._reader.join()
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdout.close()
        with suppress(BrokenPipeError):  # what it was told and did not read
            self.process.stdin.close()


def run_trials(
    files: Iterable[HostileFile],
    folder: Path,
    *,
    most_bytes: int = MOST_BYTES,
    most_cpu_s: float = MOST_CPU_S,
) -> Iterator[Trial]:
    """One after the other, in an empty folder below `folder`; a process that was lost is replaced."""
    work = folder / "work"
    work.mkdir()
    child: _Child | None = None
    try:
        for file in files:
            child = child or _Child(work, most_bytes)
            trial = child.tried(file, most_cpu_s)
            if trial.outcome in ("crashed", "hung"):
                child = None
            yield trial
    finally:
        if child is not None:
            child.end()
    left = sorted(path.name for path in work.iterdir() if path.name != "stderr")
    if left:
        raise AssertionError(f"files were left in the working directory: {left}")
