"""`scenestream segments` and `export`: print a video's segments as a table, or write an export.

Uses the client; does not know how results are made.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from cluster import terminal
from cluster.client import Client
from cluster.commands.api_key import ApiKey
from cluster.contract.index_ranges import parse_index_ranges
from cluster.contract.vocabulary import EXPORT_FORMATS, LEVELS
from cluster.errors import ScenestreamError
from cluster.local.address import api_url
from cluster.settings import get_settings


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


def export(
    video_id: Annotated[str, typer.Argument(metavar="ID")],
    format_: Annotated[str, typer.Option("--format", help=" ".join(EXPORT_FORMATS))],
    level: Annotated[str | None, typer.Option(help="shot, scene or chapter")] = None,
    only: Annotated[
        str | None,
        typer.Option("--segments", metavar="0-3,7", help="Only these of the level: numbers and ranges."),
    ] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="A file instead of stdout.")] = None,
    api_key: ApiKey = None,
) -> None:
    """The result in a format that other tools read."""
    if format_ not in EXPORT_FORMATS:
        _wrong_usage(f"--format is one of {', '.join(EXPORT_FORMATS)}, not '{format_}'.")
    if level not in (None, *LEVELS):
        _wrong_usage(f"--level is one of {', '.join(LEVELS)}, not '{level}'.")
    if only is not None:
        try:
            parse_index_ranges(only)
        except ValueError as error:
            _wrong_usage(f"--segments: {error}")
    if output is not None and not output.resolve().parent.is_dir():
        _wrong_usage(f"There is no folder to write {output} to.")
    with _client(api_key) as client:
        content = client.export(video_id, format_=format_, level=level, segments=only)
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
