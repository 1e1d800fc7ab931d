"""Runs the parts of one bridge: starts and stops them, and calls the work that is done at intervals.

The parts are handed in: claim loops of videos, clip orders and transcripts, the importer, webhook deliveries,
updates of the search index, vectors for it, the consumer of doorbells, the stores. So a test can build one
with its own parts. Knows no Ray and no settings file; `assembly` makes the real parts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import structlog

from actors import metrics
from actors.bridge.clips.desk import ClipDesk
from actors.bridge.reporter import Reporter
from actors.bridge.threads import LivenessGuard, Periodic
from actors.bridge.videos.intake import Intake
from actors.bridge.words.desk import WordsDesk
from cluster.errors import UnavailableError
from cluster.stores.postgres.jobs import Jobs
from cluster.stores.postgres.leases import ATTEMPTS_EXHAUSTED
from cluster.stores.rabbitmq.broker import Doorbell

STOP_TIMEOUT_S = 10.0
"""Seconds for all work to hand its leases back: Ray waits about as long before it kills an actor's
process.
"""
RELAY_BATCH = 100
"""Doorbells published in one transaction; the rows stay locked until the broker has confirmed them all, so it
is a small number. No measurement.
"""

log = structlog.get_logger(__name__)


class Background(Protocol):
    """Interface of a part with threads of its own."""

    def start(self) -> None:
        """Starts its threads."""

    def stop(self, timeout_s: float, /) -> bool:
        """Hands its work back and ends its threads; False when that takes longer than `timeout_s`."""


class WatchedClient(Protocol):
    """Interface of the client of pool or fuser, which watches its actor."""

    def start(self) -> None:
        """Starts the watch."""

    def stop(self) -> None:
        """Ends the watch."""


class BacklogClient(WatchedClient, Protocol):
    """Interface of the pool's client, which also takes reports of the backlog."""

    def report_backlog(self, backlog: dict[str, Any]) -> None:
        """Sends the present backlog to the pool."""


class Doorbells(Protocol):
    """Interface of the consumer of doorbells."""

    @property
    def is_consuming(self) -> bool:
        """Whether the consumer is subscribed to doorbells."""

    def start(self) -> None:
        """Starts to consume."""

    def stop(self) -> None:
        """Stops; unacknowledged doorbells go back into the queue."""

    def depth(self) -> int | None:
        """The number of doorbells that wait in the queue."""


class Closable(Protocol):
    """Interface of a part that holds connections."""

    def close(self) -> None:
        """Closes the connections."""


@dataclass(frozen=True, slots=True)
class Intervals:
    """Seconds between rounds of the work at intervals, and the lease; see `LeaseSettings`,
    `BridgeSettings`.
    """

    lease_s: float
    heartbeat_s: float
    relay_s: float
    look_s: float
    cancel_s: float
    reaper_s: float
    backlog_s: float
    max_attempts: int
    audit_kept_s: float


@dataclass(frozen=True, slots=True)
class BridgeParts:
    """Parts of one bridge. `keeper`: a store with connections of its own, so that heartbeats do not wait for
    jobs. `publish` sends doorbells.
    """

    owner: str
    videos: Intake
    clips: ClipDesk
    words: WordsDesk
    imports: Background
    deliveries: Background
    indexing: Background
    embedding: Background
    doorbells: Doorbells
    keeper: Jobs
    reporter: Reporter
    pool: BacklogClient
    fuser: WatchedClient
    publish: Callable[[Sequence[Doorbell]], None]
    guard: LivenessGuard
    closing: Sequence[Closable]


