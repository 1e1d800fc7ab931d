"""The commands `scenestream backup` and `scenestream restore`.

What they do is in `cluster/stores/backup`.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from cluster import terminal
from cluster.commands.installation import operators_stores
from cluster.settings import get_settings
from cluster.stores.backup.manifest import Manifest
from cluster.stores.backup.restoring import restore as restore_backup
from cluster.stores.backup.saving import save
from cluster.stores.checking.limits import Limits
from cluster.stores.checking.looking import tidy

_TOLD = 3
"""Ids of what was not there that are printed; all of them are in the manifest."""


def backup(folder: Annotated[Path, typer.Argument(help="A new folder, or an empty one.")]) -> None:
    """Copy all stores and the media as they are at one moment, while work goes on."""
    with operators_stores(get_settings()) as stores, terminal.steps() as step:
        made = save(stores.jobs, stores.inventory, stores.media, folder, step)
    print(f"{folder}: {_told(made)}.")
    missing = made.missing
    lost = {"results": missing.timelines, "files": missing.files, "uploads": missing.uploads}
    for what, ids in lost.items():
        if ids:
            told = ", ".join(ids[:_TOLD]) + (", …" if len(ids) > _TOLD else "")
            print(f"{len(ids)} {what} were not there: {told}", file=sys.stderr)


def restore(folder: Annotated[Path, typer.Argument(help="What `backup` has made.")]) -> None:
    """Bring a backup into an empty installation. API keys and secrets are those of the backup then."""
    settings = get_settings()
    with operators_stores(settings) as stores, terminal.steps() as step:
        limits = Limits(settings.lease.max_attempts, grace_s=0.0)
        made = restore_backup(
            stores.jobs,
            stores.inventory,
            stores.results,
            stores.media,
            folder,
            partial(tidy, stores, limits),
            step,
        )
    print(f"Restored {_told(made)}. `scenestream check` looks through it.")


def _told(made: Manifest) -> str:
    gone = f", without {len(made.missing.videos)} videos deleted meanwhile" if made.missing.videos else ""
    return (
        f"the state of {made.created_at}, schema {made.schema_version}, "
        f"{made.media_files} files of {made.media_bytes} bytes{gone}"
    )
