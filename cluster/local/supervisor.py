"""`python -m cluster.local.supervisor REQUEST`: runs a stack until SIGTERM, detached from whoever asked.

Starts the parts in parallel as far as one does not need another, keeps them running, writes stack.json, and
ends them in the reverse order. Holds the lock of the var directory for as long as it lives. Knows the order
of things; keepers know the parts.
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
from cluster.local.keeper import Keeper, Visitor
from cluster.local.layout import Layout
from cluster.local.parts.apps import Apps
from cluster.local.parts.ray import Ray
from cluster.local.parts.redis import Redis
from cluster.local.plan import ALL_PARTS, Plan, address_of, local_api_url, make_plan
from cluster.local.ports import PortBook, is_free
from cluster.local.process.locks import DirectoryLock
from cluster.local.process.records import Records, belongings
from cluster.local.process.spawning import Identity, end
from cluster.local.request import Request
from cluster.local.runner import PartRunner
from cluster.local.state import Health, PartState, Phase, StackFile, read
from cluster.telemetry import logs

START_TIMEOUT_S = 420.0  # every part has a tighter one of its own; this one is for what nobody thought of
ORPHAN_GRACE_S = 10.0
STOP_SLACK_S = 15.0
EXTERNAL_TIMEOUT_S = 30.0  # somebody else's server either answers or will not because we wait
# Redis may vanish: applications that died come back without it.
NOT_NEEDED = frozenset({Apps.name, Redis.name})

log = structlog.get_logger(__name__)


class Supervisor:
    """One stack, from the lock to its release."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._layout = Layout.at(request.settings.var_dir)
        self._stopping = threading.Event()
        self._keepers: dict[str, Keeper | Visitor] = {}

    def run(self) -> None:
        """Start, wait for the end, stop. Raises StackBusyError at once if the directory has an owner."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        self._layout.create()
        lock = DirectoryLock(self._layout.lock_file)
        lock.acquire(give_up=self._another_runs)
        try:
            self._live(Board(self._layout, self._first_file()))
        finally:
            lock.release()

    def _live(self, board: Board) -> None:
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
        """Whether the lock is held by a supervisor in good health, so that waiting for it is in vain."""
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
        """Bring everything up, or raise LocalStackError with the reason."""
        _end_orphans(self._layout)
        _rotate(self._layout)
        self._check_http_port()
        request = self._request
        ports = PortBook(self._layout.ports_file)
        plan = make_plan(request.settings, self._layout, ports, request.parts, request.serve_config)
        board.change(
            urls=plan.urls,
            ray_address=plan.ray_address,
            ray_environment=plan.ray_environment,
            parts=self._first_parts(plan),
        )
        self._start_keepers(plan, board)
        self._wait_until_healthy(board)

    def _first_parts(self, plan: Plan) -> dict[str, PartState]:
        parts = {part.name: PartState(part.address) for part in plan.own}
        for name, url in plan.external.items():
            parts[name] = PartState(address_of(name, url), external=True)
        if plan.media_dir and "media" in self._request.parts:
            parts["media"] = PartState(plan.urls["media"])
        return {name: parts[name] for name in ALL_PARTS if name in parts}

    def _start_keepers(self, plan: Plan, board: Board) -> None:
        for name, state in board.file.parts.items():
            if state.external or name == "media":
                url = plan.external.get(name) or plan.urls[name]
                self._keepers[name] = Visitor(name, partial(probes.BY_PART[name], url), board)
        for part in plan.own:
            is_apps = part.name == Apps.name
            needs = [name for name in board.file.parts if name not in NOT_NEEDED] if is_apps else []
            ray = self._keepers.get(Ray.name)
            rests_on = [ray] if is_apps and isinstance(ray, Keeper) else []
            self._keepers[part.name] = Keeper(PartRunner(part), board, needs, rests_on)
        for keeper in self._keepers.values():
            keeper.start()

    def _wait_until_healthy(self, board: Board) -> None:
        def decided(file: StackFile) -> bool:
            states = [part.state for part in file.parts.values()]
            settled = all(state is Health.HEALTHY for state in states) or Health.FAILED in states
            return settled or self._stopping.is_set()

        waited = 0.0
        while not board.wait_for(decided, 1.0):
            waited += 1.0
            lost = {
                name: part
                for name, part in board.file.parts.items()
                if part.external and part.state is Health.UNREACHABLE
            }
            if waited > START_TIMEOUT_S or (lost and waited > EXTERNAL_TIMEOUT_S):
                unwell = lost or {
                    name: part
                    for name, part in board.file.parts.items()
                    if part.state not in (Health.HEALTHY, Health.WAITING)
                }
                raise LocalStackError("\n".join(_sentence(name, part) for name, part in unwell.items()))
        if self._stopping.is_set():
            raise LocalStackError("The stack was stopped while it started.")
        failed = {name: part for name, part in board.file.parts.items() if part.state is Health.FAILED}
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
        """The applications first, then Ray, then the servers at the same time; whatever remains is killed."""
        for names in ([Apps.name], [Ray.name], list(self._keepers)):
            keepers = [self._keepers[name] for name in names if name in self._keepers]
            for keeper in keepers:
                keeper.end()
            for keeper in keepers:
                if keeper.ident is not None:
                    keeper.join(STOP_SLACK_S + Apps.stop_grace_s)
        _end_orphans(self._layout)


def _end_orphans(layout: Layout) -> None:
    """End every process of this var directory except our own: a killed supervisor's, or a stubborn one."""
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
    """Who listens on the port, as far as we may know."""
    try:
        for connection in psutil.net_connections("tcp"):
            if (
                connection.status == psutil.CONN_LISTEN
                and getattr(connection.laddr, "port", None) == port
                and connection.pid
            ):
                return f" by {_name(psutil.Process(connection.pid))} (process {connection.pid})"
    except psutil.Error:
        return ""  # macOS tells only root
    return ""


def _sentence(name: str, part: PartState) -> str:
    whose = "external, " if part.external else ""
    return f"{name} ({whose}{part.address}): {part.detail or part.state.value}"


def _rotate(layout: Layout) -> None:
    """One generation of logs is kept beside the current one."""
    for path in layout.log_dir.glob("*.log"):
        if path.name != layout.log_file("supervisor").name:
            path.replace(path.with_suffix(".log.1"))


def main(request_file: str) -> int:
    """Detach, then run. Exit code 3: another supervisor owns the directory."""
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
