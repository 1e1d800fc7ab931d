"""`up`, `down` and `status`: start a supervisor and wait for its stack, end it, read its state.

Runs in a short-lived command and reads stack.json. The stack runs in the supervisor, a process of its own.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cluster.errors import ConflictError
from cluster.local.errors import LocalStackError, NotReadyError
from cluster.local.layout import Layout
from cluster.local.parts.base import child_environment
from cluster.local.process.locks import DirectoryLock
from cluster.local.process.records import Records, belongings
from cluster.local.process.spawning import Identity, end
from cluster.local.request import Request
from cluster.local.runner import tail
from cluster.local.serve_config import DEFAULT_PATH
from cluster.local.state import PartHealth, PartState, Phase, StackFile, read
from cluster.settings import Settings

POLL_S = 0.1
"""Interval of reading stack.json."""

APPEAR_TIMEOUT_S = 30.0
"""For a new supervisor to import its modules, take the lock and write stack.json."""

UP_TIMEOUT_S = 480.0
"""For the stack to run. Longer than the supervisor's own limit, whose error message says more."""

DOWN_TIMEOUT_S = 150.0
"""For the supervisor to end: more than the sum of the stop times of its parts."""

ORPHAN_GRACE_S = 5.0
"""From SIGTERM to SIGKILL, for processes that a dead supervisor has left."""

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class PartStatus:
    """One line of `scenestream status`. `health` is a value of PartHealth, or `unwatched`."""

    name: str
    address: str
    health: str
    detail: str


@dataclass(frozen=True, slots=True)
class StackState:
    """A running stack.

    `urls`: the stores' URLs by part, with passwords. `ray_environment`: the variables with which a process
    joins the stack's Ray.
    """

    api_url: str
    urls: dict[str, str] = field(repr=False)
    ray_address: str
    ray_environment: dict[str, str] = field(repr=False)
    parts: tuple[PartStatus, ...]
    already_running: bool


def up(
    settings: Settings,
    *,
    port: int | None = None,
    actors: int | None = None,
    progress: Progress = lambda text: None,
    parts: Sequence[str] | None = None,
    serve_config: Path = DEFAULT_PATH,
) -> StackState:
    """Start the stack of `settings.var_dir`, unless it runs, and wait until all parts are healthy.

    `parts` limits it to some of its parts. `progress` gets a line for each change. Raises ConflictError if
    the stack runs on another port than `port`, LocalStackError if a part does not start (then nothing is left
    running; the message ends with the part's log).
    """
    layout = Layout.at(settings.var_dir)
    layout.create()
    found = _wait_for_stopping_stack(layout, progress)
    token = None
    if found is None or not found.is_alive:
        token = _start_supervisor(_with_flags(settings, port, actors), layout, parts, serve_config)
    file = _wait_until_running(layout, token, progress)
    already = file.token != token
    if already:
        if port is not None and not file.api_url.endswith(f":{port}"):
            raise ConflictError(
                f"Scenestream already runs at {file.api_url}. Stop it first with `scenestream down` to have "
                f"it on port {port}."
            )
        progress(f"Scenestream already runs at {file.api_url}")
    return StackState(
        api_url=file.api_url,
        urls=dict(file.urls),
        ray_address=file.ray_address,
        ray_environment=dict(file.ray_environment),
        parts=tuple(_status(name, part) for name, part in file.parts.items()),
        already_running=already,
    )


def down(settings: Settings, *, progress: Progress = lambda text: None) -> bool:
    """End the stack of `settings.var_dir` with all its processes; the data stay. False if nothing ran.

    Also ends the processes of a supervisor that was killed. Raises LocalStackError with the pids of processes
    that cannot be ended.
    """
    layout = Layout.at(settings.var_dir)
    if not layout.run_dir.is_dir():
        return False
    file = read(layout)
    supervisor = file.supervisor.process() if file else None
    if supervisor is not None:
        progress("stopping")
        left = end([supervisor], DOWN_TIMEOUT_S)
        if left:
            raise LocalStackError(f"The supervisor (process {supervisor.pid}) cannot be ended.")
    with DirectoryLock(layout.lock_file):
        orphans = belongings(layout)
        survivors = end(orphans, ORPHAN_GRACE_S)
        if survivors:
            names = ", ".join(str(process.pid) for process in survivors)
            raise LocalStackError(f"These processes of the stack cannot be ended: {names}.")
        records = Records(layout)
        for record in records.all():
            records.remove(record.process)
        layout.state_file.unlink(missing_ok=True)
        layout.tidy()
    return supervisor is not None or bool(orphans)


def status(settings: Settings) -> list[PartStatus]:
    """The health of each part, as the supervisor wrote it; without one, external parts are probed now."""
    layout = Layout.at(settings.var_dir)
    file = read(layout)
    if file is not None and file.is_alive and file.parts:
        return [_status(name, part) for name, part in file.parts.items()]
    return _without_supervisor(settings, file)


