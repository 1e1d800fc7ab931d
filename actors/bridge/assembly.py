"""Composition root of a bridge: makes its parts from the settings (stores, clients of pool and fuser, claim
loops).

The only place that wires the parts together. Opens connections; starts no thread of its own.
"""

from __future__ import annotations

import math
import os
import secrets
import socket
from collections.abc import Sequence
from functools import partial

from actors.bridge.admission import Admission, AdmissionClass
from actors.bridge.clips.desk import ClipDesk, begun
from actors.bridge.coordinator import BridgeParts, Coordinator, Intervals
from actors.bridge.embedding import Embedding
from actors.bridge.imports.importer import Importer
from actors.bridge.indexing import Indexing
from actors.bridge.planners import Planners
from actors.bridge.pool_client import PoolClient
from actors.bridge.reporter import Reporter
from actors.bridge.services import BridgeServices
from actors.bridge.threads import LivenessGuard
from actors.bridge.videos.intake import Intake
from actors.bridge.videos.job import Job
from actors.bridge.webhooks import Deliveries
from actors.bridge.words.desk import WordsDesk
from actors.bridge.words.work import WordsWork
from actors.pool.handle import find_or_create_pool
from actors.speech_model import speech_model
from actors.worker.fuser import find_or_create_fuser
from cluster.settings import Settings
from cluster.stores.media.store import MediaStore
from cluster.stores.mongodb.results import Results
from cluster.stores.postgres.jobs import Jobs
from cluster.stores.postgres.turns import Quota, Room, TurnRules
from cluster.stores.postgres.video import Video
from cluster.stores.rabbitmq.broker import Consumer, Publisher
from cluster.stores.redis.cache import Cache
from cluster.work_settings import OwnerQuota

PREFETCH = 8  # doorbells handled at once: one handler looks for videos, the others share its result
VIDEOS_PER_ACTOR = 3  # in flight: short videos keep all actors busy while others are planned and fused
PLANNING_PART = 2  # at most one in so many actors works on plans of long videos
JOB_CONNECTIONS = 8  # to PostgreSQL, shared by all jobs: each writes a few times a minute
OUTSIDE_CONNECTIONS = 4  # of imports and webhooks: slow receivers and sources must not block the rest
KEEPER_CONNECTIONS = 6  # of the work at intervals (heartbeats, relay …), which must not wait for jobs


def assemble(settings: Settings, analyser: str) -> Coordinator:
    """Makes a bridge that is ready to start. `analyser`: the class that segmenters run, as "module:class"."""
    owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    jobs = Jobs(settings.postgres_url, max_connections=JOB_CONNECTIONS).open()
    keeper = Jobs(settings.postgres_url, max_connections=KEEPER_CONNECTIONS).open()
    outside = Jobs(settings.postgres_url, max_connections=OUTSIDE_CONNECTIONS).open()
    publisher = Publisher(settings.rabbitmq_url)
    cache = Cache(settings.redis_url)
    results = Results(settings.mongodb_url, settings.mongodb_database)
    media = MediaStore(settings.media_url)
    reporter = Reporter(cache)
    guard = LivenessGuard(settings.lease.duration_s)

    def sharers() -> int:
        return settings.bridge.replicas * (len(videos.works) + len(clips.works) + len(words.works))

    pool = PoolClient(partial(find_or_create_pool, settings, analyser), settings.actors, sharers=sharers)
    fuser = PoolClient(partial(find_or_create_fuser, settings, analyser), settings.actors)
    services = BridgeServices(
        jobs=jobs,
        results=results,
        media=media,
        reporter=reporter,
        pool=pool,
        fuser=fuser,
        planners=Planners(lambda: pool.wanted // (PLANNING_PART * settings.bridge.replicas)),
        revisions_kept=settings.bridge.revisions_kept,
        proxy_quota_bytes=settings.media.proxy_bytes,
    )
    videos = _intake(settings, services, keeper, owner, guard, pool)
    clips = ClipDesk(partial(begun, services=services), keeper.clips, owner, settings.lease, guard)
    words = WordsDesk(
        partial(WordsWork, services=services),
        keeper.transcripts,
        owner,
        settings.lease,
        guard,
        lambda: speech_model(settings) is not None,
    )
    doorbells = Consumer(settings.rabbitmq_url, lambda doorbell: coordinator.ring(doorbell), PREFETCH)
    videos.attach(doorbells)
    coordinator = Coordinator(
        BridgeParts(
            owner=owner,
            videos=videos,
            clips=clips,
            words=words,
            imports=Importer(settings, outside, media, reporter),
            deliveries=Deliveries(settings.webhooks, outside),
            indexing=Indexing(jobs, results),
            embedding=Embedding(jobs, fuser.submit),
            doorbells=doorbells,
            keeper=keeper,
            reporter=reporter,
            pool=pool,
            fuser=fuser,
            publish=publisher.publish,
            guard=guard,
            closing=(publisher, jobs, keeper, outside, cache, results),
        ),
        _intervals(settings),
    )
    return coordinator


def _intake(
    settings: Settings,
    services: BridgeServices,
    keeper: Jobs,
    owner: str,
    guard: LivenessGuard,
    pool: PoolClient,
) -> Intake:
    bridge, lease, queueing = settings.bridge, settings.lease, settings.queueing
    admission = Admission(queueing.batch_share, queueing.light_bytes)
    rules = turn_rules(settings)

    def room(held: Sequence[Video]) -> Room:
        wanted = math.ceil(VIDEOS_PER_ACTOR * pool.wanted / bridge.replicas)
        return admission.room(max(bridge.max_videos, wanted), held)

    return Intake(
        room=room,
        claim=lambda room: keeper.turns.claim(owner, room, rules, lease.duration_s, lease.max_attempts),
        begin=lambda video: Job(video, services, long=admission.class_of(video) is not AdmissionClass.LIGHT),
        guard=guard,
    )


def turn_rules(settings: Settings) -> TurnRules:
    """The store's rules of admission from the settings. A video whose lease ran out is claimed one heartbeat
    later: after an outage of PostgreSQL a holder that still works can extend its lease first.
    """
    queueing = settings.queueing

    def quota(of: OwnerQuota) -> Quota:
        return Quota(of.videos or None, of.seconds or None)

    return TurnRules(
        light_bytes=queueing.light_bytes,
        quota=quota(OwnerQuota(videos=queueing.owner_videos, seconds=queueing.owner_seconds)),
        quotas={owner: quota(own) for owner, own in queueing.owners.items()},
        grace_s=settings.lease.heartbeat_s,
    )


def _intervals(settings: Settings) -> Intervals:
    bridge, lease = settings.bridge, settings.lease
    return Intervals(
        lease_s=lease.duration_s,
        heartbeat_s=lease.heartbeat_s,
        relay_s=bridge.relay_interval_s,
        look_s=bridge.look_interval_s,
        cancel_s=bridge.cancel_interval_s,
        reaper_s=bridge.reaper_interval_s,
        backlog_s=bridge.backlog_interval_s,
        max_attempts=lease.max_attempts,
        audit_kept_s=settings.access.audit_kept_s,
    )
