"""A command as a process of its own, and what it cost: time on the wall, time of the processors, memory.

Knows how to start and measure; not which commands are worth it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

LAUNCHER = Path(__file__).with_name("launcher.py")
TIMEOUT_S = 3 * 3600.0
"""Only a command that hangs should ever meet it."""


class CommandError(RuntimeError):
    """The command did not do its work; the message says which, and its last words."""


@dataclass(frozen=True)
class Cost:
    """`cpu_s`: user and system time of the process and its children. `peak_rss_bytes`: resident at most."""

    wall_s: float
    cpu_s: float
    peak_rss_bytes: int


def run(command: Sequence[str | Path], timeout_s: float = TIMEOUT_S) -> Cost:
    """Run a command to its end. CommandError if it fails or takes longer than `timeout_s`."""
    words = [str(word) for word in command]
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        out = Path(folder, "cost.json")
        launched = subprocess.run(
            [sys.executable, LAUNCHER, out, str(timeout_s), *words],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        said = launched.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        if not out.exists():
            raise CommandError(f"{words[0]} could not be started: {said[0]}")
        told = json.loads(out.read_text(encoding="utf-8"))
    name = Path(words[0]).name
    if told["timed_out"]:
        raise CommandError(f"{name} was stopped after {timeout_s:.0f} s")
    if told["exit_code"]:
        raise CommandError(f"{name} ended with code {told['exit_code']}: {said[0]}")
    return Cost(told["wall_s"], told["cpu_s"], told["peak_rss_bytes"])
