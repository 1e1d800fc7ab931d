"""`scenestream segment FILE…`: segments videos in this process, without Ray and without servers.

Found by `cluster.cli` through the entry point group `scenestream.commands`. It is not part of the library,
because presets and their validation belong to `cluster`, which the library does not import. Knows the library
and the command line; imports no Ray and no store.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from actors.commands.documents import document_name
from actors.commands.exporting import Writers, checked, export_files, writers
from actors.commands.inputs import WRONG_USAGE, Input, find_inputs, for_each, stop, targets
from actors.meaning_model import meaning_model
from actors.segmentation import Limits, Timeline, segment_file
from actors.segmentation.meaning.errors import MeaningModelError
from actors.segmentation.networks.loading import ModelsLoading
from actors.segmentation.screen.loading import TextReadersLoading
from actors.segmentation.speech.recogniser import SpeechModelError
from actors.segmentation.timeline import LEVELS
from actors.speech_model import speech_model
from cluster import terminal
from cluster.commands.options import Assignments, Preset
from cluster.contract.vocabulary import EXPORT_FORMATS, Level
from cluster.errors import ScenestreamError, UsageError
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
    format_: Annotated[
        str | None,
        typer.Option("--format", metavar="F", help=f"An export: {' '.join(EXPORT_FORMATS)}."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="OUT", help="Of --format: a file, or for several videos a folder."
        ),
    ] = None,
    level: Annotated[str | None, typer.Option(help="Of --format: shot, scene or chapter.")] = None,
    preset: Preset = None,
    set_: Assignments = None,
) -> None:
    """Segment videos here: no servers, the same library, the same result.

    With --json, what is said is written down as well, where a speech model is there, and text in the picture
    is read. A video that fails does not stop the others; the exit code is 1 then.
    """
    logs.configure(get_settings().with_values(log=LogSettings(level="WARNING")))
    try:
        settings = resolve(preset, parse_assignments(set_ or []))
        inputs = find_inputs(files)
        written = _json_files(inputs, json_out) if json_out is not None else {}
        export = _Export.of(inputs, format_, output, level, beside_json=json_out is not None)
    except (UsageError, OSError) as error:
        raise stop(str(error), WRONG_USAGE) from error
    several = len(inputs) > 1
    words = json_out is not None or (export is not None and export.spoken)
    whole = json_out is not None or (export is not None and export.format_ == "json")
    segmenter = Segmenter(settings, several=several, words=words, text=whole)

    def work(one: Input, path: Path) -> None:
        images: dict[int, bytes] = {}
        keeps_images = export is not None and export.format_ == "html"
        timeline = segmenter.timeline(path, one.name, images if keeps_images else None)
        if export is not None:
            export.write(timeline, one, images)
            return
        if json_out is None:
            _print(timeline, f"{one.word}: " if several else "")
            return
        _write(timeline, written.get(one))
        if several:
            print(written[one], flush=True)

    for_each(inputs, segmenter.limits, work)


@dataclass(frozen=True, slots=True)
class _Export:
    """What --format asks for. files: of each video; none for stdout."""

    writers: Writers
    format_: str
    level: Level | None
    files: dict[Input, Path]

    @classmethod
    def of(
        cls,
        inputs: list[Input],
        format_: str | None,
        output: Path | None,
        level: str | None,
        *,
        beside_json: bool,
    ) -> _Export | None:
        """None without --format. UsageError where it cannot be done."""
        if format_ is None:
            if output is not None or level is not None:
                raise UsageError("-o and --level belong to --format.")
            return None
        if beside_json:
            raise UsageError("--json and --format do not go together; --format json is the same document.")
        of_level = checked(format_, level)
        found = writers()
        files = export_files(inputs, output, lambda name: found.filename(format_, name))
        return cls(found, format_, of_level, files)

    @property
    def spoken(self) -> bool:
        return self.format_ in self.writers.spoken

    def write(self, timeline: Timeline, one: Input, images: dict[int, bytes]) -> None:
        text = self.writers.write(
            timeline.to_document(),
            filename=one.name,
            format_=self.format_,
            level=self.level,
            image=images.get,
        )
        file = self.files.get(one)
        if file is None:
            sys.stdout.write(text)
        else:
            file.write_text(text, encoding="utf-8", newline="")
            if len(self.files) > 1:
                print(file, flush=True)


class Segmenter:
    """Segments files one after the other with the same settings, each with a progress bar."""

    def __init__(
        self, settings: dict[str, Any], *, several: bool, words: bool = False, text: bool = False
    ) -> None:
        """`several`: the networks are loaded once and kept. A single file frees them before its fusion.
        `words`: what is said is written down, where the speech model is there and the settings allow it, and
        a change of topic is a sign of a chapter, where the model of meaning is there. `text`: what is shown
        is read, where the settings allow it."""
        self._settings = settings
        self._models = ModelsLoading() if several else None
        self._speech = speech_model(get_settings()) if words else None
        self._meaning = meaning_model(get_settings()) if words else None
        self._text = TextReadersLoading() if text else None
        self.limits = Limits(**get_settings().limits.model_dump())

    def timeline(self, path: Path, name: str, images: dict[int, bytes] | None = None) -> Timeline:
        """The timeline of a file that is called `name`; its warnings go to stderr. `images`: takes the image
        (WebP) of every keyframe candidate by its frame.

        MediaError and OSError as the library raises them.
        """
        with terminal.bars() as bar, ExitStack() as shown:
            at = shown.enter_context(bar(f"segmenting {name}", 1.0))
            later: dict[str, Callable[[float], None]] = {}

            def advance(what: str, done: int, total: int) -> None:
                if what not in later:
                    later[what] = shown.enter_context(bar(f"{what} {name}", 1.0))
                later[what](done / total)

            try:
                timeline = segment_file(
                    path,
                    self._settings,
                    models=self._models,
                    speech_model=self._speech,
                    meaning_model=self._meaning,
                    limits=self.limits,
                    on_progress=lambda done, total: at(done / max(1, total)),
                    text_readers=self._text,
                    on_words=partial(advance, "writing down"),
                    on_pictures=partial(advance, "reading"),
                    keyframe_sink=None if images is None else images.__setitem__,
                )
            except (SpeechModelError, MeaningModelError) as error:
                raise ScenestreamError(f"{error} --set words=off goes without words.") from error
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
