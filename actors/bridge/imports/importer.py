"""The bridge's part that fetches files from addresses: whose turn it is, leases, an orderly end.

All bridges together fetch `imports.concurrency` files at a time; lanes take turns, see
`cluster.stores.postgres.imports`. Knows neither HTTP nor where the bytes go.
"""

from __future__ import annotations

import threading

import structlog

from actors.bridge.control import Reason
from actors.bridge.imports.fetch import Fetch, FetchLimits
from actors.bridge.reporter import Reporter
from actors.bridge.threads import Crew, Periodic
from cluster.errors import NotFoundError
from cluster.remote.addresses import AddressRules
from cluster.remote.opened import SourceRules
from cluster.settings import ImportSettings, Settings
from cluster.stores.media.store import MediaStore
from cluster.stores.postgres.imports import Import
from cluster.stores.postgres.jobs import Jobs

CLAIM_INTERVAL_S = 0.5

log = structlog.get_logger(__name__)


class Importer:
    """Begins with `start`. Its threads wait for servers that are away."""

    def __init__(self, settings: Settings, jobs: Jobs, media: MediaStore, reporter: Reporter) -> None:
        self._imports = jobs.imports
        self._jobs = jobs
        self._media = media
        self._reporter = reporter
        self._lease_s = settings.lease.duration_s
        self._concurrency = settings.imports.concurrency
        self._limits = _limits(settings)
        self._lock = threading.Lock()
        self._stopping = False
        self._under_way: dict[tuple[str, int], Fetch] = {}
        self._crew = Crew("import", self._concurrency, self._claim, self._run)
        self._periodic = [
            Periodic("imports", CLAIM_INTERVAL_S, self._crew.recruit),
            Periodic("import heartbeat", settings.lease.heartbeat_s, self._heartbeat),
        ]

    def start(self) -> None:
        """Begin to claim."""
        for periodic in self._periodic:
            periodic.start()

    def stop(self, timeout_s: float) -> bool:
        """Hand every lease back, no try counted; False when that takes longer than allowed."""
        with self._lock:
            self._stopping = True
        for fetch in self._fetches():
            fetch.control.abort(Reason.STOPPED)
        ended = self._crew.stop(timeout_s)
        for periodic in self._periodic:
            periodic.stop()
        return ended

    def _fetches(self) -> list[Fetch]:
        with self._lock:
            return list(self._under_way.values())

    def _claim(self, free: int) -> list[Import]:
        claimed: list[Import] = []
        while len(claimed) < free:
            one = self._imports.claim(self._lease_s, self._concurrency)
            if one is None:
                break
            claimed.append(one)
        return claimed

    def _run(self, claimed: Import) -> None:
        fetch = Fetch(claimed, self._imports, self._media, self._reporter, self._limits)
        key = (claimed.video_id, claimed.epoch)
        with self._lock:
            self._under_way[key] = fetch
            if self._stopping:  # claimed at the last moment
                fetch.control.abort(Reason.STOPPED)
        try:
            fetch.run()
        finally:
            with self._lock:
                del self._under_way[key]
            if fetch.control.reason is Reason.LOST:
                self._tidy(claimed.video_id)

    def _heartbeat(self) -> None:
        for fetch in self._fetches():
            fetch.look()
        for fetch in self._fetches():
            if not self._imports.heartbeat(fetch.claimed, self._lease_s):
                fetch.control.abort(Reason.LOST)

    def _tidy(self, video_id: str) -> None:
        """A video that was deleted has been removed from the store before our last part came."""
        try:
            self._jobs.get(video_id)
        except NotFoundError:
            log.info("video was deleted, removing what was fetched", video_id=video_id)
            self._media.delete(f"videos/{video_id}")


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
