"""The Ray actor "bridge": between the queue and the pool.

Its threads: the consumer (doorbell → lease → ack), one for each video in flight, the heartbeat of all
leases, the outbox relay, the reaper, the watch over the pool, imports and webhooks. Any number of bridges
may run, none of them first: leases and fencing keep them apart, and whatever is done at intervals is either
claimed row by row (relay, imports, webhooks, clips) or comes out the same however often it is done (reaper,
backlog). Knows how the parts are wired, and nothing else.
"""

from __future__ import annotations

import math
import os
import secrets
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from typing import Any

import ray
import structlog

from actors import metrics
from actors.bridge.clips.desk import ClipDesk
from actors.bridge.control import Reason
from actors.bridge.imports.importer import Importer
from actors.bridge.places import Places, Size
from actors.bridge.planners import Planners
from actors.bridge.pool_client import PoolClient
from actors.bridge.reporter import Reporter
from actors.bridge.services import Services
from actors.bridge.threads import Periodic, Pulse
from actors.bridge.videos.intake import NO_ROOM, Intake
from actors.bridge.videos.job import Job
from actors.bridge.webhooks import Deliveries
from actors.pool.handle import find_or_create_pool
from actors.version import BRIDGE, version_of
from actors.worker.analyser import LIBRARY
from actors.worker.fuser import find_or_create_fuser
from cluster.errors import UnavailableError
from cluster.settings import OwnerQuota, Settings
from cluster.stores.media.store import MediaStore
from cluster.stores.mongodb.results import Results
from cluster.stores.postgres.jobs import Jobs
from cluster.stores.postgres.leases import ATTEMPTS_EXHAUSTED
from cluster.stores.postgres.turns import Quota, Room, Rules
from cluster.stores.postgres.video import Video
from cluster.stores.rabbitmq.broker import Consumer, Doorbell, Publisher
from cluster.stores.redis.cache import Cache
from cluster.telemetry import logs, tracing

PREFETCH = 8  # doorbells handled at once: one looks for videos, the others share what it found
VIDEOS_PER_ACTOR = (
    3  # in flight, so that short videos keep all actors busy while others are planned and fused
)
PLANNING_PART = 2  # one in so many actors at most is busy with plans of long videos
JOB_CONNECTIONS = 8  # jobs write a few times a minute each and share these
OUTSIDE_CONNECTIONS = 4  # imports and webhooks: what is slow outside slows nothing inside
KEEPER_CONNECTIONS = 6  # what is done at intervals must not wait for jobs
STOP_TIMEOUT_S = 10.0  # for jobs to hand back their leases
RELAY_BATCH = 100

log = structlog.get_logger(__name__)


