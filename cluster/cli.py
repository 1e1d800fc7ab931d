"""The command line: `scenestream …`.

Knows which commands there are and their exit codes (0 done, 1 the work failed, 2 wrong usage). Only the
wanted command's module is loaded: some bring along drivers and web clients, whose import takes longer than
their work. Commands that need more than the ground floor (`segment`) come in through the entry point group
`scenestream.commands`, so nothing above `cluster` is imported here.
"""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module
from importlib.metadata import entry_points

import typer

from cluster.errors import InvalidSettingsError, ScenestreamError

_COMMANDS = {
    "up": "cluster.commands.stack",
    "down": "cluster.commands.stack",
    "status": "cluster.commands.stack",
    "submit": "cluster.commands.submit",
    "segments": "cluster.commands.results",
    "export": "cluster.commands.results",
    "keys": "cluster.commands.keys",
    "top": "cluster.commands.top.command",
    "doctor": "cluster.commands.doctor.command",
}
"""Name → the module with a function of that name, or with a Typer `app` of commands below it."""


def build(wanted: str | None = None) -> typer.Typer:
    """The program with one command, or with all of them (for the help, or a name nobody knows)."""
    app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    app.callback()(_program)  # or a single command would be the program itself
    points = entry_points(group="scenestream.commands")
    if wanted not in _COMMANDS and wanted not in points.names:
        wanted = None
    for name, path in _COMMANDS.items():
        if wanted in (None, name):
            module = import_module(path)
            if hasattr(module, "app"):
                app.add_typer(module.app, name=name)
            else:
                app.command(name)(getattr(module, name))
    for point in points:
        if wanted in (None, point.name):
            app.command(point.name)(point.load())
    return app


def _program() -> None:
    """Videos as shots, scenes and chapters."""


def main() -> None:
    """Entry point: run the command, turn the project's errors into a sentence and an exit code."""
    _settle_process()
    try:
        build(next((word for word in sys.argv[1:] if not word.startswith("-")), None))()
    except InvalidSettingsError as error:
        sys.exit(_say(error, 2))
    except ScenestreamError as error:
        sys.exit(_say(error, 1))
    finally:
        # what is left ends with the process: searching it all for cycles takes half a second with torch
        # loaded
        gc.freeze()


def _settle_process() -> None:
    """What a short-lived process wants of its interpreter and libraries, before they are loaded."""
    # modules are hundreds of thousands of objects that never become garbage
    gc.set_threshold(100_000, 50, 1000)
    # numpy's products are tiny here, and its other threads would take processors away by waiting for them
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def _say(error: ScenestreamError, code: int) -> int:
    print(f"{error.message}", file=sys.stderr)
    return code
