"""Assigns loopback ports by name: a free one at the first start, later the same one unless it is taken.

Does not know what listens on a port.
"""

from __future__ import annotations

import json
import random
import socket
import threading
from collections.abc import Collection
from pathlib import Path

from cluster.local.errors import LocalStackError
from cluster.local.layout import write_private

LOOPBACK = "127.0.0.1"
FIRST_PORT = 20_000
LAST_PORT = 32_000
"""Below the ephemeral ports of Linux (32768-) and macOS (49152-): otherwise an outgoing connection might hold
a remembered port at the next start. Above the default ports of databases.
"""

TRIES = 200
"""Random ports that are tried before the range counts as full."""


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a server could listen on `port` now; old connections in TIME_WAIT do not prevent that."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def free_port(besides: Collection[int] = ()) -> int:
    """A port of the range on which nobody listens now and that is none of `besides`.

    Raises LocalStackError if no port in the range is free.
    """
    for _ in range(TRIES):
        candidate = random.randint(FIRST_PORT, LAST_PORT)  # noqa: S311 - only spreads the ports
        if candidate not in besides and is_free(candidate):
            return candidate
    raise LocalStackError(f"No free port between {FIRST_PORT} and {LAST_PORT} on {LOOPBACK}.")


class PortBook:
    """Registry of one stack's ports by name, stored in `path` as JSON. Thread-safe."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._ports = _read(path)
        self._fixed: set[str] = set()

    def port(self, name: str) -> int:
        """The port called `name`: the stored one if it is free at the first call, else another free one.

        Later calls on this object return the same port, also when a server listens on it.
        Raises LocalStackError if no port in the range is free.
        """
        with self._lock:
            remembered = self._ports.get(name)
            if remembered is not None and (name in self._fixed or is_free(remembered)):
                self._fixed.add(name)
                return remembered
            self._ports[name] = free_port(self._ports.values())
            self._fixed.add(name)
            write_private(self._path, json.dumps(self._ports, indent=1, sort_keys=True))
            return self._ports[name]


def _read(path: Path) -> dict[str, int]:
    """The stored ports; a damaged file counts as empty, and new ports are chosen."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(content, dict):
        return {}
    return {
        str(name): port
        for name, port in content.items()
        if isinstance(port, int) and FIRST_PORT <= port <= LAST_PORT
    }
