"""Shared state of the supervisor's threads: the state of every part, written to stack.json at each change.

Thread-safe; threads wait for a state with a condition variable. Knows no particular part.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import structlog

from cluster.local.layout import Layout
from cluster.local.state import PartHealth, PartState, Phase, StackFile

log = structlog.get_logger(__name__)


class Board:
    """The current StackFile. A change is written to disk before other threads can read it."""

    def __init__(self, layout: Layout, first: StackFile) -> None:
        self._layout = layout
        self._file = first
        self._changed = threading.Condition(threading.RLock())
        first.write(layout)

    @property
    def file(self) -> StackFile:
        """The current state, immutable."""
        return self._file

    def enter(self, phase: Phase, error: str = "") -> None:
        """Change the phase of the stack and log it. `error`: why a phase ends the stack."""
        log.info("stack", phase=phase.value, **({"error": error} if error else {}))
        self.change(phase=phase, error=error)

    def change(self, **values: Any) -> None:
        """Replace top-level fields."""
        with self._changed:
            self._file = replace(self._file, **values)
            self._file.write(self._layout)
            self._changed.notify_all()

    def put(self, name: str, **values: Any) -> PartState:
        """Replace fields of one part; a change of its health is logged."""
        with self._changed:
            before = self._file.parts[name]
            after = replace(before, **values)
            if after != before:
                self.change(parts={**self._file.parts, name: after})
        if after.state != before.state:
            event = log.error if after.state is PartHealth.FAILED else log.info
            event("part", part=name, state=after.state.value, was=before.state.value, detail=after.detail)
        return after

    def wait_for(self, ready: Callable[[StackFile], bool], timeout_s: float) -> bool:
        """Block until `ready` is true of the state; False after `timeout_s`."""
        with self._changed:
            return self._changed.wait_for(lambda: ready(self._file), timeout_s)
