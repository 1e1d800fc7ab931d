"""What one bridge does at intervals over all its work, and how it begins and ends.

The parts are handed in: claim loops of videos and of orders of clips, the importer, webhook deliveries, the
consumer of doorbells, the stores. So a test can build one with parts of its own. Knows no Ray and no settings
file; how the real parts are made is in `assembly`.
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
from cluster.errors import UnavailableError
from cluster.stores.postgres.jobs import Jobs
from cluster.stores.postgres.leases import ATTEMPTS_EXHAUSTED
from cluster.stores.rabbitmq.broker import Doorbell

STOP_TIMEOUT_S = 10.0
"""For work to hand back its leases: Ray waits about as long before it kills an actor's process."""
RELAY_BATCH = 100
"""Doorbells published in one transaction: the rows stay locked until the broker has confirmed them all."""

log = structlog.get_logger(__name__)


class Background(Protocol):
    """A part with threads of its own."""

    def start(self) -> None:
        """Begin."""

    def stop(self, timeout_s: float) -> bool:
        """Hand back what it holds; False when that takes longer than allowed."""


class WatchedClient(Protocol):
    """The way to the pool or the fuser, with a watch over it."""

    def start(self) -> None:
        """Begin watching."""

    def stop(self) -> None:
        """End the watch."""


class BacklogClient(WatchedClient, Protocol):
    """The way to the pool, which also wants to know how much there is to do."""

    def report_backlog(self, backlog: dict[str, Any]) -> None:
        """Say how much there is to do."""


class Doorbells(Protocol):
    """The consumer of doorbells."""

    @property
    def is_consuming(self) -> bool:
        """Whether doorbells come."""

    def start(self) -> None:
        """Begin to consume."""

    def stop(self) -> None:
        """End, and give unacknowledged doorbells back."""

    def depth(self) -> int | None:
        """How many doorbells wait in the queue."""


class Closable(Protocol):
    """Holds connections."""

    def close(self) -> None:
        """Give them back."""


@dataclass(frozen=True, slots=True)
class Intervals:
    """Of everything that is done at intervals, in seconds; see `LeaseSettings` and `BridgeSettings`."""

    lease_s: float
    heartbeat_s: float
    relay_s: float
    look_s: float
    cancel_s: float
    reaper_s: float
    backlog_s: float
    max_attempts: int


@dataclass(frozen=True, slots=True)
class BridgeParts:
    """Of one bridge. `keeper`: connections that do not wait for work; `publish` sends doorbells."""

    owner: str
    videos: Intake
    clips: ClipDesk
    imports: Background
    deliveries: Background
    doorbells: Doorbells
    keeper: Jobs
    reporter: Reporter
    pool: BacklogClient
    fuser: WatchedClient
    publish: Callable[[Sequence[Doorbell]], None]
    guard: LivenessGuard
    closing: Sequence[Closable]


class Coordinator:
    """One bridge without its actor."""

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
        """The name its leases are held under."""
        return self._parts.owner

    def start(self) -> None:
        """Begin to work. The consumer comes last of what takes videos: the rest is ready for them."""
        parts = self._parts
        parts.pool.start()
        parts.fuser.start()
        for periodic in self._periodic:
            periodic.start()
        parts.doorbells.start()
        parts.imports.start()
        parts.deliveries.start()

    def status(self) -> Mapping[str, Any]:
        """What this bridge holds."""
        parts = self._parts
        return {
            "owner": parts.owner,
            "videos": [job.video.id for job in parts.videos.works],
            "clips": [work.job.id for work in parts.clips.works],
            "consuming": parts.doorbells.is_consuming,
            "doorbells": parts.doorbells.depth(),
        }

    def stop(self) -> bool:
        """An orderly end: every lease handed back, its attempt not counted. False when some could not be."""
        parts = self._parts
        holders = (parts.videos, parts.clips, parts.imports)
        # All at once: Ray does not wait for long before it ends the process.
        with ThreadPoolExecutor(len(holders) + 2) as enders:
            rest = (
                enders.submit(parts.doorbells.stop),
                enders.submit(parts.deliveries.stop, STOP_TIMEOUT_S),
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
        """Something may have changed about a video: it waits to be segmented, or clips of it were ordered.

        True when the doorbell has served its purpose here.
        """
        served = self._parts.videos.ring(doorbell)
        self._parts.clips.look()
        return served

    def look(self) -> None:
        """For what no doorbell told this bridge of: a lease that ran out, a quota another bridge freed."""
        self._parts.videos.look()
        self._parts.clips.look()

    def heartbeat(self) -> None:
        """Extend every lease of videos and orders of clips; imports have heartbeats of their own."""
        parts, lease_s = self._parts, self._intervals.lease_s
        parts.videos.heartbeat(lambda held: parts.keeper.heartbeat(held, lease_s))
        parts.clips.heartbeat(lambda held: parts.keeper.clips.heartbeat(held, lease_s))
        parts.guard.beat()

    def notice_cancellations(self) -> None:
        """Sooner than the next heartbeat: somebody waits for it."""
        asked = self._parts.keeper.to_cancel(self._parts.owner)
        self._parts.videos.cancel(asked)
        self._parts.clips.cancel(asked)

    def report_backlog(self) -> None:
        """Tell the pool how much there is to do. What waits for a quota is work for no actor."""
        parts = self._parts
        backlog = parts.keeper.backlog(waiting=not parts.videos.has_all)
        clips = {"bridge": parts.owner, "clips_s": parts.clips.left_s}
        parts.pool.report_backlog({**asdict(backlog), **clips})

    def relay(self) -> bool:
        """Publish doorbells of the outbox; True when there may be more."""
        return self._parts.keeper.relay(self._parts.publish, RELAY_BATCH) == RELAY_BATCH

    def reap(self) -> None:
        """End what no holder will end, and tell those who watch. A heartbeat more than the lease must have
        passed: after an outage of PostgreSQL the holder that still works goes on.
        """
        parts, intervals = self._parts, self._intervals
        report = parts.keeper.reap(intervals.max_attempts, intervals.heartbeat_s)
        for state, video_ids in (("failed", report.failed), ("cancelled", report.cancelled)):
            for video_id in video_ids:
                metrics.video_ended(state, ATTEMPTS_EXHAUSTED if state == "failed" else "")
                parts.reporter.ended(video_id, state)
        parts.clips.reap()
