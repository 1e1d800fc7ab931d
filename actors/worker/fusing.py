"""The fuser's task handler: plans are looked up, tracks are fused. Nothing is decoded.

The joined tracks of the videos fused last stay in memory, so that other settings of the same video cost the
fusion alone. Knows the stores and an Analyser; imports no Ray and no message queue.
"""

from __future__ import annotations

from cachetools import LRUCache

from actors.tasks import Outcome, Task, TaskKind
from actors.worker.analyser import Analyser, JoinedTracks
from actors.worker.handler import TaskHandler, planned_outcome
from actors.worker.state import WorkState
from cluster.stores.media.cache import MediaCache
from cluster.stores.media.store import MediaStore
from cluster.stores.mongodb.results import Results

KEPT_BYTES = 400 << 20
"""Bytes of joined tracks kept in memory. The tracks of two hours of film take 110 MB joined, so three such
films fit. Tracks that are larger than this are not kept, but read for every fusion."""

CODE_NEEDS_DECODE = "needs_decode"
"""Stable error code, shown by the API: a dry run cannot use the stored tracks with these settings."""


class FusionHandler(TaskHandler):
    """Executes one task at a time. A task that would need decoding is UNAVAILABLE: the pool does it."""

    def __init__(self, analyser: Analyser, results: Results, media: MediaStore, copies: MediaCache) -> None:
        super().__init__(analyser, results, media, copies)
        self._kept: LRUCache[tuple[str, str], JoinedTracks] = LRUCache(
            KEPT_BYTES, getsizeof=lambda joined: joined.size_bytes
        )
        self._methods = {
            TaskKind.PLAN: self._planned,
            TaskKind.FUSE: self._fuse,
            TaskKind.PREVIEW: self._preview,
        }

    def _planned(self, task: Task, state: WorkState) -> Outcome:
        tracks_hash = self._analyser.tracks_hash(task.settings)
        planned = self._stored_plan(task.tracks_key, tracks_hash)
        if planned is None:
            return Outcome.unavailable("The fuser plans nothing anew.")
        return planned_outcome(planned, tracks_hash)

    def _preview(self, task: Task, state: WorkState) -> Outcome:
        if self._analyser.tracks_hash(task.settings) != task.tracks_hash:
            return Outcome.error(
                CODE_NEEDS_DECODE,
                "These settings need the video decoded again (another stream, another `ignore`, or a new "
                "version of the analysis), which a dry run does not do. Send the request without `dry_run`.",
            )
        fused = self._analyser.fuse(self._joined(task, state), task.settings)
        return Outcome.done(segments=fused.segments)

    def _joined(self, task: Task, state: WorkState) -> JoinedTracks:
        key = (task.tracks_key, task.tracks_hash)
        joined = self._kept.get(key)
        if joined is None:
            joined = super()._joined(task, state)
            if joined.size_bytes <= KEPT_BYTES:
                self._kept[key] = joined
        return joined
