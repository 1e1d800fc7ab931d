"""One video's words under one lease: what is said and what is shown, and both in its segments.

Speech and screen are recognised in the steps of `actors.worker.words` through the pool: find, groups, join.
Their tasks have a class of their own in the pool's queue: the segments of all videos go before them. A group
that was recognised before is done again only if it is not stored. At the end the video is fused again with
its words, which becomes a revision of it; a result that a person corrected keeps all its starts. Knows the
stores and the pool's client; no Ray, and not how anything is recognised.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from actors.bridge.control import Aborted, Reason
from actors.bridge.leased import Fate, Leased, WorkFailedError
from actors.bridge.services import BridgeServices
from actors.bridge.window import TaskWindow, result_of
from actors.tasks import CODE_NEEDS_DECODE, Task, TaskKind
from cluster.contract.vocabulary import BATCH
from cluster.errors import NotFoundError
from cluster.stores.corrections import exact_starts
from cluster.stores.mongodb.timeline_ids import timeline_id
from cluster.stores.outdated import drop_outdated
from cluster.stores.postgres.revisions import EXACT
from cluster.stores.postgres.video import Video, VideoState
from cluster.stores.postgres.words.job import SCREEN, SPEECH, TranscriptJob, TranscriptState

GROUP_COST_S = 30.0
"""Seconds of video whose analysis takes as long as one group: half a minute of speech takes three to five
seconds on two cores, as half a minute of video does."""
CODE_OUTDATED = "outdated_actor"
"""Stable error code, shown by the API."""
STEP_COST_S = 5.0
"""... as finding where there is something to recognise, and joining, take."""


@dataclass(slots=True)
class _Progress:
    """Groups of speech and screen together, and who recognises them."""

    model: str | None
    reader: str | None
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class _Found:
    """What there is to recognise: in how many groups, and which of them are stored."""

    recogniser: str
    groups: int
    stored: frozenset[int]


class WordsWork(Leased):
    """`job` as claimed."""

    kind = "words"

    def __init__(self, job: TranscriptJob, services: BridgeServices) -> None:
        super().__init__((job.id, job.lease_epoch), video_id=job.id)
        self.job = job
        self._services = services
        self._transcripts = services.jobs.transcripts
        # of their own: the video's lease has other epochs, and a cancellation names both
        self._task_ids = {of: f"{job.id}.{of}" for of in (SPEECH, SCREEN)}
        self._tasks = TaskWindow(services.pool, self.control)
        # what an earlier run has recognised is shown meanwhile
        self._progress = _Progress(job.model, job.reader)

    def _work(self) -> None:
        outlines = {of: self._find(of) for of in (SPEECH, SCREEN) if self.job.wants(of)}
        known = {of: found for of, found in outlines.items() if found is not None}
        progress = self._progress
        progress.model = known[SPEECH].recogniser if SPEECH in known else progress.model
        progress.reader = known[SCREEN].recogniser if SCREEN in known else progress.reader
        progress.done = sum(len(found.stored) for found in known.values())
        progress.total = sum(found.groups for found in known.values())
        self._record()
        there = sum(self._recognise(of, found) for of, found in known.items())
        self._revise(there > 0)
        self._conclude("done", lambda: self._transcripts.finish(*self.held))

    def _find(self, of: str) -> _Found | None:
        """Finds what there is of speech or screen. None where no recogniser is installed: without its words
        the video is as good as before."""
        job = self.job
        found = result_of(self._tasks.outcome(self._task(of, 0, {"step": "find"})))
        recogniser = found["recogniser"]
        if recogniser is None:
            return None
        stored = self._patience.call(
            self._services.results.recognised_groups, job.tracks_key, job.tracks_hash, recogniser
        )
        return _Found(str(recogniser), int(found["groups"]), frozenset(stored))

    def _recognise(self, of: str, found: _Found) -> int:
        """Recognises speech or screen; returns how many sentences or texts there are."""

        def task_of(group: int, _again: bool) -> Task:
            return self._task(of, group + 1, {"step": "group", "group": group}, cost_s=GROUP_COST_S)

        missing = [group for group in range(found.groups) if group not in found.stored]
        for ended in self._tasks.outcomes(missing, task_of):
            for _group, outcome in ended:
                result_of(outcome)
                self._progress.done += 1
            self._record()
        return int(
            result_of(self._tasks.outcome(self._task(of, found.groups + 1, {"step": "join"})))["found"]
        )

    def _revise(self, anything: bool) -> None:
        """Makes the words part of the video's current result, if it is done; else its end asks for that."""
        services, job = self._services, self.job
        try:
            video = self._patience.call(services.jobs.get, job.id)
        except NotFoundError:
            raise Aborted(Reason.LOST) from None
        base = video.timeline_id
        names = (self._progress.model, self._progress.reader)
        if video.state is not VideoState.DONE or base is None:
            return
        if base == job.timeline_id and names == (job.model, job.reader):
            return  # an earlier holder did it, or there is no model still
        words = job.reference(video.settings, *names)
        revision = video.newest_revision + 1
        made = self._fused(video, revision, words) if anything and words else None
        self._fenced(self._transcripts.revise, base=base, revision=revision, timeline_id=made)
        if made is not None:
            drop_outdated(
                services.jobs,
                services.results,
                job.id,
                epoch=video.lease_epoch,
                revisions_kept=services.revisions_kept,
            )

    def _fused(self, video: Video, revision: int, words: dict[str, Any]) -> str | None:
        """The id of a timeline of the video with its words; None where the stored tracks are not those of its
        settings, so that words follow only its next result."""
        # with this lease's epoch in its name: what an earlier holder stored may be of other settings
        name = timeline_id(video.id, f"{revision}.{self.job.lease_epoch}", video.lease_epoch)
        task = Task(
            TaskKind.FUSE,
            self._task_ids[SPEECH],
            self.job.lease_epoch,
            video.media_key,
            settings=dict(video.settings),
            tracks_hash=video.tracks_hash or "",
            tracks_key=video.tracks_key,
            timeline_id=name,
            revision=revision,
            words={**words, "video_id": video.id},
            corrections=self._corrections(video),
            owner=video.owner or "",
            trace=video.traceparent or "",
        )
        try:
            fused = self._tasks.first_or_outcome(self._services.fuser, task)
        except WorkFailedError as error:
            if error.code == CODE_NEEDS_DECODE:
                return None
            raise
        if not fused.get("with_words"):
            raise WorkFailedError(
                CODE_OUTDATED,
                "An actor of an earlier version made the result again without the words. Try again when all "
                "parts of the installation are of one version.",
            )
        return name

    def _corrections(self, video: Video) -> dict[str, Any]:
        """What was corrected by hand: all starts, where the result that is shown was made so."""
        revisions, results = self._services.jobs.revisions, self._services.results
        kept = {one.revision: one.corrections for one in self._patience.call(revisions.list_all, video.id)}
        corrections = kept.get(video.revision) or {}
        if EXACT not in corrections:
            return corrections
        return {EXACT: exact_starts(self._patience.call(results.all_segments, video.timeline_id))}

    def _record(self) -> None:
        progress = self._progress
        self._fenced(
            self._transcripts.record,
            model=progress.model,
            reader=progress.reader,
            groups_done=progress.done,
            groups_total=progress.total,
        )

    def _task(self, of: str, place: int, words: dict[str, Any], *, cost_s: float = STEP_COST_S) -> Task:
        job = self.job
        return Task(
            TaskKind.WORDS,
            self._task_ids[of],
            job.lease_epoch,
            job.media_key,
            tracks_hash=job.tracks_hash,
            tracks_key=job.tracks_key,
            chunk=place,
            cost_s=cost_s,
            words={**words, "of": of, "video_id": job.id},
            priority=BATCH,
            owner=job.owner or "",
            trace=job.traceparent or "",
        )

    def _store_failure(self, code: str, message: str) -> bool:
        return self._transcripts.fail(*self.held, code, message)

    def _store_cancelled(self) -> bool:
        return self._transcripts.acknowledge_cancel(*self.held)

    def _release(self) -> None:
        self._transcripts.release(*self.held)

    def _has_ended(self, state: str) -> bool:
        row = self._transcripts.find(self.job.id)
        if row is None or row.lease_epoch != self.held[1]:
            return False
        # its end may have queued it again, for a newer result of the video
        return row.state.value == state or (state == "done" and row.state is TranscriptState.QUEUED)

    def _fate(self) -> Fate:
        return Fate.DELETED if self._transcripts.find(self.job.id) is None else Fate.TAKEN

    def _remove_leftovers(self) -> None:
        """Words may have been stored after the video and its tracks were removed."""
        jobs = self._services.jobs
        try:
            jobs.get(self.job.id)
        except NotFoundError:
            self._services.results.drop_other_timelines(self.job.id, keep=())
            if not jobs.tracks_in_use(self.job.tracks_key):
                self._services.results.delete_video(self.job.tracks_key)

    def _cancel_tasks(self) -> None:
        for workers in (self._services.fuser, self._services.pool):
            for name in self._task_ids.values():
                workers.cancel(name, self.held[1])
