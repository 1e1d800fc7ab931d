"""Waiting for a video: polling until it ends, or reading its server-sent events (WHATWG HTML 9.2)."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection
from typing import Any, TypeVar

from cluster.client.requests import fetched, given, pause_s, request
from cluster.client.steps import Emit, Flow, Op, Pause, next_line
from cluster.client.types import TERMINAL_STATES, Event, Video
from cluster.client.uploading import OUTAGE_PATIENCE_S
from cluster.errors import UnavailableError

T = TypeVar("T")


def wait(
    video_id: str,
    *,
    on_video: Callable[[Video], None] | None = None,
    poll_s: float = 0.5,
    patience_s: float = OUTAGE_PATIENCE_S,
) -> Op[Video]:
    """Polls until the video is done, failed or cancelled; returns the video.

    Goes on while the API restarts: UnavailableError only after `patience_s` without an answer.
    """

    def ask() -> Op[Video]:
        return fetched("GET", f"/videos/{video_id}")

    return (yield from until_ended(ask, TERMINAL_STATES, on_video, poll_s, patience_s))


def until_ended(
    ask: Callable[[], Op[T]],
    ends: Collection[str],
    on_answer: Callable[[T], None] | None,
    poll_s: float,
    patience_s: float,
) -> Op[T]:
    """Polls until the answer is in one of the states `ends`."""
    answered_at = time.monotonic()
    while True:
        try:
            found: Any = yield from ask()
            answered_at = time.monotonic()
        except UnavailableError:
            if time.monotonic() - answered_at > patience_s:
                raise
        else:
            if on_answer:
                on_answer(found)
            if found["state"] in ends:
                ended: T = found
                return ended
        yield Pause(poll_s)


def events(
    video_id: str, *, last_event_id: str | None = None, patience_s: float = OUTAGE_PATIENCE_S
) -> Flow[Event]:
    """Yields the events of a video until it is done, failed or cancelled.

    After a broken connection it connects again with the id of the last event seen. Events may come twice
    then, but none is left out that the server still keeps.
    """
    attempt, waited_s = 0, 0.0
    while True:
        try:
            yield from request(
                "GET",
                f"/videos/{video_id}/events",
                streamed=True,
                headers={"Accept": "text/event-stream", **given(**{"Last-Event-ID": last_event_id})},
            )
            fields: dict[str, str] = {}
            while (line := (yield from next_line())) is not None:
                if line:
                    name, _, value = line.partition(":")
                    fields[name] = value.removeprefix(" ")
                    continue
                event = _event(fields)
                fields = {}
                if event is None:
                    continue
                attempt, waited_s, last_event_id = 0, 0.0, event.id or last_event_id
                yield Emit(event)
                if event.type == "done":
                    return
        except UnavailableError:
            if waited_s >= patience_s:
                raise
        yield Pause(pause_s(attempt))
        waited_s, attempt = waited_s + pause_s(attempt), attempt + 1


def _event(fields: dict[str, str]) -> Event | None:
    """Parses one event as the API writes it, with a single data line; None for a heartbeat."""
    if "data" not in fields:
        return None
    return Event(fields.get("id", ""), fields.get("event", "message"), json.loads(fields["data"]))
