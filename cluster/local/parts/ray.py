"""Ray on this machine alone: one head node on loopback, with ports, session directory and token of its own.

A Ray that already runs on the host is neither joined nor disturbed. Knows nothing about what will run on it.
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
from cluster.local.parts.part import Part, clean_environment
from cluster.local.ports import LOOPBACK, PortBook
from cluster.local.process.spawning import ProcessSpec

# Frames never travel through it: tasks, replies and the code of the deployments do.
OBJECT_STORE_BYTES = 200 << 20
PROBE_TIMEOUT_S = 3.0
KEPT_SESSIONS = 1  # logs of the last run stay readable; every start makes a new session directory


class Ray(Part):
    """Where the actors and the Serve application run."""

    name: ClassVar[str] = "ray"
    title: ClassVar[str] = "Ray"

    def __init__(self, layout: Layout, ports: PortBook, environment: Mapping[str, str]) -> None:
        super().__init__(layout, ports)
        self._settings_environment = dict(environment)

    @property
    def url(self) -> str:
        """What RAY_ADDRESS is set to."""
        return self.address

    @property
    def address(self) -> str:
        """Host and port of the head's control store (GCS)."""
        return f"{LOOPBACK}:{self.ports.port('ray')}"

    def client_environment(self) -> dict[str, str]:
        """What a process must have in its environment to join: `ray.init()` then needs no argument."""
        return {
            "RAY_ADDRESS": self.address,
            # Ray replaces 127.0.0.1 by the machine's address in the network and then listens on all of
            # them, unless told that this is not a cluster of several machines (its name says where that
            # is the default).
            "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN_PATH": str(self._token_file),
            "RAY_USAGE_STATS_ENABLED": "0",
            # An actor that asked for no GPU must not see any.
            "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "1",
        }

    def prepare(self) -> None:
        """Make the token, remove old sessions."""
        secret(self._token_file)
        sessions = sorted(path for path in self._temp_dir.glob("session_*") if not path.is_symlink())
        for old in sessions[: -KEPT_SESSIONS or None]:
            shutil.rmtree(old, ignore_errors=True)
        (self._temp_dir / "ray_current_cluster").unlink(missing_ok=True)
        logs = self.layout.log_dir / "ray"
        logs.unlink(missing_ok=True)
        logs.symlink_to(self._temp_dir / "session_latest" / "logs")

    def processes(self) -> Sequence[ProcessSpec]:
        """The head; it starts and watches Ray's other processes, and ends with SIGTERM."""
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
            # On SIGTERM Ray would wait half a minute for work to move to other nodes; there are none.
            "RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S": "0",
        }
        del environment["RAY_ADDRESS"]  # `ray start` would take it for a cluster to join
        return [ProcessSpec(self.name, argv, self.layout.var_dir, environment)]

    def probe(self) -> str:
        """The node's agent says whether the raylet lives and is known to the control store."""
        where = f"http://{LOOPBACK}:{self.ports.port('ray-agent')}/api/local_raylet_healthz"
        try:
            with urllib.request.urlopen(where, timeout=PROBE_TIMEOUT_S) as answer:
                answer.read()
        except (urllib.error.URLError, OSError) as error:
            raise NotReadyError(f"Ray does not answer: {error}") from error
        return "Ray head"

    @property
    def _temp_dir(self) -> Path:
        # Ray opens its directory and all below it to every user (mode 0777), so the one above is ours alone.
        private = self.layout.socket_dir / "ray"
        try:
            private.mkdir(mode=PRIVATE_MODE, exist_ok=True)
            private.chmod(PRIVATE_MODE)
        except OSError as error:
            raise LocalStackError(f"Cannot make {private} for Ray's session: {error}") from error
        return private / "s"  # short, for the sockets' sake

    @property
    def _token_file(self) -> Path:
        return self.layout.run_dir / "ray.secret"
