"""Publish-subscribe of the events of videos on one replica: one reader a video, any number of listeners.

One asyncio task for each video with listeners reads its stream in Redis and, less often, its row in
PostgreSQL, whatever the video's state: one that has ended may be tried again, segmented anew or deleted.
PostgreSQL decides: `state`, `words` and `done` are made from rows, whatever the stream said or lost. While
Redis does not answer, all events are made from the row. Does not know server-sent events.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar, cast

import structlog
from anyio import CapacityLimiter, to_thread

from cluster.contract.events import LiveProgress, SegmentNews, WordsNews
from cluster.contract.vocabulary import EventType
from cluster.errors import NotFoundError, UnavailableError
from cluster.stores.postgres.jobs import Jobs
from cluster.stores.postgres.video import Video
from cluster.stores.redis.cache import FROM_START, Cache, StreamEvent
from serve_app.videos.transcripts import words_news

_log = structlog.get_logger(__name__)

T = TypeVar("T")

STREAM_INTERVAL_S = 0.25  # between two reads of a stream in Redis
ROW_INTERVAL_S = 1.5  # between two reads of a row in PostgreSQL
ROW_INTERVAL_WITHOUT_REDIS_S = 0.75  # the same while Redis does not answer, because then only the row tells
ENDED_STREAM_INTERVAL_S = 0.5  # between two reads of the stream of a video that has ended
ENDED_ROW_INTERVAL_S = 1.0  # and of its row: whoever changes it may not announce that
_READ_AT_ONCE = 200  # events of one read of a stream
_KEPT_EVENTS = 2000  # a listener that is further behind gets the current state instead of what it missed
_THREADS = 8  # threads of the feeds alone, so that they do not hold up requests
FROM_ROW: frozenset[str] = frozenset({"state", "words", "done", "deleted"})
"""Types of events that are made from the row in PostgreSQL, not taken from the stream."""


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """One event for listeners. `id`: position in the stream when it was made; `live`: the latest progress.

    `from_row`: made from the row in PostgreSQL, not taken from the stream.
    """

    id: str
    type: str
    video: Video
    data: Mapping[str, object]
    live: LiveProgress
    from_row: bool = False

    @classmethod
    def of(cls, event: StreamEvent, video: Video, live: LiveProgress) -> FeedEvent:
        """From an event of the stream; `live` is the progress before it."""
        latest = cast("LiveProgress", event.data) if event.type == "progress" else live
        return cls(event.id, event.type, video, event.data, latest)


def newer(event_id: str, than: str) -> bool:
    """Whether a stream position is later than another. Positions have the form "milliseconds-sequence"."""
    return _position(event_id) > _position(than)


def _position(event_id: str) -> tuple[int, int]:
    first, _, second = event_id.partition("-")
    return int(first), int(second or 0)


class Feed:
    """The events of one video since its first listener came. `ended`: no event will follow."""

    def __init__(self, begun: FeedStart, tail: str, read: _StoreReader) -> None:
        video = begun.video
        self.ended = False
        self.video = video
        self.live = begun.live
        self._tail = tail
        self._read = read
        self._told: deque[FeedEvent] = deque(maxlen=_KEPT_EVENTS)
        self._count = 0
        self._news = asyncio.Event()
        self._seen = _visible(video)
        self._chunks = video.chunks_done
        self._result = _result(video)
        self._end = _end(video)
        self.words = begun.words

    @property
    def count(self) -> int:
        """Number of events so far; the argument of `since`."""
        return self._count

    def count_at(self, tail: str) -> int:
        """The `count` to start from for a listener that has read the stream up to position `tail`."""
        unknown = sum(1 for told in self._told if newer(told.id, tail))
        return self._count - unknown

    async def since(self, count: int, wait_s: float) -> list[FeedEvent] | None:
        """The events after the first `count`, waiting up to `wait_s` for one; empty if none came.

        None: the listener is more than _KEPT_EVENTS behind, and the missed events are gone.
        """
        if count == self._count and not self.ended:
            news = self._news
            try:
                async with asyncio.timeout(wait_s):
                    await news.wait()
            except TimeoutError:
                return []
        missed = self._count - count
        if missed > len(self._told):
            return None
        return list(self._told)[len(self._told) - missed :] if missed else []

    async def run(self) -> None:
        """Read stream and row until the video is deleted; `Feeds` cancels it with the last listener."""
        row_at = time.monotonic() + self._row_interval_s
        try:
            while not self.ended:
                events = await self._read.stream(self.video.id, self._tail)
                if events is None:
                    row_at = min(row_at, time.monotonic() + ROW_INTERVAL_WITHOUT_REDIS_S)
                for event in events or ():
                    self._tail = event.id
                    if event.type not in FROM_ROW:
                        self._tell(FeedEvent.of(event, self.video, self.live))
                if time.monotonic() >= row_at or any(event.type in FROM_ROW for event in events or ()):
                    await self._look(without_redis=events is None)
                    row_at = time.monotonic() + self._row_interval_s
                if not events or len(events) < _READ_AT_ONCE:
                    await asyncio.sleep(ENDED_STREAM_INTERVAL_S if self.video.is_final else STREAM_INTERVAL_S)
        finally:
            self.ended = True
            self._wake()

    @property
    def _row_interval_s(self) -> float:
        return ENDED_ROW_INTERVAL_S if self.video.is_final else ROW_INTERVAL_S

    async def _look(self, *, without_redis: bool) -> None:
        was_final = self.video.is_final
        try:
            self.video = await self._read.row(self.video.id)
        except NotFoundError:
            self._tell_row("deleted")
            self.ended = True
            return
        except UnavailableError as error:
            _log.debug("events: row not read", video_id=self.video.id, error=error.message)
            return
        if was_final and not self.video.is_final:
            self.live = {}  # of the attempt before
        if _visible(self.video) != self._seen:
            self._seen = _visible(self.video)
            self._tell_row("state")
        if without_redis and self.video.chunks_done != self._chunks:
            self.live = {}
            self._tell_row("progress")
            self._tell_row("segments", {"state": "provisional"})
        self._chunks = self.video.chunks_done
        self._tell_result(chosen=was_final, without_redis=without_redis)
        await self._look_at_words()
        self._tell_end(was_final=was_final)

    async def _look_at_words(self) -> None:
        try:
            words = await self._read.words(self.video)
        except UnavailableError as error:
            _log.debug("events: words not read", video_id=self.video.id, error=error.message)
            return
        if words != self.words:
            self.words = words
            self._tell_row("words", words)

    def _tell_result(self, *, chosen: bool, without_redis: bool) -> None:
        """Tell of another result. The stream has those of the work; one that was chosen or corrected only the
        row has.
        """
        if not self.video.is_final or _result(self.video) == self._result:
            return
        self._result = _result(self.video)
        if self.video.timeline_id is not None and (chosen or without_redis):
            self._tell_row("segments", {"state": "final", "revision": self.video.revision})

    def _tell_end(self, *, was_final: bool) -> None:
        """Tell `done` at each end, also where the video was worked on again between two looks at the row."""
        if not self.video.is_final or (was_final and _end(self.video) == self._end):
            return
        self._end = _end(self.video)
        self._tell_row("done")

    def _tell_row(self, type_: EventType, data: SegmentNews | WordsNews | None = None) -> None:
        self._tell(FeedEvent(self._tail, type_, self.video, data or {}, self.live, from_row=True))

    def _tell(self, told: FeedEvent) -> None:
        self.live = told.live
        self._told.append(told)
        self._count += 1
        self._wake()

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


def _visible(video: Video) -> tuple[object, ...]:
    """The columns of a row whose change makes a `state` event."""
    known = (video.media is None, video.fetching)
    return video.state, video.revision, video.attempt, video.cancel_requested, *known


def _result(video: Video) -> tuple[object, ...]:
    """The columns of a row that name what readers of segments get."""
    return video.revision, video.timeline_id


def _end(video: Video) -> tuple[object, ...]:
    """The columns of a row that differ between two ends: of two attempts, or of another result after one."""
    return video.finished_at, *_result(video)


class _StoreReader:
    """Reads Redis and PostgreSQL on threads of its own, so that listeners do not hold up requests."""

    def __init__(self, jobs: Jobs, cache: Cache) -> None:
        self._jobs = jobs
        self._cache = cache
        self._threads = CapacityLimiter(_THREADS)

    async def row(self, video_id: str) -> Video:
        return await self._on_thread(partial(self._jobs.get, video_id))

    async def words(self, video: Video) -> WordsNews:
        if video.timeline_id is None:
            return words_news(None)  # they follow the segments
        return words_news(await self._on_thread(partial(self._jobs.transcripts.shown, video)))

    async def stream(self, video_id: str, after: str) -> list[StreamEvent] | None:
        return await self._on_thread(partial(self._cache.read_events, video_id, after, limit=_READ_AT_ONCE))

    async def progress(self, video_id: str) -> LiveProgress | None:
        return await self._on_thread(partial(self._cache.get_progress, video_id))

    async def whole_stream(self, video_id: str) -> list[StreamEvent] | None:
        found: list[StreamEvent] = []
        while True:
            part = await self.stream(video_id, found[-1].id if found else FROM_START)
            if part is None:
                return None
            found += part
            if len(part) < _READ_AT_ONCE:
                return found

    async def _on_thread(self, call: Callable[[], T]) -> T:
        return await to_thread.run_sync(call, limiter=self._threads)


@dataclass(frozen=True, slots=True)
class FeedStart:
    """What a listener starts from: the stream as far as Redis has it, then the row, which is at least as new.

    `events` None: Redis does not answer. `feed` and `told`: the feed that ran before any of it was read, and
    its count then; what it tells after that may be missing here.
    """

    video: Video
    events: list[StreamEvent] | None
    live: LiveProgress
    words: WordsNews = field(default_factory=lambda: words_news(None))
    feed: Feed | None = None
    told: int = 0

    def count_in(self, feed: Feed, tail: str) -> int:
        """The argument of `Feed.since` for a listener that starts from this and has read up to `tail`.

        Events of the row carry no position of their own, so of a feed that ran already all that it told since
        are given again; of one that began since, all.
        """
        return min(self.told if feed is self.feed else 0, feed.count_at(tail))


@dataclass(slots=True)
class _OpenFeed:
    feed: Feed
    task: asyncio.Task[None]
    listeners: int = 0


class Feeds:
    """The feeds of one replica. A feed begins with the first listener of a video and ends with the last."""

    def __init__(self, jobs: Jobs, cache: Cache) -> None:
        self._read = _StoreReader(jobs, cache)
        self._watched: dict[str, _OpenFeed] = {}

    async def begin(self, video_id: str) -> FeedStart:
        """Read what a new listener starts from.

        NotFoundError if there is no such video, UnavailableError when PostgreSQL does not answer.
        """
        running = self._watched.get(video_id)
        feed = running.feed if running is not None and not running.feed.ended else None
        told = feed.count if feed is not None else 0
        events = await self._read.whole_stream(video_id)
        live = await self._read.progress(video_id)
        video = await self._read.row(video_id)
        return FeedStart(video, events, live or {}, await self._read.words(video), feed, told)

    @asynccontextmanager
    async def follow(self, begun: FeedStart, tail: str) -> AsyncIterator[Feed]:
        """Listen to the video's feed while the block runs."""
        video = begun.video
        watched = self._watched.get(video.id)
        if watched is None or watched.feed.ended:
            feed = Feed(begun, tail, self._read)
            watched = _OpenFeed(feed, asyncio.create_task(feed.run()))
            self._watched[video.id] = watched
        watched.listeners += 1
        try:
            yield watched.feed
        finally:
            watched.listeners -= 1
            if not watched.listeners:
                watched.task.cancel()
                if self._watched.get(video.id) is watched:
                    del self._watched[video.id]
