"""Loopback ports of our own: chosen free at the first start, remembered, replaced when somebody took one.

Knows nothing about what listens there.
"""

from __future__ import annotations

import json
import random
import socket
import threading
from pathlib import Path

from cluster.local.errors import LocalStackError
from cluster.local.layout import write_private

LOOPBACK = "127.0.0.1"
# Below the ranges from which Linux (32768-) and macOS (49152-) give out ports to outgoing connections: a
# remembered port must not be lent to a passing client between two starts. Above the well-known databases.
FIRST_PORT = 20_000
LAST_PORT = 32_000
TRIES = 200


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a server could listen on `port` now (connections in TIME_WAIT do not count)."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError:
            return False
    return True


class PortBook:
    """The ports of one stack by name, kept in `path` as JSON. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._ports = _read(path)
        self._fixed: set[str] = set()

    def port(self, name: str) -> int:
        """The port called `name`: the remembered one if still free at the first call, else another free one.

        Later calls on the same object return the same port, whether a server listens there or not.
        Raises LocalStackError if no port in the range is free.
        """
        with self._lock:
            remembered = self._ports.get(name)
            if remembered is not None and (name in self._fixed or is_free(remembered)):
                self._fixed.add(name)
                return remembered
            self._ports[name] = self._choose()
            self._fixed.add(name)
            write_private(self._path, json.dumps(self._ports, indent=1, sort_keys=True))
            return self._ports[name]

    def _choose(self) -> int:
        used = set(self._ports.values())
        for _ in range(TRIES):
            candidate = random.randint(FIRST_PORT, LAST_PORT)  # noqa: S311 - spreads, hides nothing
            if candidate not in used and is_free(candidate):
                return candidate
        raise LocalStackError(f"No free port between {FIRST_PORT} and {LAST_PORT} on {LOOPBACK}.")


def _read(path: Path) -> dict[str, int]:
    """The remembered ports; a damaged or foreign file only costs the memory."""
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