class Coordinator:
    """One bridge, without the Ray actor around it."""

    def __init__(self, parts: BridgeParts, intervals: Intervals) -> None:
        self._parts = parts
        self._intervals = intervals
        self._periodic = [
            Periodic("heartbeat", intervals.heartbeat_s, self.heartbeat),
            Periodic("relay", intervals.relay_s, self.relay),
            Periodic("look", intervals.look_s, self.look),
            Periodic("cancellations", intervals.cancel_s, self.notice_cancellations),
            Periodic("reaper", intervals.reaper_s, self.reap),
            Periodic("backlog", intervals.backlog_s, self.report_backlog),
        ]

    @property
    def owner(self) -> str:
        """The holder's name of its leases."""
        return self._parts.owner

    def start(self) -> None:
        """Starts all parts. The consumer starts after all parts that its doorbells need."""
        parts = self._parts
        parts.pool.start()
        parts.fuser.start()
        for periodic in self._periodic:
            periodic.start()
        parts.doorbells.start()
        parts.imports.start()
        parts.deliveries.start()
        parts.indexing.start()
        parts.embedding.start()

    def status(self) -> Mapping[str, Any]:
        """The work in hand of this bridge, and the state of its connections."""
        parts = self._parts
        return {
            "owner": parts.owner,
            "videos": [job.video.id for job in parts.videos.works],
            "clips": [work.job.id for work in parts.clips.works],
            "words": [work.job.id for work in parts.words.works],
            "consuming": parts.doorbells.is_consuming,
            "doorbells": parts.doorbells.depth(),
        }

    def stop(self) -> bool:
        """Orderly stop: hands every lease back, its attempt not counted. False when some could not be."""
        parts = self._parts
        holders = (parts.videos, parts.clips, parts.words, parts.imports)
        # All parts at the same time: Ray does not wait for long before it ends the process.
        with ThreadPoolExecutor(len(holders) + 4) as enders:
            rest = (
                enders.submit(parts.doorbells.stop),
                enders.submit(parts.deliveries.stop, STOP_TIMEOUT_S),
                enders.submit(parts.indexing.stop, STOP_TIMEOUT_S),
                enders.submit(parts.embedding.stop, STOP_TIMEOUT_S),
            )
            released = all(list(enders.map(lambda holder: holder.stop(STOP_TIMEOUT_S), holders)))
        for ended in rest:
            ended.result()
        try:
            self.relay()
        except UnavailableError as error:  # another bridge, or this one's successor, does it
            log.warning("doorbells left in the outbox", reason=error.message)
        for periodic in self._periodic:
            periodic.stop()
        parts.pool.stop()
        parts.fuser.stop()
        for closing in parts.closing:
            closing.close()
        return released

    def ring(self, doorbell: Doorbell) -> bool:
        """Handles a doorbell: looks for waiting videos, clip orders and transcripts.

        True when the doorbell needs no second delivery.
        """
        served = self._parts.videos.ring(doorbell)
        self._parts.clips.look()
        self._parts.words.look()
        return served

    def look(self) -> None:
        """Looks for work without a doorbell: a lease that ran out, or a quota that another bridge freed."""
        self._parts.videos.look()
        self._parts.clips.look()
        self._parts.words.look()

    def heartbeat(self) -> None:
        """Extends the leases of all videos, clip orders and transcripts in hand; imports have heartbeats of
        their own.
        """
        parts, lease_s = self._parts, self._intervals.lease_s
        parts.videos.heartbeat(lambda held: parts.keeper.heartbeat(held, lease_s))
        parts.clips.heartbeat(lambda held: parts.keeper.clips.heartbeat(held, lease_s))
        parts.words.heartbeat(lambda held: parts.keeper.transcripts.heartbeat(held, lease_s))
        parts.guard.beat()

    def notice_cancellations(self) -> None:
        """Cancels work for which a cancellation was requested, sooner than the next heartbeat would."""
        asked = self._parts.keeper.to_cancel(self._parts.owner)
        self._parts.videos.cancel(asked)
        self._parts.clips.cancel(asked)
        self._parts.words.cancel(self._parts.keeper.transcripts.to_cancel(self._parts.owner))

    def report_backlog(self) -> None:
        """Reports the backlog to the pool, without videos that wait for a quota: no actor could work on
        them.
        """
        parts = self._parts
        backlog = parts.keeper.backlog(waiting=not parts.videos.has_all)
        clips = {"bridge": parts.owner, "clips_s": parts.clips.left_s}
        parts.pool.report_backlog({**asdict(backlog), **clips})

    def relay(self) -> bool:
        """Publishes doorbells of the outbox; True when there may be more."""
        return self._parts.keeper.relay(self._parts.publish, RELAY_BATCH) == RELAY_BATCH

    def reap(self) -> None:
        """Ends work without a live lease holder, and publishes the end as events. A lease must have run out
        one heartbeat ago: after an outage of PostgreSQL a holder that still works goes on.
        """
        parts, intervals = self._parts, self._intervals
        report = parts.keeper.reap(intervals.max_attempts, intervals.heartbeat_s)
        for state, video_ids in (("failed", report.failed), ("cancelled", report.cancelled)):
            for video_id in video_ids:
                metrics.video_ended(state, ATTEMPTS_EXHAUSTED if state == "failed" else "")
                parts.reporter.ended(video_id, state)
        parts.clips.reap()
        parts.words.reap()
        parts.keeper.audit.forget_old(intervals.audit_kept_s)
