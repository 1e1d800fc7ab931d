"""A private stack for the tests of the supervisor, and what is left of it afterwards, seen from outside."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import psutil

from cluster.local import StackState, down, up
from cluster.local.layout import Layout
from cluster.local.ports import is_free
from cluster.local.process.spawning import Identity
from cluster.local.serve_config import DEFAULT_PATH
from cluster.settings import Settings
from tests.support.servers.private import new_var_dir, remove_var_dir

SMALL = ("mongodb", "redis", "media")
WAIT_S = 180.0

T = TypeVar("T")


class LocalStack:
    """A stack in a var directory of its own. `seen` collects every process it ever had."""

    def __init__(
        self, parts: Sequence[str] = SMALL, serve_config: Path = DEFAULT_PATH, **settings: Any
    ) -> None:
        self.var_dir = new_var_dir()
        self.layout = Layout.at(self.var_dir)
        self.settings = Settings(var_dir=self.var_dir, **settings)
        self.parts = parts
        self.serve_config = serve_config
        self.said: list[str] = []
        self.seen: set[Identity] = set()

    def up(self, **flags: Any) -> StackState:
        """Start it, or find it."""
        state = up(
            self.settings,
            parts=self.parts,
            serve_config=self.serve_config,
            progress=self.said.append,
            **flags,
        )
        self.look()
        return state

    def down(self) -> bool:
        """End it."""
        self.look()
        return down(self.settings)

    def file(self) -> dict[str, Any]:
        """stack.json."""
        content: dict[str, Any] = json.loads(self.layout.state_file.read_text())
        return content

    def supervisor(self) -> psutil.Process:
        """The supervisor's process."""
        return psutil.Process(self.file()["supervisor"]["pid"])

    def process(self, part: str) -> psutil.Process:
        """The main process of a part."""
        return psutil.Process(self.file()["parts"][part]["pid"])

    def look(self) -> None:
        """Remember all processes below the supervisor."""
        if not self.layout.state_file.exists():
            return
        try:
            family = [self.supervisor(), *self.supervisor().children(recursive=True)]
        except psutil.NoSuchProcess:
            return
        self.seen.update(found for process in family if (found := Identity.of(process.pid)) is not None)

    def alive(self) -> list[str]:
        """Those of `seen` that still run."""
        return [str(process) for identity in self.seen if (process := identity.process()) is not None]

    def open_ports(self) -> list[int]:
        """Those of the stack's ports on which somebody listens."""
        ports = json.loads(self.layout.ports_file.read_text())
        return [port for port in [*ports.values(), self.settings.http.port] if not is_free(port)]

    def remove(self) -> None:
        """End what a failed test left, and remove the directory."""
        down(self.settings)
        remove_var_dir(self.var_dir)


def eventually(ask: Callable[[], T], what: str, timeout_s: float = WAIT_S) -> T:
    """Wait for an answer that is true; a file half way between two states counts as not yet."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        try:
            answer = ask()
        except (OSError, ValueError, KeyError, psutil.Error):
            answer = None  # type: ignore[assignment]
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"This did not come to pass within {timeout_s:.0f} s: {what}")
