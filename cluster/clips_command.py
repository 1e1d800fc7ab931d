"""`scenestream clips ID`: have segments of a video cut on the cluster, and fetch the files.

Knows the client and the terminal; the cutting is done where the video is. Files come by the addresses the API
gives, which carry their own permission, and are checked against their SHA-256.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from cluster import terminal
from cluster.cli_options import ApiKey
from cluster.client import Client
from cluster.clip_names import DEFAULT_PATTERN
from cluster.clip_orders import clip_order
from cluster.errors import InvalidSettingsError, ScenestreamError, UnavailableError
from cluster.local.address import api_url
from cluster.settings import get_settings

POLL_S = 0.5
PATIENCE_S = 120.0  # how long silence is borne: about twice what a restart takes
ENDS = frozenset({"done", "failed", "cancelled"})
_BLOCK_BYTES = 1 << 20
_TIMEOUT_S = 60.0


def clips(
    video_id: Annotated[str, typer.Argument(metavar="ID", show_default=False, help="A video that is done.")],
    level: Annotated[str, typer.Option(help="shot, scene or chapter")] = "shot",
    mode: Annotated[
        str, typer.Option(help="exact: to the frame, coded anew. copy: as coded, from key frames on.")
    ] = "exact",
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Fetch the files into this folder.")] = None,
    archive: Annotated[
        Path | None, typer.Option("--zip", metavar="FILE", help="Fetch them as one zip archive.")
    ] = None,
    pattern: Annotated[str, typer.Option(help="Names of the files.")] = DEFAULT_PATTERN,
    index: Annotated[list[int] | None, typer.Option(help="Only this segment; repeatable.")] = None,
    label: Annotated[
        list[str] | None, typer.Option(help="Only segments with this label; repeatable.")
    ] = None,
    tag: Annotated[list[str] | None, typer.Option(help="Only what shows this; repeatable.")] = None,
    min_s: Annotated[float | None, typer.Option(help="Only segments at least so long.")] = None,
    max_s: Annotated[float | None, typer.Option(help="Only segments at most so long.")] = None,
    container: Annotated[str, typer.Option(help="auto, mp4 or mkv")] = "auto",
    crf: Annotated[int, typer.Option(help="exact: quality, 0 is lossless.")] = 18,
    height: Annotated[int | None, typer.Option(help="exact: at most so many rows of pixels.")] = None,
    sound: Annotated[bool, typer.Option("--sound/--no-sound", help="With or without sound.")] = True,
    api_key: ApiKey = None,
) -> None:
    """Cut a video's segments into files on the cluster; with --out or --zip, fetch them.

    Prints the clips' id, then a line for each file that was fetched.
    """
    select = {"indices": index, "labels": label, "tags": tag, "min_s": min_s, "max_s": max_s}
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
        made = _waited(client, video_id, made["id"])
        base_url = client.base_url
        if made["progress"]["done"] and archive is not None:
            _fetch(base_url, made["archive"], archive)
            print(archive)
        if out is not None:
            _fetch_all(base_url, made, out)
    if made["state"] != "done":
        error = made["error"] or {}
        raise ScenestreamError(f"{made['id']}: {error.get('message') or 'it was ' + made['state']}")


def _waited(client: Client, video_id: str, clips_id: str) -> Any:
    """Follow them to their end; an API that restarts is waited for."""
    answered_at = time.monotonic()
    with terminal.bar(f"cutting {video_id[:8]}", 1.0) as at:
        while True:
            try:
                seen: Any = client.clips_of(video_id, clips_id)
                answered_at = time.monotonic()
            except UnavailableError:
                if time.monotonic() - answered_at > PATIENCE_S:
                    raise
            else:
                at(seen["progress"]["fraction"])
                if seen["state"] in ENDS:
                    return seen
            time.sleep(POLL_S)


def _fetch_all(base_url: str, made: Any, folder: Path) -> None:
    """Every clip that was made, and the tables beside them."""
    folder.mkdir(parents=True, exist_ok=True)
    there = [file for file in made["files"] if file["url"]]
    total = sum(file["bytes"] for file in there)
    done = 0
    with terminal.bar("fetching", float(max(1, total))) as at:
        for file in there:
            before = done

            def count(got: int, before: int = before) -> None:
                at(float(before + got))

            target = folder / Path(file["name"]).name
            if _fetch(base_url, file["url"], target, count) != file["sha256"]:
                raise ScenestreamError(f"{target} did not arrive as it was sent; fetch it again.")
            done += file["bytes"]
            print(target, flush=True)


def _fetch(base_url: str, url: str, target: Path, on_bytes: Callable[[int], None] = lambda _: None) -> str:
    """One file, whole or not at all; its SHA-256."""
    growing = target.with_name(f".{target.name}.part")
    sha256, got = hashlib.sha256(), 0
    try:
        with (
            httpx.stream("GET", f"{base_url}{url}", timeout=_TIMEOUT_S) as answer,
            growing.open("wb") as file,
        ):
            if not answer.is_success:
                raise UnavailableError(f"{target.name} could not be fetched ({answer.status_code}).")
            for block in answer.iter_bytes(_BLOCK_BYTES):
                file.write(block)
                sha256.update(block)
                got += len(block)
                on_bytes(got)
        growing.replace(target)
    except httpx.TransportError as error:
        raise UnavailableError(f"{target.name} broke off ({error or type(error).__name__}).") from error
    except OSError as error:
        raise ScenestreamError(f"{target} cannot be written: {error.strerror}.") from error
    finally:
        growing.unlink(missing_ok=True)
    return sha256.hexdigest()
