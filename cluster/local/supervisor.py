"""`python -m cluster.local.supervisor REQUEST`: supervises a stack, detached, until SIGTERM.

Starts a thread for each part (`part_supervisor`), which start in parallel as far as their dependencies allow.
Writes stack.json, stops the parts in the reverse order, and holds the lock of the var directory all the
while. Knows the order of the parts; their threads know how a part is kept running.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from functools import partial
from pathlib import Path
from types import FrameType

import psutil
import structlog

from cluster.errors import ScenestreamError
from cluster.local import probes
from cluster.local.board import Board
from cluster.local.errors import LocalStackError, StackBusyError
from cluster.local.layout import Layout
from cluster.local.part_supervisor import ExternalMonitor, PartSupervisor
from cluster.local.parts.apps import Apps
from cluster.local.parts.ray import Ray
from cluster.local.parts.redis import Redis
from cluster.local.plan import ALL_PARTS, StackPlan, address_of, local_api_url, plan_stack
from cluster.local.ports import PortBook, is_free
from cluster.local.process.locks import DirectoryLock
from cluster.local.process.records import Records, belongings
from cluster.local.process.spawning import Identity, end
from cluster.local.request import Request
from cluster.local.runner import PartRunner
from cluster.local.state import PartHealth, PartState, Phase, StackFile, read
from cluster.telemetry import logs

START_TIMEOUT_S = 420.0
"""For all parts to become healthy. Every part has a shorter limit of its own; this one is the last resort."""

ORPHAN_GRACE_S = 10.0
"""From SIGTERM to SIGKILL, for processes that an earlier supervisor or a part has left."""

STOP_SLACK_S = 15.0
"""Added to the longest stop time of a part, for its thread to end."""

EXTERNAL_TIMEOUT_S = 30.0
"""For external servers to answer: if one does not by then, waiting longer does not help."""

NOT_NEEDED = frozenset({Apps.name, Redis.name})
"""Parts that the applications do not depend on: they also start while Redis is down."""

log = structlog.get_logger(__name__)


class Supervisor:
    """Runs one stack, from taking the lock to releasing it."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._layout = Layout.at(request.settings.var_dir)
        self._stopping = threading.Event()
        self._threads: dict[str, PartSupervisor | ExternalMonitor] = {}

    def run(self) -> None:
        """Start the stack, wait for a signal, stop it. StackBusyError if another supervisor runs."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        self._layout.create()
        lock = DirectoryLock(self._layout.lock_file)
        lock.acquire(give_up=self._another_runs)
        try:
            self._run_with(Board(self._layout, self._first_file()))
        finally:
            lock.release()

    def _run_with(self, board: Board) -> None:
        error = ""
        try:
            self._start(board)
            board.enter(Phase.RUNNING)
            self._stopping.wait()
        except ScenestreamError as failure:
            error = failure.message
        except Exception as failure:
            log.exception("supervisor failed")
            error = f"Internal error: {failure!r}"
        if self._stopping.is_set():
            error = ""
        board.enter(Phase.STOPPING, error)
        self._stop()
        if error:
            board.enter(Phase.FAILED, error)
        else:
            self._layout.state_file.unlink(missing_ok=True)
        log.info("supervisor ends")

    def _another_runs(self) -> bool:
        """Whether a living supervisor holds the lock, so that waiting for the lock is useless."""
        file = read(self._layout)
        return file is not None and file.is_alive

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._stopping.set()

    def _first_file(self) -> StackFile:
        identity = Identity.of(os.getpid())
        if identity is None:
            raise LocalStackError("This process cannot find its own start time.")
        api_url = local_api_url(self._request.settings)
        return StackFile(identity, self._request.token, Phase.STARTING, api_url)

    def _start(self, board: Board) -> None:
        """Start all parts and wait until they are healthy, else LocalStackError with the reason."""
        _end_orphans(self._layout)
        _rotate(self._layout)
        self._check_http_port()
        request = self._request
        ports = PortBook(self._layout.ports_file)
        plan = plan_stack(request.settings, self._layout, ports, request.parts, request.serve_config)
        board.change(
            urls=plan.urls,
            ray_address=plan.ray_address,
            ray_environment=plan.ray_environment,
            parts=self._first_parts(plan),
        )
        self._start_threads(plan, board)
        self._wait_until_healthy(board)

    def _first_parts(self, plan: StackPlan) -> dict[str, PartState]:
        parts = {part.name: PartState(part.address) for part in plan.own}
        for name, url in plan.external.items():
            parts[name] = PartState(address_of(name, url), external=True)
        if plan.owns_media and "media" in self._request.parts:
            parts["media"] = PartState(plan.urls["media"])
        return {name: parts[name] for name in ALL_PARTS if name in parts}

    def _start_threads(self, plan: StackPlan, board: Board) -> None:
        for name, state in board.file.parts.items():
            if state.external or name == "media":
                url = plan.external.get(name) or plan.urls[name]
                self._threads[name] = ExternalMonitor(name, partial(probes.BY_PART[name], url), board)
        for part in plan.own:
            is_apps = part.name == Apps.name
            needs = [name for name in board.file.parts if name not in NOT_NEEDED] if is_apps else []
            ray = self._threads.get(Ray.name)
            rests_on = [ray] if is_apps and isinstance(ray, PartSupervisor) else []
            self._threads[part.name] = PartSupervisor(PartRunner(part), board, needs, rests_on)
        for thread in self._threads.values():
            thread.start()

    def _wait_until_healthy(self, board: Board) -> None:
        def decided(file: StackFile) -> bool:
            states = [part.state for part in file.parts.values()]
            settled = all(state is PartHealth.HEALTHY for state in states) or PartHealth.FAILED in states
            return settled or self._stopping.is_set()

        waited = 0.0
        while not board.wait_for(decided, 1.0):
            waited += 1.0
            lost = {
                name: part
                for name, part in board.file.parts.items()
                if part.external and part.state is PartHealth.UNREACHABLE
            }
            if waited > START_TIMEOUT_S or (lost and waited > EXTERNAL_TIMEOUT_S):
                unwell = lost or {
                    name: part
                    for name, part in board.file.parts.items()
                    if part.state not in (PartHealth.HEALTHY, PartHealth.WAITING)
                }
                raise LocalStackError("\n".join(_sentence(name, part) for name, part in unwell.items()))
        if self._stopping.is_set():
            raise LocalStackError("The stack was stopped while it started.")
        failed = {name: part for name, part in board.file.parts.items() if part.state is PartHealth.FAILED}
        if failed:
            raise LocalStackError("\n".join(_sentence(name, part) for name, part in failed.items()))

    def _check_http_port(self) -> None:
        http = self._request.settings.http
        if Apps.name in self._request.parts and not is_free(http.port, http.host):
            raise LocalStackError(
                f"Port {http.port} on {http.host} is taken{_holder(http.port)}. Choose another one with "
                "`scenestream up --port P` or SCENESTREAM_HTTP__PORT."
            )

    def _stop(self) -> None:
        """Stop the applications, then Ray, then the servers in parallel; end the processes that are left."""
        for names in ([Apps.name], [Ray.name], list(self._threads)):
            threads = [self._threads[name] for name in names if name in self._threads]
            for thread in threads:
                thread.end()
            for thread in threads:
                if thread.ident is not None:
                    thread.join(STOP_SLACK_S + Apps.stop_grace_s)
        _end_orphans(self._layout)


def _end_orphans(layout: Layout) -> None:
    """End every process of this var directory's stack except this one, and delete their records."""
    left = belongings(layout)
    if left:
        log.info("ending orphans", processes=[f"{p.pid} {_name(p)}" for p in left])
        end(left, ORPHAN_GRACE_S)
    records = Records(layout)
    for record in records.all():
        records.remove(record.process)


