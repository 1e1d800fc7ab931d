"""Route GET /videos/{id}/events: a video's events as server-sent events (WHATWG HTML, section 9.2)."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.encoders import jsonable_encoder
from fastapi.responses import StreamingResponse
from pydantic_core import to_json
from starlette.types import Receive, Scope, Send

from cluster.contract.events import LiveProgress, WordsNews
from cluster.stores.documents import progress_document, video_document
from cluster.stores.postgres.video import Video
from cluster.stores.redis.cache import EVENT_ID, StreamEvent
from serve_app.access.callers import client_id
from serve_app.context import VideoId, context_of
from serve_app.videos.feeds import FROM_ROW, Feed, FeedEvent, Feeds, FeedStart, newer
from serve_app.web.problems import declared

router = APIRouter(tags=["videos"])

HEARTBEAT_S = 10.0  # between two comments while there are no events
RETRY_MS = 2000  # wait of a browser before it connects again: about the time that a replica needs to restart
_NO_EVENTS_YET = "0-0"
_CLOCKS_DIFFER_S = 60.0  # allowed difference of our clock from that of Redis, which makes the ids
_DESCRIPTION = """
A stream of server-sent events that ends after `done`, or with `follow=true` when the video is deleted:

| event | data |
|---|---|
| `state` | the video, whenever its state, revision or attempt changes |
| `progress` | the video's `progress` |
| `segments` | there are new ones to read: `{"state": "provisional" or "final", …}` |
| `words` | with `follow`: how far they are, `{"state", "fraction", "error"}` as in the transcript |
| `done` | the video, when it is done, failed or cancelled |
| `deleted` | `{"id": …}`: the video is gone, and the stream ends |

With `follow` a video that has ended is told of as well: when it is tried again, segmented anew, or another
revision is chosen or made; each time `done` comes again at the end. A listener first gets `state` and
`progress` as they are, and with `follow` `words`. One that sends `Last-Event-ID` gets before that what it
missed, as far as it is kept. Comments are heartbeats.
"""


@router.get(
    "/videos/{video_id}/events",
    summary="Follow a video",
    description=_DESCRIPTION,
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "The events",
            "content": {
                "text/event-stream": {
                    # of one event, as OpenAPI 3.2 reads it for this type
                    "schema": {"type": "object", "required": ["id", "event", "data"]},
                    "example": 'id: 1736070000000-0\nevent: progress\ndata: {"fraction":0.5}\n\n',
                }
            },
        },
        **declared("not_found", "invalid_request", "rate_limited", "busy", "unavailable"),
    },
)
async def follow_video(
    request: Request,
    video_id: VideoId,
    follow: Annotated[bool, Query(description="Whether the stream goes on after `done`")] = False,
    last_event_id: Annotated[str | None, Header(description="Where to resume", max_length=64)] = None,
) -> StreamingResponse:
    """Answer 404 if there is no such video, before the stream begins; then stream."""
    context = context_of(request)
    begun = await context.feeds.begin(video_id)
    return _Stream(
        context.limits.listeners.place(client_id(request)),
        _frames(context.feeds, begun, last_event_id, follow=follow),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"},
    )


class _Stream(StreamingResponse):
    """Holds a place among the listeners while it is sent. Refused before it begins when there is none."""

    def __init__(self, place: AbstractContextManager[None], *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._place = place

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._place:
            await super().__call__(scope, receive, send)


async def _frames(
    feeds: Feeds, begun: FeedStart, last_event_id: str | None, *, follow: bool
) -> AsyncIterator[bytes]:
    tail = _tail(begun.events, last_event_id)
    yield f"retry: {RETRY_MS}\n\n".encode()
    for event in _missed(begun.events, last_event_id):
        yield _frame(FeedEvent.of(event, begun.video, begun.live))
    for frame in _snapshot(begun.video, tail, begun.live, begun.words if follow else None):
        yield frame
    if begun.video.is_final:
        yield _frame(FeedEvent(tail, "done", begun.video, {}, {}))
        if not follow:
            return
    async with feeds.follow(begun, tail) as feed:
        async for frame in _live(feed, tail, begun.count_in(feed, tail), follow=follow):
            yield frame


async def _live(feed: Feed, tail: str, count: int, *, follow: bool) -> AsyncIterator[bytes]:
    """The feed's events after the first `count` and position `tail`, with heartbeats; to `done` or, with
    `follow`, to the deletion.
    """
    sent_at = time.monotonic()
    while True:
        told = await feed.since(count, HEARTBEAT_S)
        if told is None:
            for frame in _snapshot(feed.video, tail, feed.live, feed.words if follow else None):
                yield frame
            count = feed.count
            if feed.video.is_final:  # its `done` is among what was missed
                yield _frame(FeedEvent(tail, "done", feed.video, {}, feed.live))
                if not follow:
                    return
            continue
        count += len(told)
        for item in told:
            # A feed that began before this listener may still be reading what the listener was sent already.
            if not item.from_row and not newer(item.id, tail):
                continue
            if item.type == "words" and not follow:  # it ends before they come
                continue
            tail = item.id if newer(item.id, tail) else tail
            yield _frame(item)
            sent_at = time.monotonic()
            if item.type == "done" and not follow:
                return
        if feed.ended and count == feed.count:
            return
        if time.monotonic() - sent_at >= HEARTBEAT_S:
            yield b": still here\n\n"
            sent_at = time.monotonic()


def _tail(kept: list[StreamEvent] | None, last_event_id: str | None) -> str:
    """The position from which on events are new to this listener.

    Never before `last_event_id`: ids are times, so they go on growing after Redis was emptied. An id from the
    future was not made here and is ignored.
    """
    tail = kept[-1].id if kept else _NO_EVENTS_YET
    if last_event_id is None or not EVENT_ID.fullmatch(last_event_id):
        return tail
    soonest_wrong = f"{int((time.time() + _CLOCKS_DIFFER_S) * 1000)}-0"
    return last_event_id if newer(last_event_id, tail) and newer(soonest_wrong, last_event_id) else tail


def _missed(kept: list[StreamEvent] | None, last_event_id: str | None) -> list[StreamEvent]:
    """The events after `last_event_id`, as far as Redis has them, without those made from the row."""
    if not kept or last_event_id is None or not EVENT_ID.fullmatch(last_event_id):
        return []
    return [event for event in kept if newer(event.id, last_event_id) and event.type not in FROM_ROW]


def _snapshot(video: Video, tail: str, live: LiveProgress, words: WordsNews | None) -> list[bytes]:
    told = [FeedEvent(tail, kind, video, {}, live) for kind in ("state", "progress")]
    if words is not None:
        told.append(FeedEvent(tail, "words", video, words, live))
    return [_frame(one) for one in told]


def _frame(told: FeedEvent) -> bytes:
    """One event on the wire. JSON has no line breaks, so one data line is enough."""
    return b"".join(
        (
            b"id: ", told.id.encode(), b"\nevent: ", told.type.encode(),
            b"\ndata: ", to_json(jsonable_encoder(_data(told))), b"\n\n",
        )
    )  # fmt: skip


def _data(told: FeedEvent) -> Any:
    if told.type in {"state", "done"}:
        return video_document(told.video, told.live or None)
    if told.type == "progress":
        return progress_document(told.video, told.live or None)
    if told.type == "deleted":
        return {"id": told.video.id}
    return told.data
