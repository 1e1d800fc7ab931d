"""What commands show: tables, and progress as a bar on a terminal or as plain lines elsewhere.

Knows how things look; does not know where they come from.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Protocol, TypeAlias

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

PLAIN_LINE_EVERY_S = 5.0


class PartLine(Protocol):
    """A line of `scenestream status`."""

    @property
    def name(self) -> str:
        """Such as postgres."""

    @property
    def address(self) -> str:
        """Where it listens."""

    @property
    def health(self) -> str:
        """`healthy`, or what it is instead."""

    @property
    def detail(self) -> str:
        """A few words more."""


def clock(seconds: float) -> str:
    """h:mm:ss.mmm, as players show it."""
    sign, total_ms = ("-", -seconds) if seconds < 0 else ("", seconds)
    ms = round(total_ms * 1000)
    return f"{sign}{ms // 3_600_000}:{ms // 60_000 % 60:02d}:{ms // 1000 % 60:02d}.{ms % 1000:03d}"


Bars: TypeAlias = Callable[[str, float], AbstractContextManager[Callable[[float], None]]]
"""Called with what is done and its total; gives a function that takes the amount done. Any thread may."""


@contextmanager
def bars() -> Iterator[Bars]:
    """Progress bars for things with known totals, one below the other while each goes on."""
    err = Console(stderr=True)
    if not err.is_terminal:
        yield lambda what, total: nullcontext(_plain(what, total))
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    # What is printed meanwhile goes above the bars; but stdout stays stdout where it is a pipe or a file.
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
    """A progress bar for something with a known total; yields a function that takes the amount done."""
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
    """For work whose length is unknown: yields a function that says what is going on."""
    err = Console(stderr=True)
    if not err.is_terminal:
        yield lambda text: print(text, file=sys.stderr, flush=True)
        return
    with err.status("starting") as spinner:
        yield lambda text: spinner.update(escape(text))


def print_parts(parts: Sequence[PartLine]) -> None:
    """A line for each part of the stack."""
    width = max((len(part.name) for part in parts), default=0)
    reach = max((len(part.address) for part in parts), default=0)
    for part in parts:
        print(f"{part.name:<{width}}  {part.address:<{reach}}  {part.health}  {part.detail}".rstrip())


def print_segments(segments: Sequence[Mapping[str, Any]]) -> None:
    """Segments as a table: when, how long, how it begins, what is heard and seen."""
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
    for segment in segments:
        boundary = segment["start_boundary"]
        table.add_row(
            str(segment["index"]),
            clock(segment["start_s"]),
            clock(segment["end_s"]),
            f"{segment['end_s'] - segment['start_s']:.1f} s",
            boundary["kind"],
            "" if boundary["confidence"] is None else f"{boundary['confidence']:.2f}",
            escape(str(segment.get("label") or "")),
        )
    console = Console()
    if not console.is_terminal:
        console = Console(width=100)
    console.print(table)