def _name(process: psutil.Process) -> str:
    try:
        return process.name()
    except psutil.Error:
        return "?"


def _holder(port: int) -> str:
    """The process that listens on the port, as words for a message; empty if we may not see it."""
    try:
        for connection in psutil.net_connections("tcp"):
            if (
                connection.status == psutil.CONN_LISTEN
                and getattr(connection.laddr, "port", None) == port
                and connection.pid
            ):
                return f" by {_name(psutil.Process(connection.pid))} (process {connection.pid})"
    except psutil.Error:
        return ""  # on macOS only root may see it
    return ""


def _sentence(name: str, part: PartState) -> str:
    whose = "external, " if part.external else ""
    return f"{name} ({whose}{part.address}): {part.detail or part.state.value}"


def _rotate(layout: Layout) -> None:
    """Rename the logs of the last run to *.log.1, which replaces those of the run before."""
    for path in layout.log_dir.glob("*.log"):
        if path.name != layout.log_file("supervisor").name:
            path.replace(path.with_suffix(".log.1"))


def main(request_file: str) -> int:
    """Detach (fork, setsid), then run. Exit code 3: another supervisor has the directory."""
    if os.fork():
        return 0
    os.setsid()
    request = Request.take(Path(request_file))
    logs.configure(request.settings)
    try:
        Supervisor(request).run()
    except StackBusyError as error:
        log.info("another supervisor runs", reason=error.message)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
