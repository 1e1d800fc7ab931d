"""One video under one lease: plan, chunks, fusion, and always an end.

Runs in a thread of its own and mostly waits. Every write to PostgreSQL names the lease's epoch; a server that
is away is waited for; whatever goes wrong ends in a state people can read. Knows the stores and the pool's
client; no Ray, no queue.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent import futures
from concurrent.futures import Future
from typing import Any

import structlog

from actors import metrics
from actors.bridge.control import Aborted, Control, Patience, Reason
from actors.bridge.progress import Progress
from actors.bridge.services import Services
from actors.bridge.videos.ending import Ending
from actors.tasks import Kind, Outcome, Status, Task
from cluster.backoff import Backoff
from cluster.stores.mongodb.timeline_ids import timeline_id
from cluster.stores.postgres.video import Video
from cluster.telemetry import tracing

CODE_INTERNAL = "internal"
RETRY_FIRST_S, RETRY_LONGEST_S = 0.2, 10.0  # between tries of a task whose actor or store was away
SHORTEST_COST_S = 1e-3  # a chunk of one frame may last nothing at all, and still counts

log = structlog.get_logger(__name__)


class VideoFailedError(Exception):
    """The video cannot be segmented: a stable code and a sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Job:
    """`video` as claimed: its `lease_epoch` is the fencing token of everything done here. `long`: it is to
    let others go before it while it is planned.
    """

    def __init__(self, video: Video, services: Services, *, long: bool) -> None:
        self.video = video
        self._long = long
        self.epoch = video.lease_epoch
        self.control = Control()
        self._services = services
        self._patience = Patience(self.control)
        self._ending = Ending(video, services, self.control)
        self._log = log.bind(video_id=video.id, attempt=video.attempt, epoch=self.epoch)

    def run(self) -> None:
        """From the claim to an end. Never raises."""
        video = self.video
        trace = video.traceparent or ""
        if self._is_first:
            metrics.job_began(video.created_at, video.priority)
            tracing.record("queued", video.created_at, parent=trace, video_id=video.id)
        with (
            tracing.span("video", parent=trace, video_id=video.id, attempt=video.attempt) as self._mark,
            metrics.timed(metrics.JOB_S),
        ):
            self._run()

    def hand_back(self) -> None:
        """Instead of `run`: another bridge may have it, and its attempt does not count."""
        self._ending.hand_back()

    @property
    def _is_first(self) -> bool:
        """Whether nobody has worked on this video before."""
        return self.video.attempt == 1 and self.video.newest_revision == 0

    @property
    def _is_alone(self) -> bool:
        """Whether nobody else can be about to store a chunk: no twin, and nobody who had the lease before."""
        return self.video.lease_epoch == 1 and self.video.tracks_key == self.video.id

    def _run(self) -> None:
        try:
            self._segment()
        except Aborted as aborted:
            self._ending.given_up(aborted.reason)
        except VideoFailedError as error:
            self._fail(error.code, error.message)
        except Exception:  # noqa: BLE001 - a job must end in a state whatever happens
            self._log.exception("job failed unexpectedly")
            self._fail(
                CODE_INTERNAL,
                "Something went wrong inside Scenestream, not with this file. Try again; if it happens "
                f"again, report it with the log lines of video {self.video.id}.",
            )

    def _fail(self, code: str, message: str) -> None:
        self._mark.failed(message)
        try:
            self._ending.failed(code, message)
        except Aborted as aborted:
            self._ending.given_up(aborted.reason)

    def _segment(self) -> None:
        jobs, video = self._services.jobs, self.video
        self._log.info("job begins")
        self._services.reporter.state(video.id, "running", attempt=video.attempt)
        planned = self._plan()
        tracks_hash = str(planned["tracks_hash"])
        chunks = {int(index): float(duration_s) for index, duration_s in planned["chunks"]}
        self._fenced(jobs.record_media, planned["media"], len(chunks), tracks_hash)
        self._analyse(tracks_hash, chunks)
        self._fenced(jobs.begin_finalizing)
        self._services.reporter.state(video.id, "finalizing")
        revision = video.newest_revision + 1
        name = timeline_id(video.id, revision, self.epoch)
        self._ask(self._task(Kind.FUSE, tracks_hash=tracks_hash, timeline_id=name, revision=revision))
        self._ending.done(revision, name)

    def _plan(self) -> dict[str, Any]:
        """What the file is, and its chunks."""
        task = self._task(Kind.PLAN)
        if not self._long:
            return self._ask(task)
        with self._services.planners.turn(self.control):
            return self._ask(task)

    def _analyse(self, tracks_hash: str, chunks: dict[int, float]) -> None:
        """Have the chunks that are not stored yet analysed, a sliding window of them at a time."""
        stored = self._patience.call(self._services.results.stored_chunks, self.video.tracks_key, tracks_hash)
        progress = Progress(chunks, stored)
        self._record(progress, [])
        waiting = sorted((index for index in chunks if index not in stored), reverse=True)
        under_way: dict[Future[Outcome], int] = {}
        returned: set[int] = set()
        backoff = Backoff(RETRY_FIRST_S, RETRY_LONGEST_S)
        while waiting or under_way:
            while waiting and len(under_way) < self._services.pool.window:
                index = waiting.pop()
                task = self._task(
                    Kind.CHUNK,
                    tracks_hash=tracks_hash,
                    chunk=index,
                    cost_s=max(chunks[index], SHORTEST_COST_S),
                    again=index in returned or not self._is_alone,
                )
                under_way[self._services.pool.submit(task)] = index
            finished, away = self._collect(under_way)
            for index in finished:
                progress.done(index)
            if finished:
                if self._is_first and not stored and progress.chunks_done == len(finished):
                    metrics.first_segments(self.video.created_at, self.video.priority)
                backoff.reset()
                self._record(progress, finished)
            if away:
                returned.update(away)
                waiting = sorted((*waiting, *away), reverse=True)
                self.control.pause(backoff.next_s())

    def _collect(self, under_way: dict[Future[Outcome], int]) -> tuple[list[int], list[int]]:
        """Wait for some chunks and take them out: those that are done, and those to be asked for again."""
        self._wait(under_way)
        finished: list[int] = []
        away: list[int] = []
        for future in [future for future in under_way if future.done()]:
            index = under_way.pop(future)
            (away if self._accept(future.result()) is None else finished).append(index)
        return finished, away

    def _ask(self, task: Task) -> dict[str, Any]:
        """Have one task done, waiting for pool and stores as long as it takes.

        The fuser is tried once, since it answers while the pool decodes, or that this is not for it; the pool
        knows how often a task may end its process.
        """
        future = self._services.fuser.submit(task)
        self._wait([future])
        outcome = future.result()
        for_the_pool = outcome.status in (Status.CRASHED, Status.UNAVAILABLE)
        result = None if for_the_pool else self._accept(outcome)
        backoff = Backoff(RETRY_FIRST_S, RETRY_LONGEST_S)
        while result is None:
            self.control.check()
            future = self._services.pool.submit(task)
            self._wait([future])
            result = self._accept(future.result())
            if result is None:
                self.control.pause(backoff.next_s())
        return result

    def _wait(self, under_way: Iterable[Future[Outcome]]) -> None:
        """Until one of them has ended; Aborted as soon as the job must end."""
        awaited: list[Future[Any]] = [*under_way, self.control.aborted]
        futures.wait(awaited, return_when=futures.FIRST_COMPLETED)
        self.control.check()

    def _accept(self, outcome: Outcome) -> dict[str, Any] | None:
        """What a task that is DONE returned; None if it must be asked for again; VideoFailedError."""
        if outcome.status is Status.DONE:
            return outcome.result
        if outcome.status in (Status.ERROR, Status.CRASHED):
            raise VideoFailedError(outcome.code, outcome.message)
        metrics.TASKS_RETURNED.add(status=outcome.status.value)
        self._log.info("task comes back", status=outcome.status.value, reason=outcome.message)
        return None

    def _task(self, kind: Kind, **values: Any) -> Task:
        video = self.video
        return Task(
            kind,
            video.id,
            self.epoch,
            video.media_key,
            settings=dict(video.settings),
            tracks_key=video.tracks_key,
            priority=video.priority,
            owner=video.owner or "",
            trace=tracing.traceparent(),
            **values,
        )

    def _record(self, progress: Progress, new_chunks: list[int]) -> None:
        self._fenced(self._services.jobs.record_progress, progress.chunks_done)
        self._services.reporter.progress(self.video.id, progress, new_chunks)

    def _fenced(self, write: Any, *values: Any) -> None:
        """A write under this lease; Aborted when the lease is lost."""
        if not self._patience.call(write, self.video.id, self.epoch, *values):
            raise Aborted(Reason.LOST)
