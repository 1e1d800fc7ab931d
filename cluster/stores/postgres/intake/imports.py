"""Imports in PostgreSQL: leases and progress of downloads from addresses, and fair turns among owners.

The video of an import is `queued` with `fetching` set, which keeps it from being claimed for segmentation.
The download runs under a lease of its own, fenced by `epoch` as a video's. A change of the video's state ends
that lease (by a trigger). Knows neither HTTP nor the place of the bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import structlog
from psycopg.types.json import Jsonb

from cluster.contract.vocabulary import INTERACTIVE, Priority
from cluster.errors import ConflictError
from cluster.stores.ids import new_id
from cluster.stores.media.keys import source_key
from cluster.stores.postgres import outbox
from cluster.stores.postgres.database import LONGEST_HOLD, Connection, Database
from cluster.stores.postgres.leases import Held, extend_leases
from cluster.stores.postgres.sql_files import load_statements
from cluster.stores.postgres.video import Video
from cluster.stores.postgres.webhooks import NewWebhook, has_webhook, put_webhook
from cluster.telemetry import tracing

_log = structlog.get_logger(__name__)

_SQL = {**load_statements("imports.sql"), "lock_content": load_statements("videos.sql")["lock_content"]}
_CLAIM_LOCK = 0x5CE2E57EB  # id of the advisory lock: an arbitrary number, different from our other locks
_KEPT_PART = 4  # one place in so many is kept for interactive imports; no measurement
_PER_TRANSACTION = 100  # imports of a batch: few commits, and no lock is held for long; no measurement
STATES = ("waiting", "fetching", "fetched", "stopped")


@dataclass(frozen=True, slots=True)
class NewImport:
    """An import to make. Owners get turns in rotation, and each owner's lanes within its turns."""

    url: str
    filename: str
    preset: str
    settings: Mapping[str, Any]
    lane: str
    idempotency_key: str | None = None
    owner: str | None = None
    webhook: NewWebhook | None = None
    priority: Priority = INTERACTIVE


@dataclass(frozen=True, slots=True)
class Import:
    """One row of `imports`, as claimed: `epoch` is the fencing token of every write for it.

    `stored_bytes` of the file are stored under `generation`, which counts how often the download started from
    byte 0. `tries`: claims since the last progress, with this one. `turns`: turns without a result, because
    the download had to start again from byte 0.
    """

    video_id: str
    url: str
    epoch: int
    tries: int
    generation: int
    stored_bytes: int
    total_bytes: int | None
    validator: str | None
    turns: int = 0


_FIELDS = tuple(field.name for field in fields(Import))


