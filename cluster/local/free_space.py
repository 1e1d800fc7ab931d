"""Free space of the places of this machine that a process fills: media, var/ and temporary files.

Knows the settings that name them; not what lies there, nor who fills it.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from cluster.settings import Settings


@dataclass(frozen=True, slots=True)
class FreeSpace:
    """Free bytes of one file system, for users without privileges. `what`: what lies there; `path`: where."""

    what: str
    path: Path
    free_bytes: int


def free_spaces(settings: Settings) -> list[FreeSpace]:
    """The file systems of media (where they are a directory), of var/ and of temporary files, each once.

    A directory that is not there yet counts as its nearest parent. Raises OSError where none can be asked.
    """
    found: dict[int, FreeSpace] = {}
    for what, wanted in _places(settings):
        path = next(one for one in (wanted, *wanted.parents) if one.exists())
        device, free_bytes = path.stat().st_dev, shutil.disk_usage(path).free
        earlier = found.get(device)
        found[device] = FreeSpace(what if earlier is None else f"{earlier.what}, {what}", path, free_bytes)
    return list(found.values())


def _places(settings: Settings) -> Iterator[tuple[str, Path]]:
    media = urlsplit(settings.media_url)
    if media.scheme == "file":
        yield "media", Path(unquote(media.path))
    yield "var", Path(settings.var_dir).expanduser().absolute()
    yield "temporary files", Path(tempfile.gettempdir())
