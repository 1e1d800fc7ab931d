"""`scenestream segment FILE…`: segments videos in this process, without Ray and without servers.

Found by `cluster.cli` through the entry point group `scenestream.commands`. It is not part of the library,
because presets and their validation belong to `cluster`, which the library does not import. Knows the library
and the command line; imports no Ray and no store.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from actors.commands.documents import document_name
from actors.commands.inputs import WRONG_USAGE, Input, find_inputs, for_each, stop, targets
from actors.segmentation import Limits, Timeline, segment_file
from actors.segmentation.networks.loading import ModelsLoading
from actors.segmentation.timeline import LEVELS
from cluster import terminal
from cluster.commands.options import Assignments, Preset
from cluster.errors import UsageError
from cluster.segment_settings import parse_assignments, resolve
from cluster.settings import LogSettings, get_settings
from cluster.telemetry import logs

STDOUT = "-"
_BEGINNING_BYTES = 64
"""Enough to see the bracket with which a document begins, white space before it included."""

Words = Annotated[
    list[str],
    typer.Argument(metavar="FILE", show_default=False, help="Video files, pipes; - for stdin."),
]


def segment(
    files: Words,
    json_out: Annotated[
        str | None,
        typer.Option(
            "--json",
            metavar="OUT",
            help="Write the result as JSON: a file (- for stdout), or for several videos a folder.",
        ),
    ] = None,
    preset: Preset = None,
    set_: Assignments = None,
) -> None:
    """Segment videos here: no servers, the same library, the same result.

    A video that fails does not stop the others; the exit code is 1 then.
    """
    logs.configure(get_settings().with_values(log=LogSettings(level="WARNING")))
    try:
        settings = resolve(preset, parse_assignments(set_ or []))
        inputs = find_inputs(files)
        written = _json_files(inputs, json_out) if json_out is not None else {}
    except (UsageError, OSError) as error:
        raise stop(str(error), WRONG_USAGE) from error
    several = len(inputs) > 1
    segmenter = Segmenter(settings, several=several)

    def work(one: Input, path: Path) -> None:
        timeline = segmenter.timeline(path, one.name)
        if json_out is None:
            _print(timeline, f"{one.word}: " if several else "")
            return
        _write(timeline, written.get(one))
        if several:
            print(written[one], flush=True)

    for_each(inputs, segmenter.limits, work)


class Segmenter:
    """Segments files one after the other with the same settings, each with a progress bar."""

    def __init__(self, settings: dict[str, Any], *, several: bool) -> None:
        """`several`: the networks are loaded once and kept. A single file frees them before its fusion."""
        self._settings = settings
        self._models = ModelsLoading() if several else None
        self.limits = Limits(**get_settings().limits.model_dump())

    def timeline(self, path: Path, name: str) -> Timeline:
        """The timeline of a file that is called `name`; its warnings go to stderr.

        MediaError and OSError as the library raises them.
        """
        with terminal.bar(f"segmenting {name}", 1.0) as at:
            timeline = segment_file(
                path,
                self._settings,
                models=self._models,
                limits=self.limits,
                on_progress=lambda done, total: at(done / max(1, total)),
            )
        for warning in timeline.warnings:
            print(f"{name}: warning: {warning.message}", file=sys.stderr)
        return timeline


def _json_files(inputs: list[Input], out: str) -> dict[Input, Path]:
    """The file that each video's document goes to; none for stdout. UsageError where it cannot be made."""
    if out == STDOUT:
        if len(inputs) > 1:
            raise UsageError("--json - takes one video; name a folder for several.")
        return {}
    path = Path(out)
    if len(inputs) == 1 and not path.is_dir():
        if not path.resolve().parent.is_dir():
            raise UsageError(f"There is no folder to write {path} to.")
        return {inputs[0]: _replaceable(path)}
    if path.exists() and not path.is_dir():
        raise UsageError(f"{path} is a file; for several videos --json names a folder.")
    files = [_replaceable(file) for file in targets(inputs, lambda one: path / document_name(one))]
    path.mkdir(parents=True, exist_ok=True)
    return dict(zip(inputs, files, strict=True))


def _replaceable(file: Path) -> Path:
    """The file itself. UsageError if it holds something else than a document: `--json a.mp4 b.mp4` names a
    video where a document is to be written."""
    if file.is_file():
        with file.open("rb") as content:
            beginning = content.read(_BEGINNING_BYTES).lstrip()
        if beginning and not beginning.startswith(b"{"):
            raise UsageError(f"{file} is no JSON document and would be lost; --json names the file to write.")
    return file


def _write(timeline: Timeline, file: Path | None) -> None:
    document = json.dumps(timeline.to_document(), ensure_ascii=False, indent=1)
    if file is None:
        print(document)
    else:
        file.write_text(document + "\n", encoding="utf-8")


def _print(timeline: Timeline, whose: str) -> None:
    """Print the shots (without a picture: the scenes), and before them each coarser level that has two or
    more segments."""
    finest = [level for level in LEVELS if timeline.level(level)][-1]
    for level in LEVELS:
        segments = timeline.level(level)
        if len(segments) > 1 or level == finest:
            print(f"{whose}{len(segments)} {level}{'' if len(segments) == 1 else 's'}")
            terminal.print_segments([segment.to_dict() for segment in segments])
