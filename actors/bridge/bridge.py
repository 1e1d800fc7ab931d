"""The Ray actor "bridge": between the queue and the pool.

Its threads: the consumer (doorbell → lease → ack), one for each video in flight, the heartbeat of all leases,
the outbox relay, the reaper, the watch over the pool, imports and webhooks. Any number of bridges may run:
leases and fencing keep them apart. Knows how the parts are wired, and nothing else.
"""

from __future__ import annotations

import os
import secrets
import socket
from functools import partial
from typing import Any

import structlog

from actors.bridge.clip_desk import ClipDesk
from actors.bridge.control import Reason
from actors.bridge.deliveries import Deliveries
from actors.bridge.ending import Services
from actors.bridge.importer import Importer
from actors.bridge.intake import Intake
from actors.bridge.job import Job
from actors.bridge.periodic import Periodic
from actors.bridge.pool_client import PoolClient
from actors.bridge.reporter import Reporter
from actors.fuser import find_or_create_fuser
from actors.pool.handle import find_or_create_pool
from actors.segmenter_analysis import LIBRARY
from cluster import logs
from cluster.errors import UnavailableError
from cluster.settings import Settings
from cluster.stores.broker import Consumer, Doorbell, Publisher
from cluster.stores.cache import Cache
from cluster.stores.jobs import Jobs
from cluster.stores.media import MediaStore
from cluster.stores.results import Results
from cluster.stores.video import Video

PREFETCH = 8  # doorbells claimed at once; a claim takes a few milliseconds
JOB_CONNECTIONS = 8  # jobs write a few times a minute each and share these
OUTSIDE_CONNECTIONS = 4  # imports and webhooks: what is slow outside slows nothing inside
KEEPER_CONNECTIONS = 3  # heartbeat, relay and reaper must not wait for jobs
STOP_TIMEOUT_S = 10.0  # for jobs to hand back their leases
RELAY_BATCH = 100
BACKLOG_PATIENCE = 60  # how many times longer a queued video waits for its next doorbell behind a backlog

log = structlog.get_logger(__name__)


class Bridge:
    """Begins to work when constructed, so that a bridge Ray has restarted goes on by itself."""

    def __init__(self, settings: Settings, analyser: str = LIBRARY) -> None:
        logs.configure(settings)
        self._settings = settings
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._jobs = Jobs(settings.postgres_url, max_connections=JOB_CONNECTIONS).open()
        self._keeper = Jobs(settings.postgres_url, max_connections=KEEPER_CONNECTIONS).open()
        self._outside = Jobs(settings.postgres_url, max_connections=OUTSIDE_CONNECTIONS).open()
        self._publisher = Publisher(settings.rabbitmq_url)
        self._cache = Cache(settings.redis_url)
        self._results = Results(settings.mongodb_url, settings.mongodb_database)
        self._reporter = Reporter(self._cache)
        self._pool = PoolClient(partial(find_or_create_pool, settings, analyser), settings.actors)
        media = MediaStore(settings.media_url)
        self._fuser = PoolClient(partial(find_or_create_fuser, settings, analyser), settings.actors)
        self._services = Services(
            jobs=self._jobs,
            results=self._results,
            media=media,
            reporter=self._reporter,
            pool=self._pool,
            fuser=self._fuser,
            revisions_kept=settings.bridge.revisions_kept,
        )
        self._importer = Importer(settings, self._outside, media, self._reporter)
        self._deliveries = Deliveries(settings.webhooks, self._outside)
        self._intake = Intake(self._claim, self._begin, settings.bridge.max_videos)
        self._desk = ClipDesk(self._services, self._keeper.clips, self._owner, settings.lease)
        self._consumer = Consumer(settings.rabbitmq_url, self._ring, PREFETCH)
        self._intake.attach(self._consumer)
        self._periodic = [
            Periodic("heartbeat", settings.lease.heartbeat_s, self._heartbeat),
            Periodic("relay", settings.bridge.relay_interval_s, self._relay),
            Periodic("reaper", settings.bridge.reaper_interval_s, self._reap),
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
            "owner": self._owner,
            "videos": [job.video.id for job in self._intake.jobs()],
            "clips": [work.job.id for work in self._desk.works()],
            "consuming": self._consumer.is_consuming,
        }

    def stop(self) -> bool:
        """An orderly end: every lease handed back, its attempt not counted. False when some could not be."""
        self._consumer.stop()
        released = self._intake.stop(STOP_TIMEOUT_S) & self._desk.stop(STOP_TIMEOUT_S)
        released &= self._importer.stop(STOP_TIMEOUT_S)
        self._deliveries.stop(STOP_TIMEOUT_S)
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
        log.info("bridge stopped", owner=self._owner, released=released)
        return released

    def _ring(self, doorbell: Doorbell) -> bool:
        """Something may have changed about a video: it waits to be segmented, or clips of it were ordered."""
        self._desk.look()
        return self._intake.ring(doorbell)

    def _claim(self, video_id: str) -> Video | None:
        lease = self._settings.lease
        return self._jobs.claim(video_id, self._owner, lease.duration_s, lease.max_attempts)

    def _begin(self, video: Video) -> Job:
        return Job(video, self._services)

    def _heartbeat(self) -> None:
        """Extend every lease. The first failure ends the round: the server is away for all of them."""
        for job in self._intake.jobs():
            video = self._keeper.heartbeat(job.video.id, job.epoch, self._settings.lease.duration_s)
            if video is None:
                job.control.abort(Reason.LOST)
            elif video.cancel_requested:
                job.control.abort(Reason.CANCELLED)
        self._desk.heartbeat()

    def _relay(self) -> bool:
        return self._keeper.relay(self._publisher.publish, RELAY_BATCH) == RELAY_BATCH

    def _reap(self) -> None:
        """Look after what nobody looks after, and tell those who watch.

        While doorbells wait in the queue, videos wait because bridges are full, not because a message was
        lost: each round of a long backlog would only add another doorbell for every video in it.
        """
        ring_again_after_s = self._settings.bridge.ring_again_after_s
        if self._consumer.depth():
            ring_again_after_s *= BACKLOG_PATIENCE
        report = self._keeper.reap(self._settings.lease.max_attempts, ring_again_after_s)
        for state, video_ids in (("failed", report.failed), ("cancelled", report.cancelled)):
            for video_id in video_ids:
                self._reporter.ended(video_id, state)
        self._desk.reap()
