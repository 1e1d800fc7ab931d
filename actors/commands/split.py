"""`scenestream split FILE`: cuts a video into its segments in this process, without Ray and without servers.

Segments the video first, or takes the document that `scenestream segment --json` wrote. Found by
`cluster.cli` through the entry point group `scenestream.commands`. Knows the libraries and the command line;
imports no Ray and no store.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from actors.clips import ClipError, CutOptions, Piece, cut
from actors.commands.segment import FAILED, WRONG_USAGE, segmented, stop
from actors.segmentation import Limits, MediaError, build_plan
from actors.segmentation.planning.plan import Plan
from actors.segmentation.settings import split as settings_of
from cluster import terminal
from cluster.clips.manifest import MANIFEST, TABLE, ManifestEntry, made_entry, manifest, missing_entry, table
from cluster.clips.orders import chosen, clip_order, cut_options
from cluster.commands.options import (
    Assignments,
    Container,
    Crf,
    CutLevel,
    CutMode,
    Height,
    Labels,
    MaxSeconds,
    MinSeconds,
    NamePattern,
    Preset,
    Sound,
)
from cluster.contract.clips import DEFAULT_PATTERN, MAX_CLIPS, ClipOrder
from cluster.errors import InvalidSettingsError, UsageError
from cluster.segment_settings import parse_assignments, resolve
from cluster.settings import LogSettings, get_settings
from cluster.telemetry import logs

THREADS = 2
"""Threads of each decoder and encoder. No measurement; x264 divides a picture of a few hundred rows badly
among more, and its output depends on their number."""


def split(
    file: Annotated[Path, typer.Argument(metavar="FILE", show_default=False, help="A video file.")],
    level: CutLevel = "shot",
    mode: CutMode = "exact",
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where to; a folder named after the file if left out.")
    ] = None,
    pattern: NamePattern = DEFAULT_PATTERN,
    document: Annotated[
        Path | None, typer.Option("--json", metavar="DOC", help="What `segment --json` wrote of this file.")
    ] = None,
    label: Labels = None,
    min_s: MinSeconds = None,
    max_s: MaxSeconds = None,
    container: Container = "auto",
    crf: Crf = 18,
    height: Height = None,
    sound: Sound = True,
    preset: Preset = None,
    set_: Assignments = None,
) -> None:
    """Cut one video into its shots, scenes or chapters here: no servers. Prints one file a line."""
    logs.configure(get_settings().with_values(log=LogSettings(level="WARNING")))
    select = {"labels": label or None, "min_s": min_s, "max_s": max_s}
    values = {"level": level, "mode": mode, "pattern": pattern, "container": container, "crf": crf}
    try:
        settings = resolve(preset, parse_assignments(set_ or []))
        order = clip_order(
            {**values, "height": height, "sound": sound, "max_clips": MAX_CLIPS, "select": select}
        )
    except InvalidSettingsError as error:
        raise stop(error.message, WRONG_USAGE) from error
    for needed in (file, document):
        if needed is not None and not needed.is_file():
            raise stop(f"No such file: {needed}", WRONG_USAGE)
    folder = out if out is not None else Path(f"{file.stem}-{level}s")
    if folder.exists() and not folder.is_dir():
        raise stop(f"{folder} is a file; name another folder with --out.", WRONG_USAGE)
    try:
        timeline = segmented(file, settings).to_document() if document is None else _read(document)
        made = _cut(file, timeline, order, folder)
    except UsageError as error:
        raise stop(error.message, FAILED) from error
    except (MediaError, OSError) as error:
        raise stop(f"{file.name}: {error}", FAILED) from error
    missing = [entry for entry in made if "error" in entry]
    for entry in missing:
        stop(f"{entry['file']}: {entry['error']['message']}", FAILED)
    if missing:
        raise typer.Exit(FAILED)


def _read(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise stop(f"{path} is no JSON document: {error}", WRONG_USAGE) from error
    if not isinstance(document, dict) or not isinstance(document.get("segments"), list):
        raise stop(f"{path} is not what `scenestream segment --json` writes.", WRONG_USAGE)
    return document


def _cut(file: Path, document: dict[str, Any], order: ClipOrder, folder: Path) -> list[dict[str, Any]]:
    """Cut every wanted segment into a file of the folder and write the manifest; returns its entries."""
    limits = Limits(**get_settings().limits.model_dump())
    analysis, _ = settings_of(document.get("settings") or {})
    plan = build_plan(file, analysis, limits)
    media = plan.media.contract()
    if (document.get("media") or {}).get("frames", plan.frames) != plan.frames:
        raise UsageError(f"The document is of another video: it has not the {plan.frames} frames of {file}.")
    options = cut_options(order, media)
    wanted = chosen(order, document["segments"], file.name, f".{options['container']}")
    folder.mkdir(parents=True, exist_ok=True)
    frames = sum(segment["end_frame"] - segment["start_frame"] for segment in wanted)
    entries: list[ManifestEntry] = []
    done = 0
    with terminal.bar(f"cutting {file.name}", float(max(1, frames))) as at:
        for segment in wanted:

            def report(count: int, before: int = done) -> None:
                at(float(before + count))

            entry = _clip(file, plan, segment, CutOptions(**options), folder, limits, report)
            done += segment["end_frame"] - segment["start_frame"]
            at(float(done))
            entries.append(entry)
            if "error" not in entry:
                print(folder / segment["name"], flush=True)
    source = {"filename": file.name, "bytes": file.stat().st_size}
    settings = {**options, "pattern": order.pattern, "select": order.select.model_dump()}
    (folder / MANIFEST).write_bytes(manifest(source, settings, media, entries))
    (folder / TABLE).write_bytes(table(source, order.mode, entries))
    return entries


def _clip(
    file: Path,
    plan: Plan,
    segment: dict[str, Any],
    options: CutOptions,
    folder: Path,
    limits: Limits,
    report: Callable[[int], None],
) -> ManifestEntry:
    """Cut one segment. The file appears under its name only when it is complete."""
    target = folder / segment["name"]
    growing = target.with_name(f".{target.name}.part")
    piece = Piece(segment["start_frame"], segment["end_frame"])
    try:
        cut_as = cut(file, plan, piece, options, growing, threads=THREADS, limits=limits, on_frames=report)
    except ClipError as error:
        return missing_entry(segment, error.code, error.message)
    with growing.open("rb") as content:
        sha256 = hashlib.file_digest(content, "sha256").hexdigest()
    growing.replace(target)
    return made_entry(segment, cut_as.to_dict(), {"bytes": target.stat().st_size, "sha256": sha256})
