"""The command line: `scenestream …`.

Maps each command name to the module that implements it and sets the exit code (0 done, 1 the work failed,
2 wrong usage). It imports only the module of the requested command, and none for `--version`: some commands
import drivers and web clients, which takes longer than the command itself. Commands of the packages above
`cluster` (`segment`) register in the entry point group `scenestream.commands`, so this module imports nothing
above `cluster`.
"""

from __future__ import annotations

import gc
import io
import os
import sys
from importlib import import_module
from importlib.metadata import entry_points, version
from typing import Annotated

import typer

from cluster.errors import InvalidSettingsError, ScenestreamError

DISTRIBUTION = "scenestream"

_COMMANDS = {
    "up": "cluster.commands.stack",
    "down": "cluster.commands.stack",
    "status": "cluster.commands.stack",
    "submit": "cluster.commands.submit",
    "segments": "cluster.commands.results",
    "export": "cluster.commands.results",
    "edit": "cluster.commands.edit",
    "search": "cluster.commands.search",
    "presets": "cluster.commands.presets",
    "keys": "cluster.commands.keys",
    "audit": "cluster.commands.audit",
    "top": "cluster.commands.top.command",
    "doctor": "cluster.commands.doctor.command",
    "check": "cluster.commands.check",
    "backup": "cluster.commands.backup",
    "restore": "cluster.commands.backup",
    "models": "cluster.commands.models",
}
"""Name → the module that has a function of that name, or a Typer `app` with subcommands."""


def build(wanted: str | None = None) -> typer.Typer:
    """Builds the Typer program with the command `wanted`, or with all (for the help, or an unknown name)."""
    app = _without_commands()
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


def _without_commands() -> typer.Typer:
    app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    app.callback()(_program)  # without a callback, Typer makes a single command the program itself
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"{DISTRIBUTION} {version(DISTRIBUTION)}")
        raise typer.Exit


def _program(
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version and exit."),
    ] = False,
) -> None:
    """Videos as shots, scenes and chapters."""


def main() -> None:
    """Entry point: run the command; print the project's errors as one sentence and set the exit code."""
    _tune_process()
    words = sys.argv[1:]
    command = next((word for word in words if not word.startswith("-")), None)
    try:
        app = _without_commands() if command is None and "--version" in words else build(command)
        app()
    except InvalidSettingsError as error:
        sys.exit(_print_error(error, 2))
    except ScenestreamError as error:
        sys.exit(_print_error(error, 1))
    finally:
        # the interpreter's last garbage collection takes half a second with torch loaded, for memory that the
        # operating system takes back anyway
        gc.freeze()


def _tune_process() -> None:
    """Sets the interpreter and libraries up for a short-lived process, before the libraries are imported."""
    # imported modules are hundreds of thousands of objects that never become garbage: collect rarely
    gc.set_threshold(100_000, 50, 1000)
    # file names need not be UTF-8: they are printed with the bytes that they have
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="surrogateescape")
    # numpy's matrix products are tiny here: OpenBLAS's other threads would only occupy cores by busy waiting
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def _print_error(error: ScenestreamError, code: int) -> int:
    print(f"{error.message}", file=sys.stderr)
    return code
