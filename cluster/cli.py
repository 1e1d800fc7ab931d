"""The command line: `scenestream …`.

Knows the commands, what they print and their exit codes (0 done, 1 the work failed, 2 wrong usage).
Commands that need more than the ground floor (`segment`) come in through the entry point group
`scenestream.commands`, so nothing above `cluster` is imported here.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from cluster import terminal
from cluster.cli_options import ApiKey
from cluster.client import Client
from cluster.errors import InvalidSettingsError, ScenestreamError
from cluster.local import down as stop_stack
from cluster.local import status as stack_status
from cluster.local import up as start_stack
from cluster.local.address import api_url
from cluster.settings import get_settings
from cluster.submit_command import submit

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
LEVELS = ("shot", "scene", "chapter")
FORMATS = ("json", "csv", "webvtt", "edl", "otio", "fcpxml", "ffmetadata", "html")


@app.command()
def up(
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Where the page and the API listen.")
    ] = None,
    actors: Annotated[int | None, typer.Option(min=1, help="Number of segmentation actors.")] = None,
) -> None:
    """Start the whole stack on this machine, or find it running."""
    settings = get_settings()
    if settings.needs_key or not settings.http.on_loopback:
        from cluster.keys_command import refuse_unprotected  # loads drivers that `up` does without otherwise

        refuse_unprotected(settings)
    with terminal.steps() as step:
        state = start_stack(get_settings(), port=port, actors=actors, progress=step)
    terminal.print_parts(stack_status(get_settings()))
    print(f"Scenestream is at {state.api_url}")


@app.command()
def down() -> None:
    """Stop what `up` started; data stays in var/."""
    with terminal.steps() as step:
        ran = stop_stack(get_settings(), progress=step)
    print("Scenestream is stopped." if ran else "Scenestream was not running.")


@app.command()
def status() -> None:
    """A line for each part of the stack, with address and health."""
    parts = stack_status(get_settings())
    terminal.print_parts(parts)
    if not all(part.health == "healthy" for part in parts):
        raise typer.Exit(1)


app.command()(submit)


@app.command()
def segments(
    video_id: Annotated[str, typer.Argument(metavar="ID")],
    level: Annotated[str, typer.Option(help="shot, scene or chapter")] = "scene",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array instead of a table.")] = False,
    api_key: ApiKey = None,
) -> None:
    """The segments of a video."""
    if level not in LEVELS:
        _wrong_usage(f"--level is one of {', '.join(LEVELS)}, not '{level}'.")
    with _client(api_key) as client:
        found = list(client.segments(video_id, level=level))
    if as_json:
        json.dump(found, sys.stdout, indent=1)
        print()
    else:
        terminal.print_segments(found)


@app.command()
def export(
    video_id: Annotated[str, typer.Argument(metavar="ID")],
    format_: Annotated[str, typer.Option("--format", help=" ".join(FORMATS))],
    level: Annotated[str | None, typer.Option(help="shot, scene or chapter")] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="A file instead of stdout.")] = None,
    api_key: ApiKey = None,
) -> None:
    """The result in a format that other tools read."""
    if format_ not in FORMATS:
        _wrong_usage(f"--format is one of {', '.join(FORMATS)}, not '{format_}'.")
    if level not in (None, *LEVELS):
        _wrong_usage(f"--level is one of {', '.join(LEVELS)}, not '{level}'.")
    if output is not None and not output.resolve().parent.is_dir():
        _wrong_usage(f"There is no folder to write {output} to.")
    with _client(api_key) as client:
        content = client.export(video_id, format_=format_, level=level)
    if output is not None:
        try:
            output.write_bytes(content)
        except OSError as error:
            raise ScenestreamError(f"{output} cannot be written: {error.strerror}.") from error
    else:
        sys.stdout.buffer.write(content)


def _client(api_key: str | None) -> Client:
    return Client(api_url(get_settings()), api_key=api_key)


def _wrong_usage(message: str) -> NoReturn:
    print(message, file=sys.stderr)
    raise typer.Exit(2)


def main() -> None:
    """Entry point: run the command, turn the project's errors into a sentence and an exit code."""
    wanted = next((word for word in sys.argv[1:] if not word.startswith("-")), None)
    if wanted in (None, "keys"):
        from cluster import keys_command  # loads the database's driver, which other commands do without

        app.add_typer(keys_command.app, name="keys")
    for point in entry_points(group="scenestream.commands"):
        if wanted in (None, point.name):
            app.command(point.name)(point.load())
    try:
        app()
    except InvalidSettingsError as error:
        sys.exit(_say(error, 2))
    except ScenestreamError as error:
        sys.exit(_say(error, 1))


def _say(error: ScenestreamError, code: int) -> int:
    print(f"{error.message}", file=sys.stderr)
    return code
