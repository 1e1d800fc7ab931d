"""A listener of events that falls behind, without Redis, PostgreSQL or HTTP."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from cluster.stores.postgres.video import Video, VideoState
from cluster.stores.redis.cache import StreamEvent
from serve_app.routes.events import _live
from serve_app.videos import feeds
from serve_app.videos.feeds import Feed, FeedStart

NOW = datetime(2026, 1, 5, 10, tzinfo=UTC)


def video(state: VideoState) -> Video:
    row: dict[str, Any] = dict.fromkeys(Video.__dataclass_fields__)
    row |= {
        "id": "0" * 32, "state": state, "filename": "a", "bytes": 1, "media_key": "k", "preset": "default",
        "settings": {}, "revision": 0, "chunks_done": 0, "attempt": 1, "created_at": NOW, "lease_epoch": 1,
        "cancel_requested": False, "version": 1, "priority": "interactive", "warnings": [],
    }  # fmt: skip
    return Video(**row)


class Stores:
    """Tells a burst of progress and then the end, as fast as it is asked."""

    def __init__(self, burst: int) -> None:
        self._burst = burst

    async def stream(self, video_id: str, after: str) -> list[StreamEvent]:
        progress = [StreamEvent(f"{n}-0", "progress", {"fraction": 0.1}) for n in range(1, self._burst + 1)]
        return [*progress, StreamEvent(f"{self._burst + 1}-0", "done", {})]

    async def row(self, video_id: str) -> Video:
        return video(VideoState.FAILED)


def test_who_missed_too_much_is_told_the_end_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "_KEPT_EVENTS", 3)
    begun = FeedStart(video(VideoState.RUNNING), [], {})

    async def listen() -> list[str]:
        feed = Feed(begun, "0-0", Stores(burst=10))  # type: ignore[arg-type]
        listener = _live(feed, "0-0")
        first = asyncio.ensure_future(anext(listener))
        await asyncio.sleep(0)  # the listener waits from the beginning on
        await feed.run()
        frames = [await first, *[frame async for frame in listener]]
        return [frame.decode().split("event: ")[1].split("\n")[0] for frame in frames]

    assert asyncio.run(listen()) == ["state", "progress", "done"]
