"""One order of clips under one lease: every clip through the pool, then the manifest, and always an end.

A clip that cannot be cut does not keep the others from being cut; the order then fails with a reason and
keeps what was made. Knows the stores and the pool's client; no Ray, and not how a clip is cut.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from actors.bridge.control import Aborted, Reason
from actors.bridge.leased import Fate, Leased, WorkFailedError
from actors.bridge.services import BridgeServices
from actors.bridge.window import TaskWindow
from actors.tasks import Outcome, Status, Task, TaskKind
from cluster.clips.manifest import MANIFEST, TABLE, ManifestEntry, made_entry, manifest, missing_entry, table
from cluster.errors import NotFoundError
from cluster.stores.postgres.clips.job import ClipJob
from cluster.stores.postgres.video import Video

CODE_CLIPS_FAILED = "clips_failed"
COPY_COST = 0.05
"""Share of the seconds of video that copying a clip costs, where an analysis costs 1; encoding it anew costs
about as much as an analysis."""
SHORTEST_COST_S = 1e-3


class ClipWork(Leased):
    """`job` as claimed."""

    kind = "clips"
    task_kind = TaskKind.CLIP

    def __init__(self, job: ClipJob, services: BridgeServices) -> None:
        super().__init__((job.id, job.lease_epoch), video_id=job.video_id, clips_id=job.id)
        self.job = job
        self._services = services
        self._clips = services.jobs.clips
        self._tasks = TaskWindow(services.pool, self.control)
        self._costs_s = [_cost_s(segment, job.options) for segment in job.wanted]
        self._recorded: set[int] = set()

    @property
    def left_s(self) -> float:
        """What is left to do, as the seconds of video whose analysis takes as long."""
        costs = enumerate(self._costs_s)
        return math.fsum(cost_s for place, cost_s in costs if place not in self._recorded)

    def _work(self) -> None:
        video = self._video()
        self._cut(video)
        self._write_down(video)

    def _video(self) -> Video:
        try:
            return self._patience.call(self._services.jobs.get, self.job.video_id)
        except NotFoundError:
            raise Aborted(Reason.LOST) from None

    def _cut(self, video: Video) -> None:
        """Have the clips that are not recorded yet cut."""
        self._recorded.update(file.position for file in self._patience.call(self._clips.files, self.job.id))
        missing = [place for place in range(self.job.total) if place not in self._recorded]
        for ended in self._tasks.outcomes(missing, lambda place, _again: self._task(video, place)):
            for place, outcome in ended:
                made = outcome.status is Status.DONE
                if not made:
                    self._log.info("clip not made", place=place, code=outcome.code, reason=outcome.message)
                self._fenced(self._clips.put_file, place, self._entry(place, outcome), made=made)
                self._recorded.add(place)

    def _write_down(self, video: Video) -> None:
        """Manifest and table are stored before the state says that they are."""
        files = self._last_patience.call(self._clips.files, self.job.id)
        entries = [file.entry for file in files]
        missing = [file.entry for file in files if not file.made]
        job = self.job
        source = {
            "video_id": video.id,
            "filename": video.filename,
            "sha256": video.sha256,
            "revision": job.revision,
        }
        settings = {**job.options, "pattern": job.clip_order["pattern"], "select": job.clip_order["select"]}
        for name, content in (
            (MANIFEST, manifest(source, settings, video.media, entries)),
            (TABLE, table(source, job.options["mode"], entries)),
        ):
            self._last_patience.call(self._services.media.put_stream, job.key(name), [content])
        if missing:
            first = missing[0]["error"]
            raise WorkFailedError(
                CODE_CLIPS_FAILED,
                f"{len(missing)} of {job.total} clips could not be cut; the first: {first['message']}",
            )
        self._conclude("done", lambda: self._clips.finish(*self.held))

    def _entry(self, place: int, outcome: Outcome) -> ManifestEntry:
        segment = self.job.wanted[place]
        if outcome.status is not Status.DONE:
            return missing_entry(segment, outcome.code, outcome.message)
        stored = {name: outcome.result[name] for name in ("bytes", "sha256")}
        return made_entry(segment, outcome.result["cut"], stored)

    def _task(self, video: Video, place: int) -> Task:
        segment = self.job.wanted[place]
        clip = {
            "key": self.job.key(segment["name"]),
            "start_frame": segment["start_frame"],
            "end_frame": segment["end_frame"],
        }
        return self._task_of(video, place, clip, cost_s=self._costs_s[place])

    def _task_of(self, video: Video, place: int, clip: dict[str, Any], *, cost_s: float) -> Task:
        job = self.job
        return Task(
            self.task_kind,
            job.id,
            job.lease_epoch,
            job.media_key,
            settings=dict(job.options),
            tracks_hash=job.tracks_hash,
            tracks_key=job.tracks_key,
            chunk=place,
            cost_s=cost_s,
            priority=job.priority,
            owner=video.owner or "",
            trace=video.traceparent or "",
            clip={"video_id": job.video_id, **clip},
        )

    def _store_failure(self, code: str, message: str) -> bool:
        return self._clips.fail(*self.held, code, message)

    def _store_cancelled(self) -> bool:
        return self._clips.acknowledge_cancel(*self.held)

    def _release(self) -> None:
        self._clips.release(*self.held)

    def _has_ended(self, state: str) -> bool:
        try:
            row = self._clips.get(self.job.id)
        except NotFoundError:
            return False
        return row.state.value == state and row.lease_epoch == self.held[1]

    def _fate(self) -> Fate:
        try:
            self._clips.get(self.job.id)
        except NotFoundError:
            return Fate.DELETED
        return Fate.TAKEN

    def _remove_leftovers(self) -> None:
        """A clip may have been stored after the order's folder was removed."""
        self._services.media.delete(self.job.prefix)

    def _cancel_tasks(self) -> None:
        self._services.pool.cancel(*self.held)


def _cost_s(segment: Mapping[str, Any], options: Mapping[str, Any]) -> float:
    length_s = float(segment["end_s"] - segment["start_s"])
    return max(length_s * COPY_COST if options.get("mode") == "copy" else length_s, SHORTEST_COST_S)
