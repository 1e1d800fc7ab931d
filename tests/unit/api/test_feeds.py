"""Events of a feed whose listener falls behind or whose row changes twice at once, without any server."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cluster.contract.events import WordsNews
from cluster.stores.postgres.video import Video, VideoState
from cluster.stores.redis.cache import StreamEvent
from serve_app.routes.events import _live
from serve_app.videos import feeds
from serve_app.videos.feeds import Feed, FeedStart

NO_WORDS: WordsNews = {"state": "none", "fraction": 0.0, "error": None}
NOW = datetime(2026, 1, 5, 10, tzinfo=UTC)


def video(state: VideoState, **values: Any) -> Video:
    row: dict[str, Any] = dict.fromkeys(Video.__dataclass_fields__)
    row |= {
        "id": "0" * 32, "state": state, "filename": "a", "bytes": 1, "media_key": "k", "preset": "default",
        "settings": {}, "revision": 0, "chunks_done": 0, "attempt": 1, "created_at": NOW, "lease_epoch": 1,
        "cancel_requested": False, "version": 1, "priority": "interactive", "warnings": [],
    }  # fmt: skip
    return Video(**row | values)


class Stores:
    """Tells a burst of progress and then the end, as fast as it is asked."""

    def __init__(self, burst: int) -> None:
        self._burst = burst

    async def stream(self, video_id: str, after: str) -> list[StreamEvent]:
        progress = [StreamEvent(f"{n}-0", "progress", {"fraction": 0.1}) for n in range(1, self._burst + 1)]
        return [*progress, StreamEvent(f"{self._burst + 1}-0", "done", {})]

    async def row(self, video_id: str) -> Video:
        return video(VideoState.FAILED)

    async def words(self, video: Video) -> WordsNews:
        return NO_WORDS


def test_who_missed_too_much_is_told_the_end_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "_KEPT_EVENTS", 3)
    begun = FeedStart(video(VideoState.RUNNING), [], {})

    async def listen() -> list[str]:
        feed = Feed(begun, "0-0", Stores(burst=10))  # type: ignore[arg-type]
        listener = _live(feed, "0-0", 0, follow=False)
        first = asyncio.ensure_future(anext(listener))
        await asyncio.sleep(0)  # the listener waits from the beginning on
        reading = asyncio.create_task(feed.run())
        frames = [await first, *[frame async for frame in listener]]
        reading.cancel()
        return [frame.decode().split("event: ")[1].split("\n")[0] for frame in frames]

    assert asyncio.run(listen()) == ["state", "progress", "done"]


class Row:
    """Rings once, and has the row that it was made with."""

    def __init__(self, now: Video, words: WordsNews) -> None:
        self._now = now
        self._words = words
        self._rung = False

    async def stream(self, video_id: str, after: str) -> list[StreamEvent]:
        rung, self._rung = self._rung, True
        return [] if rung else [StreamEvent("1-0", "state", {})]

    async def row(self, video_id: str) -> Video:
        return self._now

    async def words(self, video: Video) -> WordsNews:
        return self._words


def types_told(before: Video, now: Video, words: WordsNews | None = None) -> list[str]:
    """What a feed that began with one row tells of another."""

    async def read() -> list[str]:
        feed = Feed(FeedStart(before, [], {}), "0-0", Row(now, words or NO_WORDS))  # type: ignore[arg-type]
        reading = asyncio.create_task(feed.run())
        for _ in range(20):
            await asyncio.sleep(0)
        reading.cancel()
        return [told.type for told in await feed.since(0, 0.01) or ()]

    return asyncio.run(read())


DONE = video(VideoState.DONE, revision=1, timeline_id="a", finished_at=NOW)


def test_the_end_of_work_that_began_and_ended_between_two_looks_is_told() -> None:
    later = NOW + timedelta(seconds=1)
    fused = video(VideoState.DONE, revision=2, timeline_id="b", finished_at=later)
    failed = replace(DONE, state=VideoState.FAILED, finished_at=NOW)

    assert types_told(DONE, fused) == ["state", "segments", "done"]
    assert types_told(failed, replace(failed, finished_at=later)) == ["done"]


def test_a_result_that_was_chosen_or_made_by_hand_ends_with_done() -> None:
    corrected = replace(DONE, revision=2, timeline_id="b")

    assert types_told(DONE, corrected) == ["state", "segments", "done"]


def test_a_row_that_did_not_change_tells_nothing() -> None:
    assert types_told(DONE, DONE) == []


def test_words_are_told_when_they_get_on_and_before_an_end() -> None:
    running: WordsNews = {"state": "running", "fraction": 0.5, "error": None}

    assert types_told(DONE, DONE, running) == ["words"]
    assert types_told(DONE, replace(DONE, revision=2), running) == ["state", "segments", "words", "done"]
