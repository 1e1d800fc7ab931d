"""Proxies in PostgreSQL: one a video, asked for, used, and evicted when there are too many bytes of them.

A proxy is an order of clips whose purpose is `proxy`, so claims, leases and ends are those of `clip_jobs`.
Here is what only proxies have. Files are removed by the caller, after the row: a row that is gone is no
longer read. Knows neither the encoding nor the place of the files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from psycopg.types.json import Jsonb

from cluster.contract.vocabulary import INTERACTIVE, Priority
from cluster.stores.ids import new_id
from cluster.stores.media.keys import clips_prefix, proxy_key
from cluster.stores.postgres import outbox
from cluster.stores.postgres.clips.job import ClipState
from cluster.stores.postgres.database import Database
from cluster.stores.postgres.sql_files import load_statements

_log = structlog.get_logger(__name__)

_SQL = load_statements("proxies.sql")

USE_COUNTED_EVERY_S = 60.0
"""Reading within so many seconds after a use that was counted is not written down: a player sends a request
for every few megabytes."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """The proxy of a video. `bytes`: of its file; None before it is there."""

    id: str
    video_id: str
    state: ClipState
    bytes: int | None
    error_code: str | None
    error_message: str | None

    @property
    def key(self) -> str:
        """Key of its file in the media store."""
        return proxy_key(self.video_id, self.id)


class Proxies:
    """Shares the pool of `Jobs` (as `jobs.proxies`); raises UnavailableError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ask(
        self,
        video_id: str,
        *,
        options: Mapping[str, Any],
        wanted: Sequence[Mapping[str, Any]],
        tracks_hash: str,
        priority: Priority,
        after_failure: bool,
    ) -> list[str]:
        """Has a proxy made, unless there is one or one is under way; twice is fine.

        One that waits goes on with the higher priority; one that failed is made anew with `after_failure`,
        one of other tracks than `tracks_hash` always. Returns the prefixes of files that the caller deletes.
        Of a video that is gone, or has other tracks by now, nothing is made.
        """
        names = {"video_id": video_id, "priority": priority}
        values = {
            **names,
            "id": new_id(),
            "options": Jsonb(dict(options)),
            "wanted": Jsonb([dict(piece) for piece in wanted]),
            "total": max(1, len(wanted)),
            "tracks_hash": tracks_hash,
        }
        with self._database.transaction() as connection:
            if connection.execute(_SQL["lock_tracks_of_proxy"], values).fetchone() is None:
                return []
            ended = connection.execute(_SQL["delete_outdated_proxy"], names).fetchall()
            if after_failure:
                ended += connection.execute(_SQL["delete_ended_proxy"], names).fetchall()
            made = connection.execute(_SQL["insert_proxy"], values).fetchone()
            if made is None and priority == INTERACTIVE:
                connection.execute(_SQL["hurry_proxy"], names)
            elif made is not None:
                outbox.put_doorbell(connection, video_id)
        if made is not None:
            _log.info("proxy ordered", video_id=video_id, clips_id=made["id"], priority=priority)
        return _prefixes(ended)

    def drop_outdated(self, video_id: str) -> list[str]:
        """Deletes the proxy of a video if it is of other tracks than the video has now, finished or not: a
        new analysis may be of another stream. Returns the prefixes of its files, which the caller deletes.
        """
        rows = self._database.all(_SQL["delete_outdated_proxy"], {"video_id": video_id})
        for row in rows:
            _log.info("outdated proxy deleted", video_id=video_id, clips_id=row["id"])
        return _prefixes(rows)

    def find(self, video_id: str) -> Proxy | None:
        """The proxy of a video and its present tracks; None without one."""
        row = self._database.one(_SQL["find_proxy"], {"video_id": video_id})
        return None if row is None else Proxy(**{**row, "state": ClipState(row["state"])}, video_id=video_id)

    def forget(self, clips_id: str) -> None:
        """Deletes one that is ready, but whose file is gone: it is then made again at need."""
        if self._database.changed(_SQL["forget_proxy"], {"id": clips_id}):
            _log.warning("proxy without a file forgotten", clips_id=clips_id)

    def measure(self, clips_id: str, epoch: int, bytes_: int) -> bool:
        """Records the size of the file, which is stored; False: the lease is lost."""
        return self._database.changed(
            _SQL["measure_proxy"], {"id": clips_id, "epoch": epoch, "bytes": bytes_}
        )

    def use(self, video_id: str) -> None:
        """Counts a use, which keeps the proxy from being evicted; at most one in USE_COUNTED_EVERY_S."""
        self._database.changed(
            _SQL["use_proxy"], {"video_id": video_id, "at_most_every_s": USE_COUNTED_EVERY_S}
        )

    def evict(self, quota_bytes: int) -> list[str]:
        """Deletes the least recently used proxies, as many as are over the quota, but never the last one
        used. Returns the prefixes of their files, which the caller deletes.
        """
        rows = self._database.all(_SQL["evict_proxies"], {"quota_bytes": quota_bytes})
        for row in rows:
            _log.info("proxy evicted", video_id=row["video_id"], clips_id=row["id"])
        return _prefixes(rows)


def _prefixes(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return [clips_prefix(row["video_id"], row["id"]) for row in rows]
