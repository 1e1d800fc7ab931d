"""Tells Redis what happens to a video, for whoever watches. All of it may be lost without harm.

Events: `state {state, attempt?, error?}`, `progress {fraction, chunks_done, chunks_total, eta_s}`,
`segments {state: provisional|final, chunks?, revision?}` (there are new ones to read),
`done {state, revision?, error?}` (nothing follows unless someone asks for more). Knows no lease.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from actors.bridge.progress import Progress
from cluster.stores.redis.cache import Cache


class Reporter:
    """Never raises for what Redis does."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def state(self, video_id: str, state: str, **more: Any) -> None:
        """The video is in another state."""
        self._cache.publish_event(video_id, "state", {"state": state, **more})

    def progress(self, video_id: str, progress: Progress, new_chunks: Sequence[int] = ()) -> None:
        """Some chunks are stored, and their provisional shots with them."""
        values = progress.to_dict()
        self._cache.set_progress(video_id, values)
        self._cache.publish_event(video_id, "progress", values)
        if new_chunks:
            self._cache.publish_event(
                video_id, "segments", {"state": "provisional", "chunks": sorted(new_chunks)}
            )

    def fetching(self, video_id: str, bytes_: int, bytes_total: int | None) -> None:
        """So much of its file is here."""
        values = {"fetch": {"bytes": bytes_, "bytes_total": bytes_total}}
        self._cache.set_progress(video_id, values)
        self._cache.publish_event(video_id, "progress", values)

    def done(self, video_id: str, revision: int) -> None:
        """The final segments of this revision can be read."""
        self._cache.publish_event(video_id, "segments", {"state": "final", "revision": revision})
        self.ended(video_id, "done", revision=revision)

    def ended(self, video_id: str, state: str, **more: Any) -> None:
        """Done, failed or cancelled."""
        self._cache.publish_event(video_id, "state", {"state": state, **more})
        self._cache.publish_event(video_id, "done", {"state": state, **more})

    def forget(self, video_id: str) -> None:
        """The video was deleted."""
        self._cache.delete_video(video_id)