def _without_supervisor(settings: Settings, file: StackFile | None) -> list[PartStatus]:
    # Imported here: it loads the drivers of all servers, which the status of a running stack does not need.
    from cluster.local import probes
    from cluster.local.plan import ALL_PARTS, address_of, configured

    given = configured(settings)
    known = file.parts if file else {}
    lines = []
    for name in ALL_PARTS:
        if name in given:
            try:
                health, detail = PartHealth.HEALTHY, f"external, {probes.BY_PART[name](given[name])}"
            except NotReadyError as error:
                health, detail = PartHealth.UNREACHABLE, f"external, {error.message}"
            lines.append(PartStatus(name, address_of(name, given[name]), health.value, detail))
            continue
        lines.append(_unsupervised(name, known.get(name)))
    return lines


def _unsupervised(name: str, part: PartState | None) -> PartStatus:
    """A part of our own while no supervisor runs: failed, stopped, or still running (unwatched)."""
    if part is not None and part.state is PartHealth.FAILED:
        return PartStatus(name, "-", PartHealth.FAILED.value, part.detail)
    if part is not None and part.pid and Identity(part.pid, part.create_time or 0.0).process() is not None:
        return PartStatus(name, part.address, "unwatched", "the supervisor died; run `scenestream up`")
    return PartStatus(name, "-", PartHealth.STOPPED.value, "run `scenestream up`")


def _status(name: str, part: PartState) -> PartStatus:
    words = ["external" if part.external else "", part.detail, f"process {part.pid}" if part.pid else ""]
    if part.restarts:
        words.append(f"restarted {part.restarts} times" if part.restarts > 1 else "restarted once")
    return PartStatus(name, part.address, part.state.value, ", ".join(filter(None, words)))


def _wait_for_stopping_stack(layout: Layout, progress: Progress) -> StackFile | None:
    """Wait until a stack that is stopping has ended; returns the state of the stack afterwards."""
    deadline = time.monotonic() + DOWN_TIMEOUT_S
    while True:
        file = read(layout)
        if file is None or file.phase not in (Phase.STOPPING, Phase.FAILED) or not file.is_alive:
            return file
        if time.monotonic() > deadline:
            raise LocalStackError("The stack is being stopped and does not end. Run `scenestream down`.")
        progress("waiting for the earlier stack to end")
        time.sleep(1.0)


def _with_flags(settings: Settings, port: int | None, actors: int | None) -> Settings:
    values: dict[str, Any] = {}
    if port is not None:
        values["http"] = settings.http.model_copy(update={"port": port})
    if actors is not None:
        values["actors"] = settings.actors.model_copy(update={"count": actors})
    return settings.with_values(**values)


def _start_supervisor(
    settings: Settings, layout: Layout, parts: Sequence[str] | None, serve_config: Path
) -> str:
    """Start a detached supervisor; returns the token that its stack.json will have."""
    from cluster.local.plan import ALL_PARTS

    request = Request(settings, tuple(parts if parts is not None else ALL_PARTS), serve_config.resolve())
    path = request.put(layout)
    with layout.log_file("supervisor").open("ab") as output:
        subprocess.run(
            [sys.executable, "-m", "cluster.local.supervisor", str(path)],
            cwd=layout.var_dir,
            env=child_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=True,
        )
    return request.token


def _wait_until_running(layout: Layout, token: str | None, progress: Progress) -> StackFile:
    """Poll stack.json until the stack runs or has failed. `token`: None if another process started it."""
    began = time.monotonic()
    appeared = False
    reported: dict[str, str] = {}
    while time.monotonic() - began < UP_TIMEOUT_S:
        file = read(layout)
        ours = file is not None and (token is None or file.token == token)
        if file is not None and (ours or file.is_alive):
            appeared = True
            _report_changes(file, reported, progress)
            if file.phase is Phase.FAILED:
                raise LocalStackError(file.error)
            if not file.is_alive:
                raise LocalStackError(f"The supervisor died.\n{tail(layout.log_file('supervisor'))}")
            if file.phase is Phase.RUNNING:
                return file
        elif appeared:
            raise LocalStackError("The stack was stopped while it started.")
        elif time.monotonic() - began > APPEAR_TIMEOUT_S:
            raise LocalStackError(f"The supervisor did not start.\n{tail(layout.log_file('supervisor'))}")
        time.sleep(POLL_S)
    raise LocalStackError(f"The stack did not start within {UP_TIMEOUT_S:.0f} s; see {layout.log_dir}.")


def _report_changes(file: StackFile, reported: dict[str, str], progress: Progress) -> None:
    """Pass a line to `progress` for each part whose health differs from `reported`, which is updated."""
    for name, part in file.parts.items():
        if reported.get(name) == part.state.value:
            continue
        reported[name] = part.state.value
        if part.state is not PartHealth.WAITING:
            detail = f": {part.detail.splitlines()[0]}" if part.detail else ""
            progress(f"{name} {part.state.value}{detail}")
