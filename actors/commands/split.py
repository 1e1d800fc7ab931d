"""`scenestream split FILE…`: cuts videos into their segments in this process, without Ray or servers.

Segments a video first, or takes the document that `scenestream segment --json` wrote. Found by `cluster.cli`
through the entry point group `scenestream.commands`. Knows the libraries and the command line; imports no Ray
and no store.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from actors.clips import ClipError, CutOptions, Piece, cut
from actors.commands.documents import check_document_is_of, document_files, read_document
from actors.commands.inputs import WRONG_USAGE, Input, find_inputs, for_each, say, stop, targets
from actors.commands.segment import Segmenter, Words
from actors.segmentation import Limits, build_plan
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
    NotRoles,
    Preset,
    Roles,
    Sound,
)
from cluster.contract.clips import DEFAULT_PATTERN, MAX_CLIPS, ClipOrder
from cluster.errors import UsageError
from cluster.segment_settings import parse_assignments, resolve
from cluster.settings import LogSettings, get_settings
from cluster.telemetry import logs

THREADS = 2
"""Threads of each decoder and encoder. No measurement; x264 divides a picture of a few hundred rows badly
among more, and its output depends on their number."""


def split(
    files: Words,
    level: CutLevel = "shot",
    mode: CutMode = "exact",
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Where to; a folder named after the file if left out. For several videos: where these are.",
        ),
    ] = None,
    pattern: NamePattern = DEFAULT_PATTERN,
    from_json: Annotated[
        Path | None,
        typer.Option(
            "--from-json",
            metavar="DOC",
            help="What `segment --json` wrote of this file; for several videos the folder that it wrote.",
        ),
    ] = None,
    old_from_json: Annotated[Path | None, typer.Option("--json", hidden=True)] = None,
    label: Labels = None,
    role: Roles = None,
    not_role: NotRoles = None,
    min_s: MinSeconds = None,
    max_s: MaxSeconds = None,
    container: Container = "auto",
    crf: Crf = 18,
    height: Height = None,
    sound: Sound = True,
    preset: Preset = None,
    set_: Assignments = None,
) -> None:
    """Cut videos into their shots, scenes or chapters here: no servers. Prints one file a line.

    A video that fails does not stop the others; the exit code is 1 then.
    """
    logs.configure(get_settings().with_values(log=LogSettings(level="WARNING")))
    select = {
        "labels": label or None, "roles": role or None, "not_roles": not_role or None,
        "min_s": min_s, "max_s": max_s,
    }  # fmt: skip
    values = {"level": level, "mode": mode, "pattern": pattern, "container": container, "crf": crf}
    try:
        settings = resolve(preset, parse_assignments(set_ or []))
        order = clip_order(
            {**values, "height": height, "sound": sound, "max_clips": MAX_CLIPS, "select": select}
        )
        inputs = find_inputs(files)
        folders = _folders(inputs, out, level)
        documents = document_files(inputs, _renamed(old_from_json, from_json))
        if documents and (preset is not None or set_):
            raise UsageError(
                "--from-json takes the segments as they are, whatever the settings. Leave out --preset and "
                "--set, or leave out --from-json to segment with them."
            )
    except (UsageError, OSError) as error:
        raise stop(str(error), WRONG_USAGE) from error
    segmenter = Segmenter(settings, several=len(inputs) > 1 and not documents)

    def work(one: Input, path: Path) -> None:
        document = (
            read_document(documents[one]) if documents else segmenter.timeline(path, one.name).to_document()
        )
        made = _cut(one, path, document, order, folders[one], segmenter.limits)
        missing = [entry for entry in made if "error" in entry]
        for entry in missing:
            say(f"{one.word}: {entry['file']}: {entry['error']['message']}")
        if missing:
            raise UsageError(f"{len(missing)} of {len(made)} clips could not be cut.")

    for_each(inputs, segmenter.limits, work)


def _renamed(old: Path | None, new: Path | None) -> Path | None:
    if old is None:
        return new
    if new is not None:
        raise UsageError("--json is the old name of --from-json; give one of them.")
    say("--json is called --from-json now, because it reads; the old name will be removed.")
    return old


def _folders(inputs: list[Input], out: Path | None, level: str) -> dict[Input, Path]:
    """The folder that each video's clips go to. UsageError where it cannot be one."""
    if out is not None and len(inputs) == 1:
        folders = [out]
    else:
        folders = targets(inputs, lambda one: (out or Path()) / f"{one.stem}-{level}s")
    for folder in (*([out] if out is not None else []), *folders):
        if folder.exists() and not folder.is_dir():
            raise UsageError(f"{folder} is a file; name another folder with --out.")
    return dict(zip(inputs, folders, strict=True))


def _cut(
    one: Input, file: Path, document: dict[str, Any], order: ClipOrder, folder: Path, limits: Limits
) -> list[dict[str, Any]]:
    """Cut every wanted segment into a file of the folder and write the manifest; returns its entries."""
    analysis, _ = settings_of(document.get("settings") or {})
    plan = build_plan(file, analysis, limits)
    if not plan.media.has_picture:
        raise UsageError("The file has sound only; clips are cut of files with a picture.")
    media = plan.media.contract()
    check_document_is_of(document, media, one.name)
    options = cut_options(order, media)
    wanted = chosen(order, document["segments"], one.name, f".{options['container']}")
    if any(_is_same(folder / segment["name"], file) for segment in wanted):
        raise UsageError(f"A clip would be written over {one.name}; name another folder with --out.")
    folder.mkdir(parents=True, exist_ok=True)
    frames = sum(segment["end_frame"] - segment["start_frame"] for segment in wanted)
    entries: list[ManifestEntry] = []
    done = 0
    with terminal.bar(f"cutting {one.name}", float(max(1, frames))) as at:
        for segment in wanted:

            def report(count: int, before: int = done) -> None:
                at(float(before + count))

            entry = _clip(file, plan, segment, CutOptions(**options), folder, limits, report)
            done += segment["end_frame"] - segment["start_frame"]
            at(float(done))
            entries.append(entry)
            if "error" not in entry:
                print(folder / segment["name"], flush=True)
    source = {"filename": one.name, "bytes": file.stat().st_size}
    settings = {**options, "pattern": order.pattern, "select": order.select.model_dump()}
    (folder / MANIFEST).write_bytes(manifest(source, settings, media, entries))
    (folder / TABLE).write_bytes(table(source, order.mode, entries))
    return entries


def _is_same(target: Path, file: Path) -> bool:
    return target.exists() and target.samefile(file)


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
