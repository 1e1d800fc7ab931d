"""var/run/stack.json: what runs where, written by the supervisor alone and read by everybody.

Knows no process and no server. The file holds passwords (in URLs), so only its owner may read it.
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
    """The life of a stack: starting → running → stopping, or starting → failed."""

    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    FAILED = "failed"


class Health(StrEnum):
    """The state of one part. A part that waits does so for the parts it needs."""

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
    """One part in stack.json. `pid` and `create_time` (seconds since 1970) are null for an external part."""

    address: str
    state: Health = Health.WAITING
    detail: str = ""
    pid: int | None = None
    create_time: float | None = None
    log: str | None = None
    restarts: int = 0
    external: bool = False


@dataclass(frozen=True, slots=True)
class StackFile:
    """The whole of stack.json. `token` tells who asked for this stack; `ray_environment` is what a process
    needs to join its Ray.
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
        """Whether the supervisor that wrote this still runs."""
        return self.supervisor.process() is not None

    def write(self, layout: Layout) -> None:
        """Replace the file at once."""
        write_private(layout.state_file, json.dumps(asdict(self), indent=1), durable=False)


def read(layout: Layout) -> StackFile | None:
    """The last state written; None if there is none, or one of another version."""
    try:
        content = json.loads(layout.state_file.read_text(encoding="utf-8"))
        return _from_json(content)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _from_json(content: dict[str, Any]) -> StackFile:
    parts = {
        name: PartState(**{**part, "state": Health(part["state"])}) for name, part in content["parts"].items()
    }
    supervisor = Identity(**content["supervisor"])
    return StackFile(
        **{**content, "supervisor": supervisor, "phase": Phase(content["phase"]), "parts": parts}
    )
