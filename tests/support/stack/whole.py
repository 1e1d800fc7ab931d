"""The whole stack for a test session: what `scenestream up` starts, on a port and in a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cluster.local import down, up
from cluster.local.environment import environment_of
from cluster.local.errors import MissingServerError
from cluster.local.ports import free_port
from cluster.settings import NO_MODEL, ModelSettings, Settings
from tests.support.servers.private import missing, new_var_dir, remove_var_dir


@dataclass(frozen=True)
class Stack:
    """A running stack: its address, its settings, and its command line."""

    url: str
    settings: Settings

    def cli(self, *arguments: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `scenestream …` against this stack, as a user's shell would."""
        return subprocess.run(
            [sys.executable, "-c", "from cluster.cli import main; main()", *map(str, arguments)],
            env={**os.environ, **environment_of(self.settings), "SCENESTREAM_API_URL": self.url},
            capture_output=True,
            text=True,
            timeout=240,
            check=check,
        )


@contextmanager
def running_stack() -> Iterator[Stack]:
    """Everything up; everything gone afterwards."""
    var_dir = new_var_dir()
    # Words would be looked for in every test's films, on two cores; tests of words say so.
    settings = Settings(var_dir=var_dir, models=ModelSettings(speech=NO_MODEL))
    try:
        state = up(settings, port=free_port(), actors=1, progress=lambda text: None)
        yield Stack(state.api_url, settings)
    except MissingServerError as error:
        missing(error.message)
    finally:
        down(settings)
        remove_var_dir(var_dir)
