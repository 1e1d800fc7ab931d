"""Output of the commands: tables, and progress as a bar on a terminal or as plain lines elsewhere.

Knows the layout on the screen; does not know where the values come from.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Protocol, TypeAlias

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

PLAIN_LINE_EVERY_S = 5.0  # seconds between lines where stderr is no terminal: a log stays short


class PartLine(Protocol):
    """A line of `scenestream status`."""

    @property
    def name(self) -> str:
        """Name of the part, such as postgres."""

    @property
    def address(self) -> str:
        """Address it listens at."""

    @property
    def health(self) -> str:
        """`healthy`, or another state in one word."""

    @property
    def detail(self) -> str:
        """More about the state, in a few words."""


def clock(seconds: float) -> str:
    """Formats seconds as h:mm:ss.mmm, as players show times."""
    sign, total_ms = ("-", -seconds) if seconds < 0 else ("", seconds)
    ms = round(total_ms * 1000)
    return f"{sign}{ms // 3_600_000}:{ms // 60_000 % 60:02d}:{ms // 1000 % 60:02d}.{ms % 1000:03d}"


Bars: TypeAlias = Callable[[str, float], AbstractContextManager[Callable[[float], None]]]
"""Called with a label and the total; gives a function that takes the amount done so far. From any thread."""


@contextmanager
def bars() -> Iterator[Bars]:
    """Progress bars for several jobs with known totals, one below the other while each of them runs."""
    err = Console(stderr=True)
    if not err.is_terminal:
        yield lambda what, total: nullcontext(_plain(what, total))
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    # rich prints other output above the bars; a stdout that is a pipe or a file is left as it is.
    shown_together = sys.stdout.isatty()
    with Progress(*columns, console=err, transient=True, redirect_stdout=shown_together) as progress:

        @contextmanager
        def begin(what: str, total: float) -> Iterator[Callable[[float], None]]:
            task = progress.add_task(escape(what), total=total)
            try:
                yield lambda done: progress.update(task, completed=done)
            finally:
                progress.remove_task(task)

        yield begin


@contextmanager
def bar(what: str, total: float) -> Iterator[Callable[[float], None]]:
    """A progress bar for one job with a known total; yields a function that takes the amount done so far."""
    with bars() as begin, begin(what, total) as at:
        yield at


def _plain(what: str, total: float) -> Callable[[float], None]:
    said_at, said = 0.0, -1

    def at(done: float) -> None:
        nonlocal said_at, said
        percent = int(100 * done / total) if total else 100
        now = time.monotonic()
        if percent != said and (percent == 100 or now - said_at >= PLAIN_LINE_EVERY_S):
            said_at, said = now, percent
            print(f"{what}: {percent} %", file=sys.stderr, flush=True)

    return at


@contextmanager
def steps() -> Iterator[Callable[[str], None]]:
    """A spinner for a job of unknown length; yields a function that shows the present step in words."""
    err = Console(stderr=True)
    if not err.is_terminal:
        yield lambda text: print(text, file=sys.stderr, flush=True)
        return
    with err.status("starting") as spinner:
        yield lambda text: spinner.update(escape(text))


def print_parts(parts: Sequence[PartLine]) -> None:
    """Prints one line for each part of the stack."""
    width = max((len(part.name) for part in parts), default=0)
    reach = max((len(part.address) for part in parts), default=0)
    for part in parts:
        print(f"{part.name:<{width}}  {part.address:<{reach}}  {part.health}  {part.detail}".rstrip())


def print_segments(segments: Sequence[Mapping[str, Any]]) -> None:
    """Prints segments as a table: start, length, kind of boundary, sound and picture; titles and roles where
    there are some."""
    table = Table(box=None, pad_edge=False)
    for name, right in (
        ("#", True),
        ("start", True),
        ("end", True),
        ("length", True),
        ("begins with", False),
    ):
        table.add_column(name, justify="right" if right else "left", no_wrap=True)
    table.add_column("sure", justify="right")
    table.add_column("label")
    titles = [_title(segment) for segment in segments]
    if any(titles):
        table.add_column("title", overflow="fold")
    for segment, title in zip(segments, titles, strict=True):
        boundary = segment["start_boundary"]
        table.add_row(
            str(segment["index"]),
            clock(segment["start_s"]),
            clock(segment["end_s"]),
            f"{segment['end_s'] - segment['start_s']:.1f} s",
            boundary["kind"],
            "" if boundary["confidence"] is None else f"{boundary['confidence']:.2f}",
            escape(str(segment.get("label") or "")),
            *([Text(title)] if any(titles) else []),
        )
    _print_table(table)


def print_presets(presets: Sequence[Mapping[str, Any]]) -> None:
    """Prints presets as a table: name, what it is based on, and the settings it changes."""
    table = Table(box=None, pad_edge=False)
    for name in ("name", "based on", "settings"):
        table.add_column(name, overflow="fold")
    for preset in presets:
        settings = " ".join(f"{key}={json.dumps(value)}" for key, value in preset["settings"].items())
        table.add_row(escape(preset["name"]), preset["based_on"] or "", escape(settings))
    _print_table(table)


def _title(segment: Mapping[str, Any]) -> str:
    """The title that words or text on screen give, and the role where it is not content."""
    title = segment.get("title") if segment.get("title_source") != "class" else None
    role = segment.get("role")
    if role == "content":
        role = None
    return " ".join(part for part in (title, role and f"({role})") if part)


def print_moments(moments: Sequence[Mapping[str, Any]], *, with_video: bool) -> None:
    """Prints found moments as a table: when, by what (with ~: by its meaning alone), the text with its
    matches, and the video if asked.
    """
    table = Table(box=None, pad_edge=False)
    table.add_column("at", justify="right", no_wrap=True)
    table.add_column("by", no_wrap=True)
    table.add_column("text", overflow="fold")
    if with_video:
        table.add_column("video", overflow="fold")
        table.add_column("id", no_wrap=True)
    for moment in moments:
        text = Text(moment["snippet"])
        for start, end in moment["matches"]:
            text.stylize("bold", start, end)
        video = (Text(moment["filename"]), moment["video_id"]) if with_video else ()
        by = moment["source"] if "words" in moment["ways"] else f"{moment['source']} ~"
        table.add_row(_hours(moment["start_s"]), by, text, *video)
    _print_table(table)


def _hours(seconds: float) -> str:
    """h:mm:ss, of the whole second that has begun: a player that is sent there shows the moment."""
    whole = int(max(seconds, 0.0))
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def _print_table(table: Table) -> None:
    console = Console()
    if not console.is_terminal:
        console = Console(width=100)
    console.print(table)