class Imports:
    """The table `imports`. Shares the pool of `Jobs` (as `jobs.imports`); raises UnavailableError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, new: NewImport) -> tuple[Video, bool]:
        """Makes one import; returns the video, and whether this call made it. ConflictError as in
        `create_many`.
        """
        made = self.create_many([new])[0]
        if isinstance(made, ConflictError):
            raise made
        return made

    def create_many(self, news: Sequence[NewImport]) -> list[tuple[Video, bool] | ConflictError]:
        """Makes imports; returns for each, in order, the video, and whether this call made it.

        With an idempotency key seen before: the earlier video if URL, settings and webhook are the same, else
        a ConflictError as the item. When UnavailableError is raised, some of the batch may be made: repeat
        the call.
        """
        made: dict[int, tuple[Video, bool] | ConflictError] = {}
        # All callers take the keys in the same order, so that two batches cannot deadlock.
        order = sorted(range(len(news)), key=lambda number: news[number].idempotency_key or "")
        for begin in range(0, len(order), _PER_TRANSACTION):
            with self._database.transaction() as connection:
                for number in order[begin : begin + _PER_TRANSACTION]:
                    made[number] = _create(connection, news[number])
        return [made[number] for number in range(len(news))]

    def claim(self, lease_s: float, concurrency: int) -> Import | None:
        """Claims the import whose turn is next, unless all bridges together have `concurrency` under way."""
        with self._database.transaction() as connection:
            connection.execute(_SQL["lock_claims"], {"key": _CLAIM_LOCK, "idle": LONGEST_HOLD})
            row = connection.execute(
                _SQL["claim_import"], {"lease_s": lease_s, **_places(concurrency)}
            ).fetchone()
        if row is None:
            return None
        claimed = Import(**{name: row[name] for name in _FIELDS})
        _log.info("import claimed", video_id=claimed.video_id, tries=claimed.tries, at=claimed.stored_bytes)
        return claimed

    def is_waited_for(self, claimed: Import, concurrency: int) -> bool:
        """Whether another import waits that would be claimed in this one's place, and whose turn comes
        first.
        """
        values = {"id": claimed.video_id, **_places(concurrency)}
        return self._database.one(_SQL["is_waited_for"], values) is not None

    def heartbeat(self, held: Iterable[Held], lease_s: float) -> dict[Held, bool]:
        """Extends leases to `lease_s` from now. Returns those still held; the others are lost: cancelled,
        deleted, or another holder's.

        The values are False: a cancellation ends the lease, so there is nothing to acknowledge.
        """
        return extend_leases(self._database, _SQL["heartbeat_imports"], held, lease_s)

    def advance(
        self,
        video_id: str,
        epoch: int,
        *,
        generation: int,
        stored_bytes: int,
        total_bytes: int | None,
        validator: str | None,
    ) -> bool:
        """Records the bytes that are stored of this version of the file. False: the lease is lost."""
        return self._changed(
            "advance_import",
            video_id,
            epoch,
            generation=generation,
            stored_bytes=stored_bytes,
            total_bytes=total_bytes,
            validator=validator,
        )

    def postpone(
        self, video_id: str, epoch: int, delay_s: float, *, counted: bool = True, in_vain: bool = False
    ) -> bool:
        """Gives the lease back for a later claim, after `delay_s`. False: the lease is lost.

        `counted`: counts as a try. `in_vain`: counts as a turn without a result.
        """
        values = {"delay_s": delay_s, "uncounted": 0 if counted else 1, "in_vain": 1 if in_vain else 0}
        return self._changed("postpone_import", video_id, epoch, **values)

    def finish(self, video_id: str, epoch: int, bytes_: int, sha256: str) -> bool:
        """Ends the import: the file is stored, and the video gets its doorbell. False: the lease is lost."""
        values = {"id": video_id, "epoch": epoch, "bytes": bytes_, "sha256": sha256}
        with self._database.transaction() as connection:
            connection.execute(_SQL["lock_content"], values)
            row = connection.execute(_SQL["finish_import"], values).fetchone()
            if row is not None:
                connection.execute(_SQL["mark_fetched"], values)
                outbox.put_doorbell(connection, video_id)
        if row is not None:
            _log.info("import finished", video_id=video_id, bytes=bytes_)
        return row is not None

    def fail(self, video_id: str, epoch: int, code: str, message: str) -> bool:
        """Ends the video as failed, with a stable code and a sentence. False: the lease is lost."""
        failed = self._changed("fail_import", video_id, epoch, code=code, message=message)
        if failed:
            _log.info("import failed", video_id=video_id, code=code, reason=message)
        return failed

    def counts(self) -> dict[str, int]:
        """The number of imports in each state, with 0 for a state without one."""
        found = {row["state"]: row["number"] for row in self._database.all(_SQL["count_imports"])}
        return {state: found.get(state, 0) for state in STATES}

    def _changed(self, name: str, video_id: str, epoch: int, **values: Any) -> bool:
        return self._database.changed(_SQL[name], {"id": video_id, "epoch": epoch, **values})


def _places(concurrency: int) -> dict[str, int]:
    """The places in all, and how many of them batches, or imports with long turns, may take."""
    return {"concurrency": concurrency, "batch": max(1, concurrency - max(1, concurrency // _KEPT_PART))}


def _create(connection: Connection, new: NewImport) -> tuple[Video, bool] | ConflictError:
    video_id = new_id()
    values = {
        "id": video_id,
        "filename": new.filename,
        "media_key": source_key(video_id),
        "preset": new.preset,
        "settings": Jsonb(dict(new.settings)),
        "idempotency_key": new.idempotency_key,
        "owner": new.owner,
        "url": new.url,
        "lane": new.lane,
        "priority": new.priority,
        "traceparent": tracing.traceparent() or None,
    }
    row = connection.execute(_SQL["insert_import"], values).fetchone()
    if row is not None:
        if new.webhook is not None:
            put_webhook(connection, new.webhook, new.owner, video_id)
        _log.info("video created", video_id=video_id, preset=new.preset)
        return Video.from_row(row), True
    earlier = connection.execute(_SQL["get_import_by_key"], values).fetchone()
    if earlier is None:
        return ConflictError("The Idempotency-Key is in use by a request under way; try again.")
    asked = (new.url, new.preset, dict(new.settings))
    if (earlier["url"], earlier["preset"], earlier["settings"]) != asked or not has_webhook(
        connection, earlier["id"], new.webhook
    ):
        return ConflictError(
            "This Idempotency-Key came with another address, webhook or settings before; use a new one.",
            code="idempotency_key_reused",
        )
    return Video.from_row(earlier), False
