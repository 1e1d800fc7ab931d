"""Task handler: executes a Task, stores what it produces, returns an Outcome.

The video is read from the media store; tracks and timelines are written to the result store and keyframes to
the media store as they are produced; the Outcome holds a few numbers only. Knows the stores and an Analyser;
imports no Ray and no message queue and checks no lease: a timeline whose id belongs to an old lease epoch is
never shown (see `Jobs.finish`), so a handler that has lost its lease does no harm.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from cachetools import LRUCache

from actors import metrics
from actors.segmentation.errors import Cancelled, MediaError, SettingsError
from actors.tasks import CODE_MEDIA_MISSING, CODE_NEEDS_DECODE, Outcome, Status, Task, TaskKind
from actors.worker import memory
from actors.worker.analyser import Analyser, JoinedTracks, PlannedVideo
from actors.worker.clips import ClipHandler
from actors.worker.media import local_media
from actors.worker.proxies import ProxyHandler
from actors.worker.state import WorkState
from cluster.errors import InvalidSettingsError, NotFoundError, UnavailableError
from cluster.stores.media.cache import MediaCache
from cluster.stores.media.keys import keyframe_key
from cluster.stores.media.store import MediaStore
from cluster.stores.mongodb.results import Results
from cluster.telemetry import tracing

if TYPE_CHECKING:
    from actors.worker.words.handler import WordsHandler  # imports torch, which a fuser does without

INFRASTRUCTURE_ERRORS = (UnavailableError, OSError)
"""Exceptions that say nothing about the video: a store that is away, a full disk, a lost network drive. The
task becomes UNAVAILABLE and is tried again later. (PyAV's FFmpegError may be an OSError too; the library has
turned errors of the file itself into MediaError before they come here.)"""

NEEDS_DECODE = (
    "These settings need the video decoded again (another stream, another `ignore`, or a new version of the "
    "analysis), which a dry run does not do. Send the request without `dry_run`."
)
"""For people, with CODE_NEEDS_DECODE: the stored tracks are not those of these settings."""

PLANS_KEPT = 2
"""Stored plans that one actor keeps in memory. The pool gives an actor chunks of one or two videos at a time;
more plans would take memory for nothing (8 bytes a frame before compression: 80 MB at 10 million frames)."""

log = structlog.get_logger(__name__)


class TaskHandler:
    """Executes one task at a time. `device`: the label ("cpu" or "gpu") of its metrics and spans."""

    device = "cpu"

    def __init__(
        self,
        analyser: Analyser,
        results: Results,
        media: MediaStore,
        copies: MediaCache,
        clips: ClipHandler | None = None,
        words: WordsHandler | None = None,
        proxies: ProxyHandler | None = None,
        memory_bytes: int | None = None,
    ) -> None:
        """`memory_bytes`: what a task may take beside what the process has; None: anything."""
        self._analyser = analyser
        self._results = results
        self._media = media
        self._copies = copies
        self._bounds: Callable[[], AbstractContextManager[None]] = (
            nullcontext if memory_bytes is None else partial(memory.bounded, memory_bytes)
        )
        self._plans: LRUCache[tuple[str, str], bytes] = LRUCache(PLANS_KEPT)
        self._methods: dict[TaskKind, Callable[[Task, WorkState], Outcome]] = {
            TaskKind.PLAN: self._plan,
            TaskKind.CHUNK: self._chunk,
            TaskKind.FUSE: self._fuse,
        }
        if clips is not None:
            self._methods[TaskKind.CLIP] = clips.do
        if words is not None:
            self._methods[TaskKind.WORDS] = words.do
        if proxies is not None:
            self._methods[TaskKind.PROXY] = proxies.do

    def do(self, task: Task, state: WorkState) -> Outcome:
        """Execute a task. Raises nothing that a video or a store can cause: those become outcomes, and an
        unforeseen exception becomes CRASHED."""
        kind = task.kind.value
        chunk = task.chunk if task.chunk >= 0 else None
        with (
            metrics.timed(metrics.TASK_S, kind=kind),
            tracing.span(
                kind, parent=task.trace, video_id=task.of_video, chunk=chunk, device=self.device
            ) as mark,
        ):
            with self._bounds():
                outcome = self._done(task, state)
            if outcome.status is not Status.DONE:
                mark.failed(outcome.message)
            return outcome

    def _done(self, task: Task, state: WorkState) -> Outcome:
        bound = log.bind(video_id=task.video_id, kind=task.kind.value, chunk=task.chunk)
        try:
            method = self._methods.get(task.kind)
            if method is None:
                return Outcome.unavailable(f"A {task.kind} is not done here.")
            return method(task, state)
        except MediaError as error:
            bound.info("video refused", code=str(error.code), reason=error.message)
            return Outcome.error(str(error.code), error.message)
        except SettingsError as error:
            return Outcome.error(InvalidSettingsError.code, str(error))
        except Cancelled:
            return Outcome.cancelled()
        except (NotFoundError, FileNotFoundError) as error:
            bound.warning("media missing", reason=str(error))
            return Outcome.error(
                CODE_MEDIA_MISSING, "The file of this video is no longer stored. Upload it again."
            )
        except INFRASTRUCTURE_ERRORS as error:
            if isinstance(error, OSError) and error.errno == errno.ENOMEM:  # `memory_bytes`: the task's own
                return Outcome.crashed(f"more memory was needed than a task may take: {error}")
            bound.warning("store unavailable", reason=str(error))
            return Outcome.unavailable(str(error))
        except Exception as error:  # noqa: BLE001 - the pool decides whether to try the task elsewhere
            bound.exception("work crashed")
            return Outcome.crashed(f"{type(error).__name__}: {error}")

    def _plan(self, task: Task, state: WorkState) -> Outcome:
        try:
            tracks_hash = self._analyser.tracks_hash(task.settings)
        except ValueError as error:  # checked when it was submitted, perhaps by another version
            return Outcome.error(
                InvalidSettingsError.code, f"The settings of this video are not valid: {error}"
            )
        with state.at_store():
            planned = self._stored_plan(task.tracks_key, tracks_hash)
        if planned is None:
            with self._fetched(task, state) as path, stage("demux"):
                planned = self._analyser.plan(path, task.settings, state.should_stop)
            with stage("store"), state.at_store():
                self._results.put_plan(task.tracks_key, tracks_hash, planned.payload)
        return planned_outcome(planned, tracks_hash)

    def _chunk(self, task: Task, state: WorkState) -> Outcome:
        with state.at_store():
            if task.again and task.chunk in self._results.stored_chunks(task.tracks_key, task.tracks_hash):
                return Outcome.done(chunk=task.chunk, repeated=True)
            plan = self._plan_of(task)

        def keep(frame: int, webp: bytes) -> None:
            with state.at_store():
                self._media.put_stream(keyframe_key(task.tracks_key, frame), [webp], durable=False)
            state.step()

        with self._fetched(task, state) as path, stage("analyse"):
            made = self._analyser.chunk(
                path,
                plan,
                task.chunk,
                on_frames=state.frames,
                should_stop=state.should_stop,
                keyframe_sink=keep,
            )
        if state.should_stop():
            raise Cancelled
        with stage("store"), state.at_store():
            self._results.put_chunk(
                task.tracks_key,
                task.tracks_hash,
                task.chunk,
                start_frame=made.start_frame,
                end_frame=made.end_frame,
                payload=made.payload,
                shots=made.shots,
            )
        frames = made.end_frame - made.start_frame
        metrics.chunk_done(frames, task.cost_s, self.device)
        return Outcome.done(chunk=task.chunk, shots=len(made.shots), frames=frames)

    def _fuse(self, task: Task, state: WorkState) -> Outcome:
        follows = "video_id" in task.words or "exact" in task.corrections
        if follows and self._analyser.tracks_hash(task.settings) != task.tracks_hash:
            # of words or corrections: an earlier result was chosen again, or an earlier version measured
            return Outcome.error(CODE_NEEDS_DECODE, NEEDS_DECODE)
        with stage("join"):
            joined = self._joined(task, state)
        with stage("fuse"):
            fused = self._analyser.fuse(
                joined, task.settings, self._known_words(task, state), task.corrections
            )
        state.step()
        if state.should_stop():
            raise Cancelled
        with stage("store"), state.at_store():
            self._results.put_timeline(
                task.timeline_id, task.of_video, task.revision, fused.segments, fused.document
            )
        counts: dict[str, int] = {}
        for segment in fused.segments:
            counts[segment["level"]] = counts.get(segment["level"], 0) + 1
        warnings = fused.document.get("warnings", [])
        return Outcome.done(
            timeline_id=task.timeline_id, counts=counts, warnings=warnings, with_words=bool(task.words)
        )

    def _known_words(self, task: Task, state: WorkState) -> dict[str, Any] | None:
        """The words that the task refers to (`TranscriptJob.reference`); None where it refers to none."""
        words = task.words
        if not words:
            return None
        with state.at_store():
            return self._results.words_at(task.tracks_key, words)

    def _joined(self, task: Task, state: WorkState) -> JoinedTracks:
        """The tracks of all chunks, read from the store, where they are complete by now."""

        def chunks() -> Iterator[bytes]:
            for _, payload in self._results.load_chunks(task.tracks_key, task.tracks_hash):
                if state.should_stop():
                    raise Cancelled
                state.step()
                yield payload

        with state.at_store():
            return self._analyser.join(self._plan_of(task), chunks())

    @contextmanager
    def _fetched(self, task: Task, state: WorkState) -> Iterator[Path]:
        with ExitStack() as held:
            with stage("fetch"):
                path = held.enter_context(local_media(self._media, self._copies, task.media_key, state))
            yield path

    def _plan_of(self, task: Task) -> bytes:
        """The same object while it is kept, which the analyser then does not parse again."""
        key = (task.tracks_key, task.tracks_hash)
        payload = self._plans.get(key)
        if payload is None:
            payload = self._results.get_plan(*key)
            if payload is None:
                raise UnavailableError(f"The plan of video {task.video_id} is not stored (any more).")
            self._plans[key] = payload
        return payload

    def _stored_plan(self, tracks_key: str, tracks_hash: str) -> PlannedVideo | None:
        payload: Any = self._results.get_plan(tracks_key, tracks_hash)
        if payload is None:
            return None
        try:
            return self._analyser.planned(payload)
        except ValueError as error:
            log.warning("stored plan unreadable, planning anew", tracks_key=tracks_key, reason=str(error))
            return None


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Measures a stage of a task as a metric and, where tracing is on, as a span of its own."""
    with tracing.span(name), metrics.timed(metrics.STAGE_S, stage=name):
        yield


def planned_outcome(planned: PlannedVideo, tracks_hash: str) -> Outcome:
    """DONE, with what a bridge needs of a plan: media, warnings, tracks_hash, (index, seconds) of each
    chunk."""
    return Outcome.done(
        media=planned.media,
        warnings=planned.warnings,
        tracks_hash=tracks_hash,
        chunks=[(chunk.index, chunk.duration_s) for chunk in planned.chunks],
    )
