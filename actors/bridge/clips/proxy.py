"""A video's proxy under one lease: its pieces through the pool, then the joined file, and room for it.

An order of clips with another end: no manifest, one file, and the least recently used proxies are deleted
where all of them together are over the quota. Knows the stores and the pool's client; no Ray, and not how
anything is encoded.
"""

from __future__ import annotations

from actors.bridge.clips.work import ClipWork
from actors.bridge.leased import WorkFailedError
from actors.bridge.window import result_of
from actors.tasks import Outcome, Status, Task, TaskKind
from cluster.clips.manifest import ManifestEntry
from cluster.stores.media.keys import proxy_pieces
from cluster.stores.postgres.video import Video
from cluster.stores.removal import delete_unread

CODE_PROXY_FAILED = "proxy_failed"
JOIN_COST_SHARE = 0.02
"""Share of the seconds of video that joining costs, where an analysis costs 1: packets are copied, and the
sound is encoded at about 50 times real time. No measurement."""


class ProxyWork(ClipWork):
    """`job` as claimed, of the purpose PROXY."""

    kind = "proxy"
    task_kind = TaskKind.PROXY

    def _cut(self, video: Video) -> None:
        """Has the pieces encoded; a video without a picture has none."""
        if self.job.wanted:
            super()._cut(video)

    def _write_down(self, video: Video) -> None:
        files = self._last_patience.call(self._clips.files, self.job.id)
        missing = [file.entry for file in files if not file.made]
        if missing:
            raise WorkFailedError(CODE_PROXY_FAILED, missing[0]["error"]["message"])
        joined = result_of(self._tasks.outcome(self._join_task(video)))
        services, proxies = self._services, self._services.jobs.proxies
        self._fenced(proxies.measure, joined["bytes"])
        self._conclude("done", lambda: self._clips.finish(*self.held))
        # only now: a holder that takes over before would join them again
        delete_unread(services.media, [proxy_pieces(self.job.video_id, self.job.id)])
        delete_unread(services.media, self._last_patience.call(proxies.evict, services.proxy_quota_bytes))

    def _entry(self, place: int, outcome: Outcome) -> ManifestEntry:
        piece = self.job.wanted[place]
        frames = {name: piece[name] for name in ("start_frame", "end_frame")}
        if outcome.status is not Status.DONE:
            return {**frames, "error": {"code": outcome.code, "message": outcome.message}}
        return {**frames, "bytes": outcome.result["bytes"]}

    def _join_task(self, video: Video) -> Task:
        job = self.job
        seconds = float((video.media or {}).get("duration_s", 1.0))
        pieces = [[job.key(piece["name"]), piece["start_frame"]] for piece in job.wanted]
        return self._task_of(
            video,
            len(job.wanted),
            {"key": job.proxy_key, "pieces": pieces},
            cost_s=max(1.0, seconds * JOIN_COST_SHARE),
        )
