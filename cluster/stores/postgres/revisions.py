"""Revisions: the stored results of a video, and which of them is the current one.

A result becomes a revision when its lease holder finishes (see leases.py), when its words follow (see
transcripts.py), or when a person has corrected it. Knows the rows; the timelines they
name are in MongoDB.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import structlog
from psycopg.types.json import Jsonb

from cluster.contract.vocabulary import RevisionOrigin
from cluster.errors import ConflictError, NotFoundError
from cluster.stores.postgres.database import Database
from cluster.stores.postgres.sql_files import load_statements
from cluster.stores.postgres.video import Video, VideoState

_log = structlog.get_logger(__name__)

_SQL = load_statements("revisions.sql")
_WORDS = load_statements("transcripts.sql")

EXACT = "exact"
"""Key in `corrections`: the revision was made by hand, and words leave all its starts where they are."""


@dataclass(frozen=True, slots=True)
class Revision:
    """One row of `revisions`. `origin`: what made it. `current`: readers get this one.

    `corrections`: those by hand that it has (`serve_app.videos.revising.corrections`), None without any.
    `note`: what the person says of them. `tracks_hash`: of which tracks it was fused; None where that was not
    written down yet.
    """

    video_id: str
    revision: int
    timeline_id: str
    preset: str
    settings: dict[str, Any]
    origin: RevisionOrigin
    created_at: datetime
    corrections: dict[str, Any] | None
    note: str | None
    tracks_hash: str | None
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

    def corrections(self, video_id: str) -> dict[str, Any]:
        """The corrections that another fusion of the video has to respect: those of the current revision, but
        not that its starts are all there may be. Empty without any."""
        row = self._database.one(_SQL["get_current_revision"], {"id": video_id})
        found = (row or {}).get("corrections") or {}
        return {name: value for name, value in found.items() if name != EXACT}

    def correct(
        self,
        video_id: str,
        *,
        base: int,
        revision: int,
        timeline_id: str,
        corrections: Mapping[str, Any],
        note: str | None,
        with_words: bool,
    ) -> Revision | None:
        """Makes a timeline, which must be stored, a revision of origin `human` and the current one.

        Only if the video is done, its current revision is `base`, and `revision` is the next free number;
        else None, and nothing is changed. `with_words`: the timeline has the words that are stored; if not,
        words that are there by now are made part of it later.
        """
        values = {"id": video_id, "base": base, "revision": revision, "timeline_id": timeline_id}
        with self._database.transaction() as connection:
            connection.execute(_SQL["lock_video"], values)
            row = connection.execute(
                _SQL["correct_video"], {**values, "corrections": Jsonb(dict(corrections)), "note": note}
            ).fetchone()
            if row is not None:
                follow = "mark_corrected_words" if with_words else "queue_uncorrected_words"
                connection.execute(_WORDS[follow], values)
        _log.info("video corrected", video_id=video_id, base=base, revision=revision, lost=row is None)
        return None if row is None else Revision.from_row(row)

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
