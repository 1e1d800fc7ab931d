"""How a job ends: done, failed, cancelled, handed back, or overtaken by another holder of the lease.

Each way is one fenced write to PostgreSQL. Knows the stores and the pool's client; not how a video is
segmented.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from actors import metrics
from actors.bridge.control import Aborted, Control, Patience, Reason
from actors.bridge.services import Services
from cluster.errors import NotFoundError, UnavailableError
from cluster.stores.mongodb.timeline_ids import NotOutdated
from cluster.stores.postgres.video import Video
from cluster.stores.removal import removal_steps

log = structlog.get_logger(__name__)


class Ending:
    """The last calls of one job. `video` as claimed."""

    def __init__(self, video: Video, services: Services, control: Control) -> None:
        self._video = video
        self._epoch = video.lease_epoch
        self._services = services
        self._control = control
        # Neither an orderly stop nor a late cancellation keeps a job from saying that it is done.
        self._patience = Patience(control, tolerate=Reason.CANCELLED)
        self._log = log.bind(video_id=video.id, epoch=self._epoch)

    def done(self, revision: int, timeline_id: str) -> None:
        """The timeline is stored whole: show it. Aborted when the lease is lost."""
        jobs = self._services.jobs
        finished = self._patience.call(jobs.finish, self._video.id, self._epoch, revision, timeline_id)
        if not finished and not self._is_shown(timeline_id):
            raise Aborted(Reason.LOST)
        metrics.video_ended("done")
        self._services.reporter.done(self._video.id, revision)
        try:
            kept = jobs.revisions.trim(self._video.id, self._services.revisions_kept)
            self._services.results.drop_other_timelines(self._video.id, keep=NotOutdated(self._epoch, kept))
        except UnavailableError as error:  # nobody sees them, and the next revision drops them as well
            self._log.warning("outdated timelines kept", reason=error.message)

    def _is_shown(self, timeline_id: str) -> bool:
        """An earlier try went through, and only its answer was lost: no other lease uses that name."""
        try:
            return self._patience.call(self._services.jobs.get, self._video.id).timeline_id == timeline_id
        except NotFoundError:
            return False

    def failed(self, code: str, message: str) -> None:
        """The video cannot be segmented. Aborted when the lease is lost."""
        jobs = self._services.jobs
        if not self._patience.call(jobs.fail, self._video.id, self._epoch, code, message):
            raise Aborted(Reason.LOST)
        self._log.info("job failed", code=code, reason=message)
        metrics.video_ended("failed", code)
        error = {"code": code, "message": message}
        self._services.reporter.ended(self._video.id, "failed", error=error)
        self._cancel_work()

    def given_up(self, reason: Reason) -> None:
        """Somebody else decided that the job ends. Never raises for a server that is away."""
        self._log.info("job given up", reason=reason.value)
        if reason is Reason.STOPPED:
            # First, since a stop is short of time and the pool may take long to give up its work. A bridge
            # that claims the video meanwhile asks under a newer epoch, which the cancellation spares.
            self.hand_back()
            self._cancel_work()
        else:
            self._cancel_work()
            self._settle(self._acknowledge_cancel if reason is Reason.CANCELLED else self._leave)

    def hand_back(self) -> None:
        """Queued again, the attempt not counted, if PostgreSQL answers; otherwise the lease runs out."""
        self._settle(self._release)

    def _cancel_work(self) -> None:
        for workers in (self._services.fuser, self._services.pool):
            workers.cancel(self._video.id, self._epoch)

    def _settle(self, last_call: Callable[[], None]) -> None:
        try:
            last_call()
        except Aborted as aborted:
            self._log.info("job left", reason=aborted.reason.value)
        except UnavailableError as error:  # the lease runs out by itself
            self._log.warning("job left without a word", reason=error.message)

    def _release(self) -> None:
        """One try: at an orderly stop nobody waits for a server that is away."""
        if self._services.jobs.release(self._video.id, self._epoch):
            self._services.reporter.state(self._video.id, "queued")

    def _acknowledge_cancel(self) -> None:
        jobs = self._services.jobs
        if self._patience.call(jobs.acknowledge_cancel, self._video.id, self._epoch):
            metrics.video_ended("cancelled")
            self._services.reporter.ended(self._video.id, "cancelled")
        else:
            self._leave()

    def _leave(self) -> None:
        """The lease is lost. If that is because the video was deleted, take away what came too late."""
        try:
            self._services.jobs.get(self._video.id)
            metrics.LEASES_LOST.add()
        except NotFoundError:
            self._log.info("video was deleted, removing what was made of it")
            stores = self._services.jobs, self._services.results, self._services.media
            for _, delete in removal_steps(self._video, *stores):
                delete()
            self._services.reporter.forget(self._video.id)
