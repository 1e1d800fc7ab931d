"""The file var/run/stack.json: phase, parts and URLs of a stack. The supervisor writes it, commands read it.

The URLs contain passwords, so only the file's owner may read it. Starts no process and knows no server.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from cluster.local.layout import Layout, write_private
from cluster.local.process.spawning import Identity


class Phase(StrEnum):
    """Phases of a stack: starting → running → stopping; after an error stopping → failed."""

    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    FAILED = "failed"


class PartHealth(StrEnum):
    """Health of one part. `waiting`: for the parts it depends on; `unreachable`: only external parts."""

    WAITING = "waiting"
    STARTING = "starting"
    HEALTHY = "healthy"
    UNRESPONSIVE = "unresponsive"
    RESTARTING = "restarting"
    FAILED = "failed"
    STOPPED = "stopped"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class PartState:
    """One part in stack.json. `pid` and `create_time` (seconds since 1970) are None for an external part."""

    address: str
    state: PartHealth = PartHealth.WAITING
    detail: str = ""
    pid: int | None = None
    create_time: float | None = None
    log: str | None = None
    restarts: int = 0
    external: bool = False


@dataclass(frozen=True, slots=True)
class StackFile:
    """The content of stack.json.

    `token`: of the request that started this stack. `ray_environment`: the variables to join its Ray.
    """

    supervisor: Identity
    token: str
    phase: Phase
    api_url: str
    ray_address: str = ""
    error: str = ""
    parts: Mapping[str, PartState] = field(default_factory=dict)
    urls: Mapping[str, str] = field(default_factory=dict)
    ray_environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_alive(self) -> bool:
        """Whether the supervisor that wrote this file still runs."""
        return self.supervisor.process() is not None

    def write(self, layout: Layout) -> None:
        """Replace stack.json atomically."""
        write_private(layout.state_file, json.dumps(asdict(self), indent=1), durable=False)


def read(layout: Layout) -> StackFile | None:
    """The last state written; None if there is none, or if another version wrote it."""
    try:
        content = json.loads(layout.state_file.read_text(encoding="utf-8"))
        return _from_json(content)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _from_json(content: dict[str, Any]) -> StackFile:
    parts = {
        name: PartState(**{**part, "state": PartHealth(part["state"])})
        for name, part in content["parts"].items()
    }
    supervisor = Identity(**content["supervisor"])
    return StackFile(
        **{**content, "supervisor": supervisor, "phase": Phase(content["phase"]), "parts": parts}
    )
