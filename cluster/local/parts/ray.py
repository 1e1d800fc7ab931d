"""The part "ray": one head node on loopback, with its own ports, session directory and authentication token.

A Ray that already runs on this machine is neither joined nor disturbed. Does not know what will run on Ray.
"""

from __future__ import annotations

import shutil
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from cluster.local.errors import LocalStackError, NotReadyError
from cluster.local.layout import PRIVATE_MODE, Layout, secret
from cluster.local.parts.base import StackPart, clean_environment
from cluster.local.ports import LOOPBACK, PortBook
from cluster.local.process.spawning import ProcessSpec

OBJECT_STORE_BYTES = 200 << 20
"""Enough for tasks, replies and the code of the deployments; frames are never stored there."""

PROBE_TIMEOUT_S = 3.0
"""For the answer of the node's agent."""

KEPT_SESSIONS = 1
"""Old session directories that are kept, for their logs; every start makes a new one."""


class Ray(StackPart):
    """Ray's head node, on which the actors and the Serve applications run."""

    name: ClassVar[str] = "ray"
    title: ClassVar[str] = "Ray"

    def __init__(self, layout: Layout, ports: PortBook, environment: Mapping[str, str]) -> None:
        super().__init__(layout, ports)
        self._settings_environment = dict(environment)

    @property
    def url(self) -> str:
        """The value of RAY_ADDRESS: host and port of the head's global control store (GCS)."""
        return self.address

    def client_environment(self) -> dict[str, str]:
        """Variables with which a process joins this Ray by `ray.init()` without arguments."""
        return {
            "RAY_ADDRESS": self.address,
            # Without this, Ray replaces 127.0.0.1 by the machine's network address and listens on all
            # addresses. 0 says that this is no cluster of several machines, the default on Windows and macOS.
            "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN_PATH": str(self._token_file),
            "RAY_USAGE_STATS_ENABLED": "0",
            # Ray then hides all GPUs from an actor with num_gpus=0.
            "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "1",
        }

    def prepare(self) -> None:
        """Make the token, delete old sessions, link the newest session's logs into the log directory."""
        secret(self._token_file)
        sessions = sorted(path for path in self._temp_dir.glob("session_*") if not path.is_symlink())
        for old in sessions[: -KEPT_SESSIONS or None]:
            shutil.rmtree(old, ignore_errors=True)
        (self._temp_dir / "ray_current_cluster").unlink(missing_ok=True)
        logs = self.layout.log_dir / "ray"
        logs.unlink(missing_ok=True)
        logs.symlink_to(self._temp_dir / "session_latest" / "logs")

    def processes(self) -> Sequence[ProcessSpec]:
        """The head. It starts and watches Ray's other processes and ends them on SIGTERM."""
        port = self.ports.port
        options = {
            "--node-ip-address": LOOPBACK,
            "--port": port("ray"),
            "--ray-client-server-port": port("ray-client"),
            "--dashboard-port": port("ray-dashboard"),
            "--dashboard-agent-listen-port": port("ray-agent"),
            "--metrics-export-port": port("ray-metrics"),
            "--include-dashboard": "false",
            "--include-log-monitor": "false",
            "--object-store-memory": OBJECT_STORE_BYTES,
            "--temp-dir": self._temp_dir,
            "--log-color": "false",
        }
        words = [str(word) for option in options.items() for word in option]
        flags = ("--head", "--block", "--no-monitor", "--disable-usage-stats")
        argv = (sys.executable, "-m", "ray.scripts.scripts", "start", *flags, *words)
        environment = {
            **clean_environment(),
            **self._settings_environment,
            **self.client_environment(),
            "AUTOSCALER_METRIC_PORT": str(port("ray-autoscaler-metrics")),
            "DASHBOARD_METRIC_PORT": str(port("ray-dashboard-metrics")),
            # No monitor of Ray's: when 95 % of the memory are used (2.60), it ends several workers at once,
            # bridge, pool and fuser among them. Tasks of segmenters are bounded (`actors.memory_bytes`), and
            # beyond that the kernel ends the largest process of the highest score (`actors/oom_score.py`).
            "RAY_memory_monitor_refresh_ms": "0",
            # On SIGTERM Ray waits 30 s for work to move to other nodes, of which there are none here.
            "RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S": "0",
        }
        del environment["RAY_ADDRESS"]  # `ray start` would join that address as a cluster
        return [ProcessSpec(self.name, argv, self.layout.var_dir, environment)]

    def probe(self) -> str:
        """Ask the node's agent whether the raylet lives and is registered in the control store."""
        health_url = f"http://{LOOPBACK}:{self.ports.port('ray-agent')}/api/local_raylet_healthz"
        try:
            with urllib.request.urlopen(health_url, timeout=PROBE_TIMEOUT_S) as answer:
                answer.read()
        except (urllib.error.URLError, OSError) as error:
            raise NotReadyError(f"Ray does not answer: {error}") from error
        return "Ray head"

    @property
    def _temp_dir(self) -> Path:
        # Ray gives its directory and all below it mode 0777, so the directory above is private.
        private = self.layout.socket_dir / "ray"
        try:
            private.mkdir(mode=PRIVATE_MODE, exist_ok=True)
            private.chmod(PRIVATE_MODE)
        except OSError as error:
            raise LocalStackError(f"Cannot make {private} for Ray's session: {error}") from error
        return private / "s"  # a short name: sockets have long names, see `layout.SOCKET_BASE`

    @property
    def _token_file(self) -> Path:
        return self.layout.run_dir / "ray.secret"