class Bridge:
    """Begins to work when constructed, so that a bridge Ray has restarted goes on by itself."""

    def __init__(self, settings: Settings, analyser: str = LIBRARY) -> None:
        logs.configure(settings)
        tracing.configure(settings.tracing, "bridge")
        self._settings = settings
        self._version = version_of(BRIDGE, settings)
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._jobs = Jobs(settings.postgres_url, max_connections=JOB_CONNECTIONS).open()
        self._keeper = Jobs(settings.postgres_url, max_connections=KEEPER_CONNECTIONS).open()
        self._outside = Jobs(settings.postgres_url, max_connections=OUTSIDE_CONNECTIONS).open()
        self._publisher = Publisher(settings.rabbitmq_url)
        self._cache = Cache(settings.redis_url)
        self._results = Results(settings.mongodb_url, settings.mongodb_database)
        self._reporter = Reporter(self._cache)
        self._pool = PoolClient(
            partial(find_or_create_pool, settings, analyser),
            settings.actors,
            sharers=lambda: settings.bridge.replicas * (len(self._intake.jobs()) + len(self._desk.works())),
        )
        media = MediaStore(settings.media_url)
        self._fuser = PoolClient(partial(find_or_create_fuser, settings, analyser), settings.actors)
        self._services = Services(
            jobs=self._jobs,
            results=self._results,
            media=media,
            reporter=self._reporter,
            pool=self._pool,
            fuser=self._fuser,
            planners=Planners(lambda: self._pool.wanted // (PLANNING_PART * settings.bridge.replicas)),
            revisions_kept=settings.bridge.revisions_kept,
        )
        self._importer = Importer(settings, self._outside, media, self._reporter)
        self._deliveries = Deliveries(settings.webhooks, self._outside)
        self._rules = _rules(settings)
        self._places = Places(settings.queueing.batch_share, settings.queueing.light_bytes)
        self._pulse = Pulse(settings.lease.duration_s)
        self._intake = Intake(self._claim, self._begin, self._room)
        self._desk = ClipDesk(self._services, self._keeper.clips, self._owner, settings.lease, self._pulse)
        self._consumer = Consumer(settings.rabbitmq_url, self._ring, PREFETCH)
        self._intake.attach(self._consumer)
        self._periodic = [
            Periodic("heartbeat", settings.lease.heartbeat_s, self._heartbeat),
            Periodic("relay", settings.bridge.relay_interval_s, self._relay),
            Periodic("look", settings.bridge.look_interval_s, self._look),
            Periodic("cancellations", settings.bridge.cancel_interval_s, self._notice_cancellations),
            Periodic("reaper", settings.bridge.reaper_interval_s, self._reap),
            Periodic("backlog", settings.bridge.backlog_interval_s, self._report_backlog),
        ]
        self._pool.start()
        self._fuser.start()
        for periodic in self._periodic:
            periodic.start()
        self._consumer.start()
        self._importer.start()
        self._deliveries.start()
        log.info("bridge started", owner=self._owner, max_videos=settings.bridge.max_videos)

    def ping(self) -> dict[str, Any]:
        """Who this is and what it holds."""
        return {
            "pid": os.getpid(),
            "node_id": ray.get_runtime_context().get_node_id(),
            "version": self._version,
            "owner": self._owner,
            "videos": [job.video.id for job in self._intake.jobs()],
            "clips": [work.job.id for work in self._desk.works()],
            "consuming": self._consumer.is_consuming,
            "doorbells": self._consumer.depth(),
        }

    def stop(self) -> bool:
        """An orderly end: every lease handed back, its attempt not counted. False when some could not be."""
        holders = (self._intake.stop, self._desk.stop, self._importer.stop)
        # All at once: who stops us does not wait for long.
        with ThreadPoolExecutor(len(holders) + 2) as enders:
            rest = enders.submit(self._consumer.stop), enders.submit(self._deliveries.stop, STOP_TIMEOUT_S)
            released = all(list(enders.map(lambda end: end(STOP_TIMEOUT_S), holders)))
        for ended in rest:
            ended.result()
        try:
            self._relay()
        except UnavailableError as error:  # another bridge, or this one's successor, does it
            log.warning("doorbells left in the outbox", reason=error.message)
        for periodic in self._periodic:
            periodic.stop()
        self._pool.stop()
        self._fuser.stop()
        self._publisher.close()
        for store in (self._jobs, self._keeper, self._outside, self._cache, self._results):
            store.close()
        tracing.shutdown()
        log.info("bridge stopped", owner=self._owner, released=released)
        return released

    def _ring(self, doorbell: Doorbell) -> bool:
        """Something may have changed about a video: it waits to be segmented, or clips of it were ordered."""
        served = self._intake.ring(doorbell)
        self._desk.look()
        return served

    def _look(self) -> None:
        """For what no doorbell told this bridge of: a lease that ran out, a quota another bridge freed."""
        self._intake.look()
        self._desk.look()

    def _room(self, held: Sequence[Video]) -> Room:
        if not self._pulse.is_felt:
            return NO_ROOM
        bridge = self._settings.bridge
        wanted = math.ceil(VIDEOS_PER_ACTOR * self._pool.wanted / bridge.replicas)
        return self._places.room(max(bridge.max_videos, wanted), held)

    def _claim(self, room: Room) -> Video | None:
        lease = self._settings.lease
        return self._keeper.turns.claim(self._owner, room, self._rules, lease.duration_s, lease.max_attempts)

    def _begin(self, video: Video) -> Job:
        return Job(video, self._services, long=self._places.size(video) is not Size.LIGHT)

    def _heartbeat(self) -> None:
        """Extend every lease."""
        jobs = self._intake.jobs()
        metrics.LEASES_HELD.set(len(jobs), bridge=metrics.this_process())
        held = self._keeper.heartbeat(
            ((job.video.id, job.epoch) for job in jobs), self._settings.lease.duration_s
        )
        for job in jobs:
            cancelled = held.get((job.video.id, job.epoch))
            if cancelled is None:
                job.control.abort(Reason.LOST)
            elif cancelled:
                job.control.abort(Reason.CANCELLED)
        self._desk.heartbeat()
        self._pulse.beat()

    def _notice_cancellations(self) -> None:
        """Sooner than the next heartbeat: somebody waits for it."""
        asked = self._keeper.to_cancel(self._owner)
        for job in self._intake.jobs():
            if (job.video.id, job.epoch) in asked:
                job.control.abort(Reason.CANCELLED)
        self._desk.cancel(asked)

    def _report_backlog(self) -> None:
        # What waits for a quota is work for no actor, however much it is.
        backlog = self._keeper.backlog(waiting=not self._intake.has_all)
        clips = {"bridge": self._owner, "clips_s": self._desk.left_s}
        self._pool.report_backlog({**asdict(backlog), **clips})

    def _relay(self) -> bool:
        return self._keeper.relay(self._publisher.publish, RELAY_BATCH) == RELAY_BATCH

    def _reap(self) -> None:
        """Look after what nobody looks after, and tell those who watch."""
        report = self._keeper.reap(self._settings.lease.max_attempts, self._rules.grace_s)
        for state, video_ids in (("failed", report.failed), ("cancelled", report.cancelled)):
            for video_id in video_ids:
                metrics.video_ended(state, ATTEMPTS_EXHAUSTED if state == "failed" else "")
                self._reporter.ended(video_id, state)
        self._desk.reap()


def _rules(settings: Settings) -> Rules:
    """Whose turn it is, in the words of the store. A lease counts as left behind when a heartbeat more has
    passed: after an outage of PostgreSQL those who still work are to have the first word.
    """
    queueing = settings.queueing

    def quota(of: OwnerQuota) -> Quota:
        return Quota(of.videos or None, of.seconds or None)

    return Rules(
        light_bytes=queueing.light_bytes,
        quota=quota(OwnerQuota(videos=queueing.owner_videos, seconds=queueing.owner_seconds)),
        quotas={owner: quota(own) for owner, own in queueing.owners.items()},
        grace_s=settings.lease.heartbeat_s,
    )
