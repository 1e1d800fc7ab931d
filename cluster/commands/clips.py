"""`scenestream clips ID`: orders clips of a video's segments, waits for them, downloads the files.

Uses the client, which checks each file's SHA-256. The cluster cuts the clips.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cluster import terminal
from cluster.client import Client
from cluster.clips.orders import clip_order
from cluster.commands.api_key import ApiKey
from cluster.commands.options import (
    Container,
    Crf,
    CutLevel,
    CutMode,
    Height,
    Labels,
    MaxSeconds,
    MinSeconds,
    NamePattern,
    NotRoles,
    Roles,
    Sound,
)
from cluster.contract.clips import DEFAULT_PATTERN
from cluster.errors import InvalidSettingsError, ScenestreamError
from cluster.local.address import api_url
from cluster.settings import get_settings


def clips(
    video_id: Annotated[str, typer.Argument(metavar="ID", show_default=False, help="A video that is done.")],
    level: CutLevel = "shot",
    mode: CutMode = "exact",
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Fetch the files into this folder.")] = None,
    archive: Annotated[
        Path | None, typer.Option("--zip", metavar="FILE", help="Fetch them as one zip archive.")
    ] = None,
    pattern: NamePattern = DEFAULT_PATTERN,
    index: Annotated[list[int] | None, typer.Option(help="Only this segment; repeatable.")] = None,
    label: Labels = None,
    tag: Annotated[list[str] | None, typer.Option(help="Only what shows this; repeatable.")] = None,
    role: Roles = None,
    not_role: NotRoles = None,
    min_s: MinSeconds = None,
    max_s: MaxSeconds = None,
    container: Container = "auto",
    crf: Crf = 18,
    height: Height = None,
    sound: Sound = True,
    api_key: ApiKey = None,
) -> None:
    """Cut a video's segments into files on the cluster; with --out or --zip, fetch them.

    Prints the clips' id, then a line for each file that was fetched.
    """
    select = {
        "indices": index, "labels": label, "tags": tag, "roles": role, "not_roles": not_role,
        "min_s": min_s, "max_s": max_s,
    }  # fmt: skip
    order = clip_order(
        {
            "level": level,
            "mode": mode,
            "select": {name: value for name, value in select.items() if value not in (None, [])},
            "pattern": pattern,
            "container": container,
            "crf": crf,
            "height": height,
            "sound": sound,
        }
    )
    if archive is not None and not archive.resolve().parent.is_dir():
        raise InvalidSettingsError(f"There is no folder to write {archive} to.")
    if out is not None and out.exists() and not out.is_dir():
        raise InvalidSettingsError(f"{out} is a file; name a folder.")
    with Client(api_url(get_settings()), api_key=api_key) as client:
        made: Any = client.make_clips(video_id, **order.model_dump(mode="json", exclude_unset=True))
        print(made["id"], flush=True)
        made = _wait(client, video_id, made["id"])
        if archive is not None and made["archive"]:
            client.save_archive(video_id, made["id"], archive)
            print(archive)
        elif archive is not None:
            why = f"there is no archive of clips that are {made['state']}"
            typer.echo(f"{archive} was not written: {why}.", err=True)
        if out is not None:
            _download_all(client, made, out)
    if made["state"] != "done":
        error = made["error"] or {}
        raise ScenestreamError(f"{made['id']}: {error.get('message') or 'it was ' + made['state']}")


def _wait(client: Client, video_id: str, clips_id: str) -> Any:
    """Show the progress until the order has ended; returns the order."""
    with terminal.bar(f"cutting {video_id[:8]}", 1.0) as at:
        return client.wait_for_clips(
            video_id, clips_id, on_clips=lambda seen: at(seen["progress"]["fraction"])
        )


def _download_all(client: Client, made: Any, folder: Path) -> None:
    """Download every clip of the order into `folder` and print its path."""
    folder.mkdir(parents=True, exist_ok=True)
    there = [file for file in made["files"] if file["url"]]
    total = sum(file["bytes"] for file in there)
    done = 0
    with terminal.bar("fetching", float(max(1, total))) as at:
        for file in there:

            def count(got: int, before: int = done) -> None:
                at(float(before + got))

            target = folder / Path(file["name"]).name
            client.save_clip(
                made["video_id"], made["id"], file["name"], target, sha256=file["sha256"], on_bytes=count
            )
            done += file["bytes"]
            print(target, flush=True)
