"""`scenestream edit`: corrects the segments of a video by a cut list that was made elsewhere.

Uses the client; `cluster.cut_lists` reads the file.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from cluster.client import Client
from cluster.commands.api_key import ApiKey
from cluster.contract.vocabulary import LEVELS
from cluster.cut_lists.coarser import with_coarser
from cluster.cut_lists.film import Film
from cluster.cut_lists.reading import read_cut_list
from cluster.errors import ConflictError
from cluster.local.address import api_url
from cluster.settings import get_settings


def edit(
    video_id: Annotated[str, typer.Argument(metavar="ID")],
    source: Annotated[
        Path, typer.Option("--from", metavar="FILE", help="A cut list: .csv, .edl, .json, or .txt.")
    ],
    level: Annotated[
        str | None, typer.Option(help="Correct this one alone; shot where the file does not say.")
    ] = None,
    note: Annotated[str | None, typer.Option(help="Kept with the revision.")] = None,
    revision: Annotated[
        int | None, typer.Option(min=1, help="The revision that the file was made from; the current one.")
    ] = None,
    api_key: ApiKey = None,
) -> None:
    """Correct the segments of a video: a new revision, which later fusions respect."""
    if level not in (None, *LEVELS):
        print(f"--level is one of {', '.join(LEVELS)}, not '{level}'.", file=sys.stderr)
        raise typer.Exit(2)
    with Client(api_url(get_settings()), api_key=api_key) as client:
        video = client.video(video_id)
        if video["state"] != "done":
            raise ConflictError(f"The video is {video['state']}; it is corrected while it is done.")
        segments = list(client.segments(video_id))
        film = Film.of(video["media"] or {}, segments)
        cuts = read_cut_list(source, film, level)
        lists = cuts.lists
        if not cuts.is_body and revision in (None, video["revision"]):  # else the API says what is wrong
            lists = with_coarser(lists, segments, fps=film.fps)
        made = client.correct(
            video_id, revision=revision or video["revision"], note=note or cuts.note, **lists
        )
    counts = ", ".join(f"{made['counts'].get(one, 0)} {one}s" for one in reversed(LEVELS))
    print(f"Revision {made['revision']}: {counts}.")
