"""Starts servers as children of the calling process, without a supervisor: for tests and for single commands.

A watchdog ends them if this process dies. Knows the four stores; Ray, the applications and restarts belong to
the supervisor.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cluster.local.errors import LocalStackError
from cluster.local.layout import Layout
from cluster.local.parts.base import StackPart, clean_environment
from cluster.local.parts.mongodb import MongoDB
from cluster.local.parts.postgres import Postgres
from cluster.local.parts.rabbitmq import RabbitMQ
from cluster.local.parts.redis import Redis
from cluster.local.ports import PortBook
from cluster.local.process.locks import DirectoryLock
from cluster.local.runner import PartRunner

SERVER_PARTS: dict[str, type[StackPart]] = {
    "postgres": Postgres,
    "mongodb": MongoDB,
    "rabbitmq": RabbitMQ,
    "redis": Redis,
}
LEASH_WAIT_S = 5.0
"""For the watchdog to end after its pipe was closed."""


class Servers:
    """Running servers of one var directory, which it locks. `start` adds servers, `stop` ends all."""

    def __init__(self, var_dir: Path | str) -> None:
        self.layout = Layout.at(var_dir)
        self.layout.create()
        self._lock = DirectoryLock(self.layout.lock_file)
        self._lock.acquire()
        self._ports = PortBook(self.layout.ports_file)
        self._runners: dict[str, PartRunner] = {}
        self._guard = threading.Lock()
        self._leash = _leash(self.layout)

    @property
    def urls(self) -> dict[str, str]:
        """URL by part, of the running ones."""
        return {name: runner.part.url for name, runner in self._runners.items()}

    def start(self, parts: Iterable[str]) -> None:
        """Start the parts that do not run yet, in parallel. Raises the first failure after all have ended."""
        with self._guard:
            runners = {
                name: PartRunner(SERVER_PARTS[name](self.layout, self._ports))
                for name in dict.fromkeys(parts)
                if name not in self._runners
            }
            if not runners:
                return
            with ThreadPoolExecutor(len(runners), thread_name_prefix="start") as pool:
                futures = {name: pool.submit(runner.start) for name, runner in runners.items()}
            self._runners |= {
                name: runners[name] for name, future in futures.items() if not future.exception()
            }
            for future in futures.values():
                future.result()

    def kill(self, name: str) -> None:
        """Send SIGKILL to the part's main process; it is not restarted."""
        self._runner(name).kill()

    def halt(self, name: str) -> None:
        """Stop one part; it keeps its data, port and URL."""
        self._runner(name).stop()

    def restart(self, name: str) -> None:
        """Stop the part if it runs and start it again, with the same URL."""
        runner = self._runner(name)
        runner.stop()
        runner.start()

    def stop(self) -> None:
        """Stop all parts, in parallel, and release the var directory."""
        with self._guard:
            runners = list(self._runners.values())
            if runners:
                with ThreadPoolExecutor(len(runners), thread_name_prefix="stop") as pool:
                    for future in [pool.submit(runner.stop) for runner in runners]:
                        future.result()
            self._runners.clear()
            if self._leash.stdin is not None:
                self._leash.stdin.close()
            self._leash.wait(LEASH_WAIT_S)
            self.layout.tidy()
            self._lock.release()

    def _runner(self, name: str) -> PartRunner:
        try:
            return self._runners[name]
        except KeyError:
            raise LocalStackError(f"{name} was not started here.") from None


def start_servers(
    var_dir: Path | str, parts: Iterable[str] = ("postgres", "mongodb", "rabbitmq", "redis")
) -> Servers:
    """Start servers with their data in `var_dir` and wait until their health probes succeed.

    Raises MissingServerError if one is not installed, LocalStackError if one does not start (then none is
    left running), StackBusyError if a stack runs in that directory.
    """
    servers = Servers(var_dir)
    try:
        servers.start(parts)
    except BaseException:
        servers.stop()
        raise
    return servers


def _leash(layout: Layout) -> subprocess.Popen[bytes]:
    """Start the watchdog process, which ends the servers if this process dies without doing so."""
    return subprocess.Popen(
        [sys.executable, "-m", "cluster.local.leash", str(layout.var_dir)],
        stdin=subprocess.PIPE,
        env=clean_environment(),
        start_new_session=True,
    )
