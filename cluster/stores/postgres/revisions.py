"""Revisions: the stored results of a video, and which of them is the current one.

A result becomes a revision when its lease holder finishes (see leases.py). Knows the rows; the timelines they
name are in MongoDB.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import structlog

from cluster.errors import ConflictError, NotFoundError
from cluster.stores.postgres.database import Database
from cluster.stores.postgres.sql_files import load_statements
from cluster.stores.postgres.video import Video, VideoState

_log = structlog.get_logger(__name__)

_SQL = load_statements("revisions.sql")


@dataclass(frozen=True, slots=True)
class Revision:
    """One row of `revisions`. `current`: readers get this one."""

    video_id: str
    revision: int
    timeline_id: str
    preset: str
    settings: dict[str, Any]
    created_at: datetime
    current: bool

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Revision:
        """Makes it from a row of `list_revisions`."""
        return cls(**{field.name: row[field.name] for field in fields(cls)})


class Revisions:
    """The table `revisions`. Shares the pool of `Jobs` (as `jobs.revisions`); raises UnavailableError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list_all(self, video_id: str) -> list[Revision]:
        """Lists the revisions of a video, newest first; empty before the first result, or without the
        video.
        """
        rows = self._database.all(_SQL["list_revisions"], {"id": video_id})
        return [Revision.from_row(row) for row in rows]

    def get(self, video_id: str, revision: int) -> Revision:
        """Reads a revision; NotFoundError when it is not stored (any more)."""
        row = self._database.one(_SQL["get_revision"], {"id": video_id, "revision": revision})
        if row is None:
            raise no_such_revision(revision)
        return Revision.from_row(row)

    def choose(self, video_id: str, revision: int) -> Video:
        """Makes a revision the current one, with its settings; returns the changed video.

        NotFoundError when it is not stored, ConflictError unless the video is done.
        """
        values = {"id": video_id, "revision": revision}
        with self._database.transaction() as connection:
            locked = connection.execute(_SQL["lock_video"], values).fetchone()
            row = connection.execute(_SQL["choose_revision"], values).fetchone()
        if row is not None:
            _log.info("revision chosen", video_id=video_id, revision=revision)
            return Video.from_row(row)
        if locked is not None and locked["state"] != VideoState.DONE:
            raise ConflictError(
                f"The video is {locked['state']}; a revision is chosen while it is done. Wait for its end."
            )
        raise no_such_revision(revision)

    def trim(self, video_id: str, keep: int) -> set[str]:
        """Deletes all but the newest `keep` and the current one; returns the ids of the timelines that
        stay.
        """
        values = {"id": video_id, "keep": keep}
        with self._database.transaction() as connection:
            connection.execute(_SQL["lock_video"], values)
            connection.execute(_SQL["trim_revisions"], values)
            rows = connection.execute(_SQL["list_revisions"], values).fetchall()
        return {row["timeline_id"] for row in rows}


def no_such_revision(revision: int) -> NotFoundError:
    """The error for a revision that is not stored."""
    return NotFoundError(
        f"There is no revision {revision} of this video (any more); `revisions` lists those there are."
    )
