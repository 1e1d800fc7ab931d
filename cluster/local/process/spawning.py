"""Spawns child processes in sessions of their own, finds them again, ends them with their descendants.

A process is tagged with the stack's id by a variable in its environment, which its descendants inherit.
Servers that overwrite their environment (PostgreSQL and Redis, for the process title) are found by pid and
start time, or as descendants. Knows psutil and signals; knows no server.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

STACK_ID_VARIABLE = "SCENESTREAM_STACK_ID"
PART_NAME_VARIABLE = "SCENESTREAM_STACK_PART"
"""Environment variables by which a process is tagged."""

KILL_WAIT_S = 5.0
"""How long a process may take to end after SIGKILL: it may be in the kernel, writing to a disk."""

POLL_S = 0.05

SAME_START_S = 0.5
"""Two start times of one pid that differ by less are of one process. psutil computes them from clock ticks,
so two readings differ by far less, and no pid is reused within this time.
"""


@dataclass(frozen=True, slots=True)
class Account:
    """The user that a process runs as."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """How to start one process. `ready` raises NotReadyError until the next process of the part may start."""

    name: str
    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str]
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    ready: Callable[[], None] | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """Pid and start time, which identify a process: the pid alone may have been reused."""

    pid: int
    create_time: float

    @classmethod
    def of(cls, pid: int) -> Identity | None:
        """The identity of the process with this pid; None if there is none."""
        try:
            return cls(pid, psutil.Process(pid).create_time())
        except psutil.Error:
            return None

    def process(self) -> psutil.Process | None:
        """The living process; None if it has ended (a zombie has) or another process has its pid."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.create_time) < SAME_START_S
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.Error:
            return None


def spawn(spec: ProcessSpec, log: Path, stack_id: str, part: str) -> subprocess.Popen[bytes]:
    """Start `spec` as the leader of a new session, tagged, and append its output to `log`."""
    environment = {**spec.env, STACK_ID_VARIABLE: stack_id, PART_NAME_VARIABLE: part}
    account = spec.account
    with log.open("ab") as output:
        return subprocess.Popen(
            spec.argv,
            cwd=spec.cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )


def is_alive(process: psutil.Process) -> bool:
    """Whether the process runs; a zombie does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def with_descendants(process: psutil.Process) -> list[psutil.Process]:
    """The process and its living descendants."""
    try:
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return []


def tagged(stack_id: str, part: str | None = None) -> list[psutil.Process]:
    """All living processes that are tagged with this stack (and this part), except the calling process."""
    return [
        process
        for process in psutil.process_iter()
        if process.pid != os.getpid() and is_alive(process) and _is_tagged(process, stack_id, part)
    ]


def _is_tagged(process: psutil.Process, stack_id: str, part: str | None) -> bool:
    try:
        environment = process.environ()
    except (psutil.Error, OSError):
        return False  # another user's process, so not ours
    return environment.get(STACK_ID_VARIABLE) == stack_id and part in (
        None,
        environment.get(PART_NAME_VARIABLE),
    )


def working_in(directory: Path, program: str) -> list[psutil.Process]:
    """Living processes named `program` whose working directory is `directory`."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.name() == program and Path(process.cwd()) == directory and is_alive(process):
                found.append(process)
        except (psutil.Error, OSError):
            continue  # it has ended, or it is another user's
    return found


def send(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    """Send a signal to each process. psutil skips a pid that another process has by now."""
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.send_signal(number)


def wait_gone(processes: Iterable[psutil.Process], timeout_s: float) -> list[psutil.Process]:
    """Wait until all have ended; returns those that still run after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    left = [process for process in processes if is_alive(process)]
    while left and time.monotonic() < deadline:
        time.sleep(POLL_S)
        left = [process for process in left if is_alive(process)]
    return left


def end(processes: Iterable[psutil.Process], grace_s: float) -> list[psutil.Process]:
    """End all: SIGTERM, and after `grace_s` SIGKILL. Returns the processes that survive both."""
    wanted = list(processes)
    send(wanted, signal.SIGTERM)
    left = wait_gone(wanted, grace_s)
    send(left, signal.SIGKILL)
    return wait_gone(left, KILL_WAIT_S)
