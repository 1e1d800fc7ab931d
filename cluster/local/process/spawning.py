"""Child processes: spawned into sessions of their own, recognised later, ended with all their descendants.

A process belongs to a stack if its environment carries the stack's mark, however often it was re-parented.
Servers that overwrite their environment (PostgreSQL and Redis do, for the process title) are found by pid and
start time, or as descendants. Knows psutil and signals, knows no server.
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

STACK_MARK = "SCENESTREAM_STACK_ID"
PART_MARK = "SCENESTREAM_STACK_PART"
KILL_WAIT_S = 5.0
POLL_S = 0.05
# psutil computes start times from clock ticks; two readings of one process agree far better than this, and a
# pid cannot come round again within it.
SAME_START_S = 0.5


@dataclass(frozen=True, slots=True)
class Account:
    """The user a process is to run as."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """How to start one process. `ready`, if given, raises NotReadyError until the next process may start."""

    name: str
    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str]
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    ready: Callable[[], None] | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """A process for certain: a pid alone may be somebody else's by now."""

    pid: int
    create_time: float

    @classmethod
    def of(cls, pid: int) -> Identity | None:
        """The identity of the process that has `pid` now; None if there is none."""
        try:
            return cls(pid, psutil.Process(pid).create_time())
        except psutil.Error:
            return None

    def process(self) -> psutil.Process | None:
        """The living process, or None if it ended (zombies have ended) or the pid is another's."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.create_time) < SAME_START_S
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.Error:
            return None


def spawn(spec: ProcessSpec, log: Path, stack_id: str, part: str) -> subprocess.Popen[bytes]:
    """Start `spec` as the leader of a new session, marked, its output appended to `log`."""
    environment = {**spec.env, STACK_MARK: stack_id, PART_MARK: part}
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
    """Whether the process runs; one that waits to be reaped does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def with_descendants(process: psutil.Process) -> list[psutil.Process]:
    """The process and all that descend from it now."""
    try:
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return []


def marked(stack_id: str, part: str | None = None) -> list[psutil.Process]:
    """All living processes of a stack (of one part of it) that carry its mark, this process excepted."""
    return [
        process
        for process in psutil.process_iter()
        if process.pid != os.getpid() and is_alive(process) and _has_mark(process, stack_id, part)
    ]


def _has_mark(process: psutil.Process, stack_id: str, part: str | None) -> bool:
    try:
        environment = process.environ()
    except (psutil.Error, OSError):
        return False  # another user's process, hence not ours
    return environment.get(STACK_MARK) == stack_id and part in (None, environment.get(PART_MARK))


def working_in(directory: Path, program: str) -> list[psutil.Process]:
    """Living processes named `program` whose working directory is `directory`."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.name() == program and Path(process.cwd()) == directory and is_alive(process):
                found.append(process)
        except (psutil.Error, OSError):
            continue  # gone meanwhile, or another user's
    return found


def send(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    """Signal each process that still is what it was."""
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.send_signal(number)


def wait_gone(processes: Iterable[psutil.Process], timeout_s: float) -> list[psutil.Process]:
    """Wait until all ended; returns those that did not in time."""
    deadline = time.monotonic() + timeout_s
    left = [process for process in processes if is_alive(process)]
    while left and time.monotonic() < deadline:
        time.sleep(POLL_S)
        left = [process for process in left if is_alive(process)]
    return left


def end(processes: Iterable[psutil.Process], grace_s: float) -> list[psutil.Process]:
    """End all of them: SIGTERM, `grace_s` to comply, SIGKILL. Returns what even that did not end."""
    wanted = list(processes)
    send(wanted, signal.SIGTERM)
    left = wait_gone(wanted, grace_s)
    send(left, signal.SIGKILL)
    return wait_gone(left, KILL_WAIT_S)
