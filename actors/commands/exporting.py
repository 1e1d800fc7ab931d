"""`scenestream segment --format`: where each video's export goes, and who writes it.

The writers are found by an entry point, because commands import nothing of the API. Knows files and the
command line; no format.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Protocol, cast, get_args

from actors.commands.inputs import Input, targets
from cluster.contract.vocabulary import EXPORT_FORMATS, Level
from cluster.errors import UsageError

GROUP = "scenestream.exports"
"""Of the entry point."""
_BEGINNING_BYTES = 4096
"""Every container of videos has a byte of 0 among so many; no text has one."""


class Writers(Protocol):
    """What is needed of `serve_app.exports.alone`."""

    @property
    def spoken(self) -> frozenset[str]:
        """Formats that hold what is said."""

    def filename(self, format_: str, video: str) -> str:
        """Name of the file for a video of this name."""

    def write(
        self,
        document: Mapping[str, Any],
        *,
        filename: str,
        format_: str,
        level: Level | None,
        image: Callable[[int], bytes | None],
    ) -> str:
        """The whole text; UsageError where the video has not what the format needs."""


def writers() -> Writers:
    """Those that are installed."""
    (found,) = entry_points(group=GROUP)
    return cast(Writers, found.load())


def checked(format_: str, level: str | None) -> Level | None:
    """The level. UsageError for a format or level that does not exist."""
    if format_ not in EXPORT_FORMATS:
        raise UsageError(f"--format is one of {', '.join(EXPORT_FORMATS)}, not '{format_}'.")
    if level not in (None, *get_args(Level)):
        raise UsageError(f"--level is one of {', '.join(get_args(Level))}, not '{level}'.")
    return cast("Level | None", level)


def _is_no_text(file: Path) -> bool:
    """Whether there is a file that holds something else than text: a video, for which a shell's * stood."""
    if not file.is_file():
        return False
    with file.open("rb") as content:
        return b"\0" in content.read(_BEGINNING_BYTES)


def export_files(
    inputs: Sequence[Input], out: Path | None, name_of: Callable[[str], str]
) -> dict[Input, Path]:
    """The file that each video's export goes to; none for stdout.

    UsageError where it cannot be made, or would be one of the videos.
    """
    if out is None:
        if len(inputs) > 1:
            raise UsageError("Several videos need a folder for their exports: -o FOLDER.")
        return {}
    if len(inputs) == 1 and not out.is_dir():
        if not out.resolve().parent.is_dir():
            raise UsageError(f"There is no folder to write {out} to.")
        files = [out]
    else:
        if out.exists() and not out.is_dir():
            raise UsageError(f"{out} is a file; for several videos -o names a folder.")
        files = targets(inputs, lambda one: out / name_of(one.name))
    videos = {Path(one.word).resolve() for one in inputs}
    for file in files:
        if file.resolve() in videos or _is_no_text(file):
            raise UsageError(f"{file} is no export and would be lost; -o names the file to write.")
    if len(inputs) > 1:
        out.mkdir(parents=True, exist_ok=True)
    return dict(zip(inputs, files, strict=True))
