"""What an operator looks at: how much waits and since when, what failed lately, how videos are called.

Each question reads a bounded number of rows by an index, so a page may ask every few seconds, whatever the
size of the tables. Covers the videos of all owners; who may see which part is decided by the caller.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from cluster.contract.vocabulary import LeasedWork, Priority
from cluster.stores.postgres.database import Database
from cluster.stores.postgres.sql_files import load_statements

_SQL = load_statements("overview.sql")

MOST_COUNTED = 10_000
"""Rows of one kind of work that are counted at most: beyond it the exact number changes no decision."""
FAILURES_SHOWN = 20
"""Failures that are told one by one."""


@dataclass(frozen=True, slots=True)
class Queue:
    """One kind of work: how much waits, how much is in hand, and how long the oldest has waited, in seconds.

    `priority` None: this work is not told apart by it. `oldest_s` None: nothing waits.
    """

    work: LeasedWork
    priority: Priority | None
    waiting: int
    running: int
    oldest_s: float | None


@dataclass(frozen=True, slots=True)
class FailureCount:
    """How often one kind of work failed with this code, in the last hour and in the last day."""

    work: LeasedWork
    code: str
    hour: int
    day: int


@dataclass(frozen=True, slots=True)
class FailedWork:
    """Work that failed in the last day and was not tried again."""

    work: LeasedWork
    video_id: str
    filename: str
    code: str
    message: str
    finished_at: datetime


class Overview:
    """Shares the pool of `Jobs` (as `jobs.overview`); raises UnavailableError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def queues(self) -> list[Queue]:
        """Every kind of work, also where nothing waits."""
        return [Queue(**row) for row in self._database.all(_SQL["queues"], {"most": MOST_COUNTED})]

    def count_failures(self) -> list[FailureCount]:
        """Failures of the last day by kind of work and code, the most frequent first."""
        rows = self._database.all(_SQL["count_failures"], {"most": MOST_COUNTED})
        return [FailureCount(**row) for row in rows]

    def latest_failures(self, limit: int = FAILURES_SHOWN) -> list[FailedWork]:
        """The newest failures of the last day, newest first."""
        rows = self._database.all(_SQL["latest_failures"], {"limit": limit})
        return [FailedWork(**{**row, "message": row["message"] or ""}) for row in rows]

    def filenames(self, video_ids: Collection[str]) -> dict[str, str]:
        """Names of files by the ids of their videos; those that were deleted are left out."""
        if not video_ids:
            return {}
        rows = self._database.all(_SQL["filenames"], {"ids": list(video_ids)})
        return {row["id"]: row["filename"] for row in rows}
