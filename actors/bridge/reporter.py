"""Publishes what happens to a video through Redis, for the event streams of the API.

Best effort: all of it may be lost without harm, since the truth is in the other stores. The fields of each
event are in `cluster.contract.events`. Knows no lease.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from actors.bridge.progress import ProgressMeter
from cluster.contract.events import LiveProgress, StateNews
from cluster.contract.wire.videos import Failure
from cluster.stores.postgres.video import VideoState
from cluster.stores.redis.cache import Cache


class Reporter:
    """No method raises, whatever Redis does."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def state(self, video_id: str, state: str, *, attempt: int | None = None) -> None:
        """Publish a change of state. Raises ValueError for a state that does not exist."""
        news: StateNews = {"state": VideoState(state).value}
        if attempt is not None:
            news["attempt"] = attempt
        self._cache.publish_event(video_id, "state", news)

    def progress(self, video_id: str, progress: ProgressMeter, new_chunks: Sequence[int] = ()) -> None:
        """Publish the progress; `new_chunks` are stored now, and their provisional shots with them."""
        self._tell_progress(video_id, progress.to_dict())
        if new_chunks:
            self._cache.publish_event(
                video_id, "segments", {"state": "provisional", "chunks": sorted(new_chunks)}
            )

    def fetching(self, video_id: str, bytes_: int, bytes_total: int | None) -> None:
        """Publish the progress of an import: bytes fetched so far, of a total if that is known."""
        self._tell_progress(video_id, {"fetch": {"bytes": bytes_, "bytes_total": bytes_total}})

    def done(self, video_id: str, revision: int) -> None:
        """Publish that the video is done and that the final segments of this revision can be read."""
        self._cache.publish_event(video_id, "segments", {"state": "final", "revision": revision})
        self.ended(video_id, "done", revision=revision)

    def ended(
        self,
        video_id: str,
        state: str,
        *,
        revision: int | None = None,
        error: Failure | Mapping[str, str] | None = None,
    ) -> None:
        """Publish the end of the work: done (with the revision), failed (with the error) or cancelled.

        Raises ValueError for a state that does not exist.
        """
        news: StateNews = {"state": VideoState(state).value}
        if revision is not None:
            news["revision"] = revision
        if error is not None:
            news["error"] = {"code": error["code"], "message": error["message"]}
        self._cache.publish_event(video_id, "state", news)
        self._cache.publish_event(video_id, "done", news)

    def forget(self, video_id: str) -> None:
        """Remove what Redis has of a deleted video."""
        self._cache.delete_video(video_id)

    def _tell_progress(self, video_id: str, live: LiveProgress) -> None:
        self._cache.set_progress(video_id, live)
        self._cache.publish_event(video_id, "progress", live)
