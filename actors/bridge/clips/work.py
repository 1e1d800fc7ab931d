"""One order of clips under one lease: every clip through the pool, then the manifest, and always an end.

A clip that cannot be cut does not keep the others from being cut; the order then fails with a reason and
keeps what was made. Every write to PostgreSQL names the lease's epoch. Knows the stores and the pool's
client; no Ray, and not how a clip is cut.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from concurrent import futures
from concurrent.futures import Future
from typing import Any

import structlog

from actors.bridge.control import Aborted, Control, Patience, Reason
from actors.bridge.services import Services
from actors.tasks import Kind, Outcome, Status, Task
from cluster.backoff import Backoff
from cluster.clips.manifest import MANIFEST, TABLE, Entry, made_entry, manifest, missing_entry, table
from cluster.errors import NotFoundError, UnavailableError
from cluster.stores.postgres.clip_job import ClipJob
from cluster.stores.postgres.video import Video

CODE_CLIPS_FAILED = "clips_failed"
CODE_INTERNAL = "internal"
RETRY_FIRST_S, RETRY_LONGEST_S = 0.2, 10.0  # between tries of a clip whose actor or store was away
COPY_COST = 0.05  # of the seconds of video that an analysis costs; coding anew costs about as much
SHORTEST_COST_S = 1e-3

log = structlog.get_logger(__name__)


class ClipWork:
    """`job` as claimed: its `lease_epoch` is the fencing token of everything done here."""

    def __init__(self, job: ClipJob, services: Services) -> None:
        self.job = job
        self.epoch = job.lease_epoch
        self.control = Control()
        self._services = services
        self._clips = services.jobs.clips
        self._patience = Patience(self.control)
        # Neither an orderly stop nor a late cancellation keeps an order from saying that it is done.
        self._last_patience = Patience(self.control, tolerate=Reason.CANCELLED)
        self._log = log.bind(video_id=job.video_id, clips_id=job.id, epoch=self.epoch)
        self._costs_s = [_cost_s(segment, job.options) for segment in job.wanted]
        self._recorded: set[int] = set()

    @property
    def left_s(self) -> float:
        """What is left to do, as the seconds of video whose analysis takes as long."""
        costs = enumerate(self._costs_s)
        return math.fsum(cost_s for place, cost_s in costs if place not in self._recorded)

    def hand_back(self) -> None:
        """Instead of `run`: another bridge may have it, and its attempt does not count."""
        self._given_up(Reason.STOPPED)

    def run(self) -> None:
        """From the claim to an end. Never raises."""
        try:
            video = self._video()
            self._make(video)
            self._end(video)
        except Aborted as aborted:
            self._given_up(aborted.reason)
        except Exception:  # noqa: BLE001 - an order must end in a state whatever happens
            self._log.exception("clips failed unexpectedly")
            self._fail(
                CODE_INTERNAL,
                "Something went wrong inside Scenestream, not with this video. Try again; if it happens "
                f"again, report it with the log lines of clips {self.job.id}.",
            )

    def _video(self) -> Video:
        try:
            return self._patience.call(self._services.jobs.get, self.job.video_id)
        except NotFoundError:
            raise Aborted(Reason.LOST) from None

    def _make(self, video: Video) -> None:
        """Have the clips that are not recorded yet cut, a sliding window of them at a time."""
        self._recorded.update(file.position for file in self._patience.call(self._clips.files, self.job.id))
        waiting = [place for place in reversed(range(self.job.total)) if place not in self._recorded]
        under_way: dict[Future[Outcome], int] = {}
        backoff = Backoff(RETRY_FIRST_S, RETRY_LONGEST_S)
        while waiting or under_way:
            while waiting and len(under_way) < self._services.pool.window:
                place = waiting.pop()
                under_way[self._services.pool.submit(self._task(video, place))] = place
            away = self._collect(under_way)
            if away:
                waiting = sorted((*waiting, *away), reverse=True)
                self.control.pause(backoff.next_s())
            else:
                backoff.reset()

    def _collect(self, under_way: dict[Future[Outcome], int]) -> list[int]:
        """Wait for some clips, take them out and record them; those to be asked for again."""
        self._wait(under_way)
        away: list[int] = []
        for future in [future for future in under_way if future.done()]:
            place = under_way.pop(future)
            outcome = future.result()
            if outcome.status in (Status.UNAVAILABLE, Status.CANCELLED):
                self._log.info("clip comes back", place=place, reason=outcome.message)
                away.append(place)
                continue
            made = outcome.status is Status.DONE
            if not made:
                self._log.info("clip not made", place=place, code=outcome.code, reason=outcome.message)
            self._fenced(self._clips.put_file, place, self._entry(place, outcome), made=made)
            self._recorded.add(place)
        return away

    def _end(self, video: Video) -> None:
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
            self._fail(
                CODE_CLIPS_FAILED,
                f"{len(missing)} of {self.job.total} clips could not be cut; the first: {first['message']}",
            )
        elif not self._last_patience.call(self._clips.finish, self.job.id, self.epoch):
            raise Aborted(Reason.LOST)

    def _entry(self, place: int, outcome: Outcome) -> Entry:
        segment = self.job.wanted[place]
        if outcome.status is not Status.DONE:
            return missing_entry(segment, outcome.code, outcome.message)
        stored = {name: outcome.result[name] for name in ("bytes", "sha256")}
        return made_entry(segment, outcome.result["cut"], stored)

    def _task(self, video: Video, place: int) -> Task:
        job, segment = self.job, self.job.wanted[place]
        return Task(
            Kind.CLIP,
            job.id,
            self.epoch,
            job.media_key,
            settings=dict(job.options),
            tracks_hash=job.tracks_hash,
            tracks_key=job.tracks_key,
            chunk=place,
            cost_s=self._costs_s[place],
            priority=video.priority,
            owner=video.owner or "",
            trace=video.traceparent or "",
            clip={
                "video_id": job.video_id,
                "key": job.key(segment["name"]),
                "start_frame": segment["start_frame"],
                "end_frame": segment["end_frame"],
            },
        )

    def _wait(self, under_way: Iterable[Future[Outcome]]) -> None:
        """Until one of them has ended; Aborted as soon as the work must end."""
        awaited: list[Future[Any]] = [*under_way, self.control.aborted]
        futures.wait(awaited, return_when=futures.FIRST_COMPLETED)
        self.control.check()

    def _fenced(self, write: Any, *values: Any, **more: Any) -> None:
        """A write under this lease; Aborted when the lease is lost."""
        if not self._patience.call(write, self.job.id, self.epoch, *values, **more):
            raise Aborted(Reason.LOST)

    def _fail(self, code: str, message: str) -> None:
        try:
            if not self._last_patience.call(self._clips.fail, self.job.id, self.epoch, code, message):
                raise Aborted(Reason.LOST)
        except Aborted as aborted:
            self._given_up(aborted.reason)
        else:
            self._services.pool.cancel(self.job.id, self.epoch)

    def _given_up(self, reason: Reason) -> None:
        """Somebody else decided that the work ends. Never raises for a server that is away."""
        self._log.info("clips given up", reason=reason.value)
        try:
            if reason is Reason.STOPPED:  # first: a stop is short of time, and the pool may take long
                self._clips.release(self.job.id, self.epoch)
            self._services.pool.cancel(self.job.id, self.epoch)
            if reason is Reason.CANCELLED:
                self._last_patience.call(self._clips.acknowledge_cancel, self.job.id, self.epoch)
            elif reason is Reason.LOST:
                self._clear_up()
        except Aborted as aborted:
            self._log.info("clips left", reason=aborted.reason.value)
        except (UnavailableError, OSError) as error:  # the lease runs out by itself
            self._log.warning("clips left without a word", reason=str(error))

    def _clear_up(self) -> None:
        """Where the order was deleted, a clip may have been stored after its folder was removed."""
        try:
            self._clips.get(self.job.id)
        except NotFoundError:
            self._services.media.delete(self.job.prefix)


def _cost_s(segment: Mapping[str, Any], options: Mapping[str, Any]) -> float:
    length_s = float(segment["end_s"] - segment["start_s"])
    return max(length_s if options["mode"] == "exact" else length_s * COPY_COST, SHORTEST_COST_S)
