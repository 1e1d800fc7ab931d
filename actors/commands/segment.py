"""`scenestream segment FILE`: segments one video in this process, without Ray and without servers.

Found by `cluster.cli` through the entry point group `scenestream.commands`. It is not part of the library,
because presets and their validation belong to `cluster`, which the library does not import. Knows the library
and the command line; imports no Ray and no store.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from actors.segmentation import Limits, MediaError, Timeline, segment_file
from actors.segmentation.timeline import LEVELS
from cluster import terminal
from cluster.commands.options import Assignments, Preset
from cluster.errors import InvalidSettingsError
from cluster.segment_settings import parse_assignments, resolve
from cluster.settings import LogSettings, get_settings
from cluster.telemetry import logs

FAILED, WRONG_USAGE = 1, 2
"""Exit codes of all commands: the work failed; the command was called wrongly (as typer's own errors)."""


def segment(
    file: Annotated[Path, typer.Argument(metavar="FILE", show_default=False, help="A video file.")],
    json_out: Annotated[
        Path | None, typer.Option("--json", metavar="OUT", help="Write the result as JSON.")
    ] = None,
    preset: Preset = None,
    set_: Assignments = None,
) -> None:
    """Segment one video here: no servers, the same library, the same result."""
    logs.configure(get_settings().with_values(log=LogSettings(level="WARNING")))
    try:
        settings = resolve(preset, parse_assignments(set_ or []))
    except InvalidSettingsError as error:
        raise stop(error.message, WRONG_USAGE) from error
    if not file.is_file():
        raise stop(f"No such file: {file}", WRONG_USAGE)
    if json_out is not None and not json_out.resolve().parent.is_dir():
        raise stop(f"There is no folder to write {json_out} to.", WRONG_USAGE)
    try:
        timeline = segmented(file, settings)
        if json_out is not None:
            document = json.dumps(timeline.to_document(), ensure_ascii=False, indent=1)
            json_out.write_text(document + "\n", encoding="utf-8")
    except (MediaError, OSError) as error:
        raise stop(f"{file.name}: {error}", FAILED) from error
    if json_out is None:
        _print(timeline)


def segmented(file: Path, settings: dict[str, object]) -> Timeline:
    """The file's timeline, with a progress bar. MediaError and OSError as the library raises them."""
    limits = Limits(**get_settings().limits.model_dump())
    with terminal.bar(f"segmenting {file.name}", 1.0) as at:
        return segment_file(
            file, settings, limits=limits, on_progress=lambda done, total: at(done / max(1, total))
        )


def _print(timeline: Timeline) -> None:
    """Print the shots, and before them chapters and scenes where there are two or more of them."""
    for level in LEVELS:
        segments = timeline.level(level)
        if len(segments) > 1 or level == LEVELS[-1]:
            print(f"{len(segments)} {level}{'' if len(segments) == 1 else 's'}")
            terminal.print_segments([segment.to_dict() for segment in segments])


def stop(message: str, code: int) -> typer.Exit:
    """Print the message on stderr; returns the exception to raise, which ends the command with this code."""
    Console(stderr=True).print(message, markup=False, highlight=False)
    return typer.Exit(code)
