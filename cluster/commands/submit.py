"""`scenestream submit`: uploads many videos in parallel and prints their ids in the order of the sources.

Each upload has a progress bar, and failures are listed at the end. Uses the client and the terminal; knows no
HTTP.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from cluster import terminal
from cluster.client import Client, Resumption, Video
from cluster.commands.api_key import ApiKey
from cluster.commands.options import Assignments, Preset
from cluster.commands.submit_files import Source, find
from cluster.contract.vocabulary import BATCH, Priority
from cluster.errors import InvalidSettingsError, ScenestreamError, UsageError
from cluster.local.address import api_url
from cluster.segment_settings import parse_assignments, preset_names, resolve
from cluster.settings import Settings, get_settings

DEFAULT_JOBS = 3
"""Uploads at once: enough to use the whole bandwidth while the server finishes one of the files."""

MAX_JOBS = 16
"""An API replica accepts so many parts of uploads at once."""

Words = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE_OR_URL...", show_default=False, help="Files, addresses, patterns; folders as well."
    ),
]


def submit(
    files: Words,
    preset: Preset = None,
    set_: Assignments = None,
    recursive: Annotated[
        bool, typer.Option("--recursive", "-r", help="Take the videos in folders and those inside them.")
    ] = False,
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", min=1, max=MAX_JOBS, help="Uploads at a time.")
    ] = DEFAULT_JOBS,
    resume: Annotated[
        bool, typer.Option("--resume/--no-resume", help="Go on with uploads that an earlier run left.")
    ] = True,
    priority: Annotated[
        Priority | None,
        typer.Option(
            "--priority",
            show_default=False,
            help="interactive, or batch, which waits for the others; the default for several videos.",
        ),
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Stay until every video is done.")] = False,
    api_key: ApiKey = None,
) -> None:
    """Queue videos; prints one id a line, in the order of the files.

    Files that are no videos are left out with a message. What fails is listed at the end, and the exit code
    is 1 then.
    """
    settings = get_settings()
    overrides = parse_assignments(set_ or [])
    if preset is None or preset in preset_names():
        resolve(preset, overrides)
    else:
        with Client(api_url(settings), api_key=api_key) as client:
            _check_own(client, preset)
    try:
        found = find(files, recursive=recursive)
    except UsageError as error:
        print(error.message, file=sys.stderr)
        raise typer.Exit(2) from error
    for skipped in found.skipped:
        print(f"{skipped}; skipped.", file=sys.stderr)
    if not found.sources:
        print("There is no video to submit.", file=sys.stderr)
        raise typer.Exit(1)
    if priority is None and len(found.sources) > 1:
        priority = BATCH
    with Client(api_url(settings), api_key=api_key) as client:
        resumption = _resumption(settings, client) if resume else None
        submission = _Submission(client, preset, overrides, priority, resumption)
        ids, failures = submission.run(found.sources, jobs)
        if wait:
            failures += [reason for video_id in ids if (reason := _wait(client, video_id)) is not None]
    if failures:
        print(f"{len(failures)} of {len(found.sources)} failed:", file=sys.stderr)
        print("\n".join(f"  {failure}" for failure in failures), file=sys.stderr)
        raise typer.Exit(1)


def _check_own(client: Client, preset: str) -> None:
    """InvalidSettingsError for a preset that the caller does not have, before anything is sent."""
    try:
        own = [known["name"] for known in client.presets() if known["own"]]
    except UsageError as error:
        if error.code != "forbidden":
            raise
        return  # a key that may only write: the API refuses what it does not know
    if preset not in own:
        packaged = ", ".join(preset_names())
        raise InvalidSettingsError(
            f"There is no preset '{preset}'. Packaged are {packaged}; yours are {', '.join(own) or 'none'}."
        )


class _StoppedError(Exception):
    """The command is being interrupted. The sent parts stay on the server, and the next run resumes there."""


@dataclass
class _Submission:
    """Submits sources with one client and the same options."""

    client: Client
    preset: str | None
    settings: dict[str, Any]
    priority: Priority | None
    resumption: Resumption | None

    def run(self, sources: Sequence[Source], jobs: int) -> tuple[list[str], list[str]]:
        """Submit all sources, `jobs` at a time; print the ids in their order. Returns ids and failures."""
        ids: list[str] = []
        failures: list[str] = []
        stop = threading.Event()
        with terminal.bars() as bars, ThreadPoolExecutor(jobs) as pool:
            futures = [pool.submit(self._submit, source, bars, stop) for source in sources]
            collected = 0
            try:
                for source, future in zip(sources, futures, strict=True):
                    self._collect(source, future, ids, failures)
                    collected += 1
            except BaseException:
                stop.set()
                for future in futures:
                    future.cancel()
                for source, future in zip(sources[collected:], futures[collected:], strict=True):
                    if future.done() and not future.cancelled():  # the video exists: print its id
                        self._collect(source, future, ids, failures)
                raise
        return ids, failures

    def _collect(self, source: Source, future: Future[str], ids: list[str], failures: list[str]) -> None:
        """Wait for a source; append to `ids` and print, or append to `failures`."""
        try:
            ids.append(future.result())
        except ScenestreamError as error:
            failures.append(f"{source.name}: {error.message}")
        except OSError as error:
            failures.append(f"{source.name}: it cannot be read: {error.strerror}.")
        except _StoppedError:
            return
        else:
            print(ids[-1], flush=True)

    def _submit(self, source: Source, bars: terminal.Bars, stop: threading.Event) -> str:
        if source.path is None:
            made = self.client.import_url(
                source.name, preset=self.preset, settings=self.settings, priority=self.priority
            )
            return made["id"]
        with bars(f"uploading {source.path.name}", source.path.stat().st_size) as sent:

            def on_bytes(done: int) -> None:
                if stop.is_set():
                    raise _StoppedError
                sent(done)

            return self.client.upload(
                source.path,
                preset=self.preset,
                settings=self.settings,
                priority=self.priority,
                on_bytes=on_bytes,
                resumption=self.resumption,
            )


def _resumption(settings: Settings, client: Client) -> Resumption:
    return Resumption(settings.var_dir / "cache" / "uploads", client.base_url)


def _wait(client: Client, video_id: str) -> str | None:
    """Show the progress until the video has ended; None if it is done, else the reason why not."""
    with terminal.bar(f"segmenting {video_id[:8]}", 1.0) as at:

        def show(video: Video) -> None:
            at(video["progress"]["fraction"])

        try:
            video = client.wait(video_id, on_video=show)
        except ScenestreamError as error:
            return f"{video_id}: {error.message}"
    if video["state"] == "done":
        for warning in video["warnings"]:
            print(f"{video_id}: warning: {warning['message']}", file=sys.stderr)
        return None
    reason = video["error"]["message"] if video["error"] else f"it was {video['state']}"
    return f"{video_id}: {reason}"
