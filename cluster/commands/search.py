"""`scenestream search`: prints moments by words as a table for people, or as JSON.

Uses the client; does not know how moments are found.
"""

from __future__ import annotations

import json
import sys
from itertools import islice
from typing import Annotated, NoReturn, cast

import typer

from cluster import terminal
from cluster.client import Client
from cluster.commands.api_key import ApiKey
from cluster.contract.vocabulary import MOMENT_SOURCES, MomentSource
from cluster.local.address import api_url
from cluster.settings import get_settings


def search(
    words: Annotated[
        str, typer.Argument(metavar="WORDS", help='Words, "a phrase" in double quotes, -excluded.')
    ],
    video_id: Annotated[str | None, typer.Argument(metavar="ID", help="Only in this video.")] = None,
    sources: Annotated[
        str | None,
        typer.Option("--from", metavar="SOURCE,…", help=f"Only by {', '.join(MOMENT_SOURCES)}."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many moments.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array instead of a table.")] = False,
    api_key: ApiKey = None,
) -> None:
    """Moments of videos by words said, shown, or in titles, tags and names; best first. Where the
    installation can, also what means the same in other words.
    """
    with Client(api_url(get_settings()), api_key=api_key) as client:
        moments = client.search(words, video_id=video_id, sources=_named(sources))
        found = list(islice(moments, limit))
    if as_json:
        json.dump(found, sys.stdout, indent=1, ensure_ascii=False)
        print()
    elif found:
        terminal.print_moments(found, with_video=video_id is None)
    else:
        print("No moment has these words, or means the same.", file=sys.stderr)


def _named(sources: str | None) -> list[MomentSource] | None:
    """The sources of `--from`; None for all. Ends the program for a name that is none."""
    if sources is None:
        return None
    names = [name.strip() for name in sources.split(",") if name.strip()]
    if not names or not set(names) <= set(MOMENT_SOURCES):
        _wrong_usage(f"--from is a list of {', '.join(MOMENT_SOURCES)}, not '{sources}'.")
    return cast(list[MomentSource], names)


def _wrong_usage(message: str) -> NoReturn:
    print(message, file=sys.stderr)
    raise typer.Exit(2)
