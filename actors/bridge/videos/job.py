"""One video under one lease: plan, chunks, fusion, and the writes that end it.

Runs in a thread of its own and mostly waits. Knows the stores and the pool's client; no Ray, no queue, and
not how a video is segmented.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from actors import metrics
from actors.bridge.leased import Fate, Leased
from actors.bridge.progress import ProgressMeter
from actors.bridge.services import BridgeServices
from actors.bridge.window import TaskWindow, result_of
from actors.tasks import Task, TaskKind
from cluster.clips.proxies import OPTIONS, needs_proxy, pieces_of
from cluster.contract.vocabulary import BATCH
from cluster.errors import NotFoundError
from cluster.stores.mongodb.timeline_ids import timeline_id
from cluster.stores.outdated import drop_outdated
from cluster.stores.postgres.video import Video, VideoState
from cluster.stores.removal import delete_unread, removal_steps
from cluster.telemetry import tracing

SHORTEST_COST_S = 1e-3  # a chunk of one frame may last nothing at all, and still counts


class Job(Leased):
    """`video` as claimed. `long`: it is to let others go before it while it is planned."""

    kind = "video"

    def __init__(self, video: Video, services: BridgeServices, *, long: bool) -> None:
        super().__init__((video.id, video.lease_epoch), video_id=video.id)
        self._log = self._log.bind(attempt=video.attempt)
        self.video = video
        self._long = long
        self._services = services
        self._tasks = TaskWindow(services.pool, self.control)
        self._revision = video.newest_revision + 1
        self._timeline_id = timeline_id(video.id, self._revision, video.lease_epoch)

    def run(self) -> None:
        """See Leased; counts how long the video waited, and times and traces the work."""
        video = self.video
        trace = video.traceparent or ""
        if self._is_first:
            metrics.job_began(video.created_at, video.priority)
            tracing.record("queued", video.created_at, parent=trace, video_id=video.id)
        with (
            tracing.span("video", parent=trace, video_id=video.id, attempt=video.attempt) as self._span,
            metrics.timed(metrics.JOB_S),
        ):
            super().run()

    @property
    def _is_first(self) -> bool:
        """Whether nobody has worked on this video before."""
        return self.video.attempt == 1 and self.video.newest_revision == 0

    @property
    def _is_alone(self) -> bool:
        """Whether nobody else can be storing a chunk: no video of the same content, no earlier lease."""
        return self.video.lease_epoch == 1 and self.video.tracks_key == self.video.id

    def _work(self) -> None:
        jobs, video = self._services.jobs, self.video
        self._log.info("job begins")
        self._services.reporter.state(video.id, "running", attempt=video.attempt)
        planned = self._plan()
        tracks_hash = str(planned["tracks_hash"])
        chunks = {int(index): float(duration_s) for index, duration_s in planned["chunks"]}
        self._fenced(
            jobs.record_media, planned["media"], len(chunks), tracks_hash, planned.get("warnings", [])
        )
        delete_unread(self._services.media, self._patience.call(jobs.proxies.drop_outdated, video.id))
        self._analyse(tracks_hash, chunks)
        self._ask_for_proxy(planned["media"], tracks_hash)
        self._fenced(jobs.begin_finalizing)
        self._services.reporter.state(video.id, "finalizing")
        fused = self._ask(
            self._task(
                TaskKind.FUSE,
                tracks_hash=tracks_hash,
                timeline_id=self._timeline_id,
                revision=self._revision,
                words=self._words(),
                corrections=self._corrections(),
            )
        )
        # a worker of an earlier version tells neither
        warnings, with_words = fused.get("warnings"), bool(fused.get("with_words"))
        self._conclude(
            "done",
            lambda: jobs.finish(
                *self.held, self._revision, self._timeline_id, warnings, with_words=with_words
            ),
        )
        services = self._services
        drop_outdated(
            services.jobs,
            services.results,
            video.id,
            epoch=video.lease_epoch,
            revisions_kept=services.revisions_kept,
        )

    def _ask_for_proxy(self, media: dict[str, Any], tracks_hash: str) -> None:
        """Has a file that no browser plays made playable, which begins when this work has ended."""
        if not needs_proxy(media):
            return
        left = self._patience.call(
            self._services.jobs.proxies.ask,
            self.video.id,
            options=OPTIONS,
            wanted=pieces_of(media),
            tracks_hash=tracks_hash,
            priority=BATCH,
            after_failure=False,
        )
        delete_unread(self._services.media, left)

    def _words(self) -> dict[str, Any]:
        """Where the words of the video are stored, if they are there by now; else they follow."""
        job = self._patience.call(self._services.jobs.transcripts.find, self.video.id)
        return {} if job is None else job.stored(self.video.settings)

    def _corrections(self) -> dict[str, Any]:
        """What was corrected by hand, unless it is to be forgotten."""
        if not self.video.keep_corrections:
            return {}
        return self._patience.call(self._services.jobs.revisions.corrections, self.video.id)

    def _plan(self) -> dict[str, Any]:
        """What the file is, and its chunks."""
        task = self._task(TaskKind.PLAN)
        if not self._long:
            return self._ask(task)
        with self._services.planners.turn(self.control):
            return self._ask(task)

    def _analyse(self, tracks_hash: str, chunks: Mapping[int, float]) -> None:
        """Have the chunks that are not stored yet analysed."""
        stored = self._patience.call(self._services.results.stored_chunks, self.video.tracks_key, tracks_hash)
        progress = ProgressMeter(chunks, stored)
        self._record(progress, [])

        def task_of(index: int, again: bool) -> Task:
            return self._task(
                TaskKind.CHUNK,
                tracks_hash=tracks_hash,
                chunk=index,
                cost_s=max(chunks[index], SHORTEST_COST_S),
                again=again or not self._is_alone,
            )

        missing = [index for index in chunks if index not in stored]
        for ended in self._tasks.outcomes(missing, task_of):
            for index, outcome in ended:
                result_of(outcome)
                progress.done(index)
            if self._is_first and not stored and progress.chunks_done == len(ended):
                metrics.first_segments(self.video.created_at, self.video.priority)
            self._record(progress, [index for index, _ in ended])

    def _ask(self, task: Task) -> dict[str, Any]:
        """What a plan or a fusion returns, waiting for pool and stores as long as it takes.

        The fuser is asked once, since it answers while the pool decodes, or that this task is not for it. The
        pool knows how often a task may end its process.
        """
        return self._tasks.first_or_outcome(self._services.fuser, task)

    def _task(self, kind: TaskKind, **values: Any) -> Task:
        video = self.video
        return Task(
            kind,
            video.id,
            video.lease_epoch,
            video.media_key,
            settings=dict(video.settings),
            tracks_key=video.tracks_key,
            priority=video.priority,
            owner=video.owner or "",
            trace=tracing.traceparent(),
            **values,
        )

    def _record(self, progress: ProgressMeter, new_chunks: list[int]) -> None:
        self._fenced(self._services.jobs.record_progress, progress.chunks_done)
        self._services.reporter.progress(self.video.id, progress, new_chunks)

    def _store_failure(self, code: str, message: str) -> bool:
        return self._services.jobs.fail(*self.held, code, message)

    def _store_cancelled(self) -> bool:
        return self._services.jobs.acknowledge_cancel(*self.held)

    def _release(self) -> None:
        if self._services.jobs.release(*self.held):
            self._services.reporter.state(self.video.id, "queued")

    def _has_ended(self, state: str) -> bool:
        try:
            row = self._services.jobs.get(self.video.id)
        except NotFoundError:
            return False
        if state == VideoState.DONE:  # no other lease writes a timeline of this name, but words may follow
            kept = self._services.jobs.revisions.list_all(self.video.id)
            return any(one.timeline_id == self._timeline_id for one in kept)
        return row.state.value == state and row.lease_epoch == self.held[1]

    def _fate(self) -> Fate:
        try:
            self._services.jobs.get(self.video.id)
        except NotFoundError:
            return Fate.DELETED
        return Fate.TAKEN

    def _remove_leftovers(self) -> None:
        stores = self._services.jobs, self._services.results, self._services.media
        for _, delete in removal_steps(self.video, *stores):
            delete()
        self._services.reporter.forget(self.video.id)

    def _tell(self, state: str, code: str = "", message: str = "") -> None:
        metrics.video_ended(state, code)
        reporter = self._services.reporter
        if state == VideoState.DONE:
            reporter.done(self.video.id, self._revision)
        elif state == VideoState.FAILED:
            self._span.failed(message)
            reporter.ended(self.video.id, state, error={"code": code, "message": message})
        else:
            reporter.ended(self.video.id, state)

    def _cancel_tasks(self) -> None:
        for workers in (self._services.fuser, self._services.pool):
            workers.cancel(*self.held)
