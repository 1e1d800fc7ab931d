"""Formats a View as tables of rich, for the live screen and for plain output.

Does not know where the values come from.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from cluster.commands.top.view import Actor, Queue, RunningVideo, View
from cluster.contract.vocabulary import INTERACTIVE

_STATE_STYLES = {"working": "green", "draining": "yellow", "lost": "red", "waiting": "yellow"}
_UNKNOWN = "-"
_EIGHTHS = " ▁▂▃▄▅▆▇█"
_MESSAGE_CHARS = 100
"""Longest error message; longer ones are cut."""


def drawn(view: View) -> RenderableType:
    """The whole screen, from top to bottom."""
    parts: list[RenderableType] = [_servers(view), _work(view), Text(), _actors(view)]
    if view.pool_detail:
        parts.append(Text(view.pool_detail, style="red"))
    if view.running:
        parts += [Text(), _running(view.running)]
    if view.failed:
        parts += [Text(), _failed(view)]
    return Group(*parts)


def _servers(view: View) -> Text:
    line = Text()
    for name, trouble in view.servers.items():
        line.append(f"{name} ", style="bold")
        line.append(
            "ok   " if trouble is None else f"{trouble}   ", style="green" if trouble is None else "red"
        )
    return line


def _work(view: View) -> Text:
    states = "  ".join(f"{count} {state}" for state, count in view.videos.items() if count)
    drained = "" if view.drained_in_s is None else f", done in {span(view.drained_in_s)}"
    lines = [
        f"videos     {states or 'none'}",
        f"backlog    {span(view.backlog_s)} of video{drained}   doorbells {_or_unknown(view.queue_depth)}",
        f"pool       {sum(actor.state != 'lost' for actor in view.actors)} of "
        f"{_or_unknown(view.wanted)} actors   {_or_unknown(view.queued)} tasks wait   "
        f"{view.throughput:.1f} s of video a second   overhead {_number(view.dispatch_ms, 1)} ms a task",
    ]
    if any(queue.waiting for queue in view.queues):
        lines.append(f"waiting    {_waiting(view.queues)}")
    if view.frames_per_s:
        mean = sum(view.frames_per_s) / len(view.frames_per_s)
        lines.append(
            f"frames/s   {sparkline(view.frames_per_s)} mean {mean:.0f} in the last "
            f"{len(view.frames_per_s)} min"
        )
    if view.failed_day:
        lines.append(f"failures   {view.failed_hour} in the last hour, {view.failed_day} in the last day")
    return Text("\n".join(lines))


def _waiting(queues: Iterable[Queue]) -> str:
    return "   ".join(
        f"{queue.waiting} {queue.work}{f' ({queue.priority})' if queue.priority else ''} "
        f"since {span(queue.oldest_s)}"
        for queue in queues
        if queue.waiting
    )


def sparkline(values: Iterable[float]) -> str:
    """A column of eighths of a line for each value, the largest being a whole one; a space for nothing."""
    shown = list(values)
    most = max(shown, default=0.0)
    if most <= 0:
        return " " * len(shown)
    return "".join(_EIGHTHS[math.ceil(value / most * 8)] for value in shown)


def _actors(view: View) -> Table:
    table = _table(
        ("actor", "node", "device", "state", "video", "work"), ("frames/s", "video s/s", "memory", "GPU")
    )
    for actor in view.actors:
        table.add_row(
            escape(actor.name) + (f" ({actor.replaced} lost)" if actor.replaced else ""),
            escape(actor.node or _UNKNOWN),
            escape(actor.device or _UNKNOWN),
            Text(actor.state, style=_STATE_STYLES.get(actor.state, "")),
            actor.video_id[:8] if actor.video_id else "",
            _work_of(actor),
            _number(actor.frames_per_s, 0),
            _number(actor.video_s_per_s, 1),
            size(actor.rss_bytes),
            size(actor.gpu_bytes),
        )
    return table


def _running(videos: Iterable[RunningVideo]) -> Table:
    table = _table(("video", "file", "state"), ("done", "chunks", "left", "attempt"))
    for video in videos:
        table.add_row(
            video.id[:8],
            escape(video.filename),
            video.state if video.priority == INTERACTIVE else f"{video.state} ({video.priority})",
            f"{100 * video.fraction:.0f} %",
            f"{video.chunks_done}/{_or_unknown(video.chunks_total)}",
            span(video.eta_s),
            str(video.attempt),
        )
    return table


def _failed(view: View) -> Table:
    table = _table(("failed", "file", "when", "code", "reason"), ())
    for video in view.failed:
        when = (video.finished_at or "")[:19].replace("T", " ")
        reason = video.message[:_MESSAGE_CHARS] + ("…" if len(video.message) > _MESSAGE_CHARS else "")
        table.add_row(video.id[:8], escape(video.filename), when, video.code, escape(reason))
    return table


def _table(words: tuple[str, ...], numbers: tuple[str, ...]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in words:
        table.add_column(name, overflow="ellipsis", no_wrap=name != "reason")
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _work_of(actor: Actor) -> str:
    if actor.kind is None:
        return ""
    return actor.kind if actor.chunk is None else f"{actor.kind} {actor.chunk}"


def span(seconds: float | None) -> str:
    """A duration as 42 s, 3 min 20 s or 5 h 10 min; - if unknown."""
    if seconds is None:
        return _UNKNOWN
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def size(bytes_: int | None) -> str:
    """A size in MiB or GiB; - if unknown."""
    if bytes_ is None:
        return _UNKNOWN
    mib = bytes_ / (1 << 20)
    return f"{mib:.0f} MiB" if mib < 1024 else f"{mib / 1024:.1f} GiB"


def _number(value: float | None, digits: int) -> str:
    return _UNKNOWN if value is None else f"{value:.{digits}f}"


def _or_unknown(value: int | None) -> str:
    return _UNKNOWN if value is None else str(value)
