"""The bridge's part that fetches files from addresses: its claim loop, its heartbeats, an orderly end.

All bridges together fetch `imports.concurrency` files at a time; lanes take turns, see
`cluster.stores.postgres.intake.imports`. Its heartbeats have connections of their own, so that what is slow
outside slows nothing inside. Knows neither HTTP nor where the bytes go.
"""

from __future__ import annotations

from functools import partial

from actors.bridge.claiming import ClaimLoop
from actors.bridge.imports.fetch import Fetch, FetchLimits
from actors.bridge.reporter import Reporter
from actors.bridge.threads import LivenessGuard, Periodic
from cluster.remote.addresses import AddressRules
from cluster.remote.opened import SourceRules
from cluster.settings import Settings
from cluster.stores.media.store import MediaStore
from cluster.stores.postgres.intake.imports import Import
from cluster.stores.postgres.jobs import Jobs
from cluster.work_settings import ImportSettings

CLAIM_INTERVAL_S = 0.5  # no doorbell rings for an import that is due again, or whose holder died


class Importer:
    """Begins with `start`. Its threads wait for servers that are away."""

    def __init__(self, settings: Settings, jobs: Jobs, media: MediaStore, reporter: Reporter) -> None:
        concurrency, limits = settings.imports.concurrency, _limits(settings)
        self._guard = LivenessGuard(settings.lease.duration_s)
        self._extend = partial(jobs.imports.heartbeat, lease_s=settings.lease.duration_s)
        self._loop: ClaimLoop[Import, int, Fetch] = ClaimLoop(
            Fetch.kind,
            room=lambda fetches: concurrency - len(fetches),
            claim=lambda _free: jobs.imports.claim(settings.lease.duration_s, concurrency),
            begin=lambda claimed: Fetch(claimed, jobs, media, reporter, limits),
            guard=self._guard,
        )
        self._periodic = [
            Periodic("imports", CLAIM_INTERVAL_S, self._loop.look),
            Periodic("import heartbeat", settings.lease.heartbeat_s, self._heartbeat),
        ]

    def start(self) -> None:
        """Begin to claim."""
        for periodic in self._periodic:
            periodic.start()

    def stop(self, timeout_s: float) -> bool:
        """Hand every lease back, no try counted; False when that takes longer than allowed."""
        ended = self._loop.stop(timeout_s)
        for periodic in self._periodic:
            periodic.stop()
        return ended

    def _heartbeat(self) -> None:
        for fetch in self._loop.works:
            fetch.drop_if_stalled()
        self._loop.heartbeat(self._extend)
        self._guard.beat()


def source_rules(settings: ImportSettings) -> SourceRules:
    """What the settings allow to fetch."""
    return SourceRules(
        addresses=AddressRules(settings.private_networks, settings.refused_networks),
        s3_buckets=settings.s3_buckets,
        connect_timeout_s=settings.connect_timeout_s,
        idle_timeout_s=settings.idle_timeout_s,
    )


def _limits(settings: Settings) -> FetchLimits:
    imports = settings.imports
    return FetchLimits(
        rules=source_rules(imports),
        max_bytes=settings.limits.file_bytes,
        slowest_bytes_per_s=imports.slowest_bytes_per_s,
        turn_s=imports.turn_s,
        concurrency=imports.concurrency,
        max_tries=imports.max_tries,
        retry_first_s=imports.retry_first_s,
        retry_longest_s=imports.retry_longest_s,
    )
