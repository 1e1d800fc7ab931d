"""Reads of PostgreSQL for a check of the whole installation: rows that should not be, and what rows name.

Everything is read in pages by index or limited, whatever the number of videos. Changes nothing, and does not
know the other stores.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from psycopg.rows import DictRow

from cluster.stores.postgres.database import Database
from cluster.stores.postgres.sql_files import load_statements

_SQL = load_statements("inspection.sql")
PAGE = 500
"""Rows of a page: a few hundred KiB."""


class Inspection:
    """The reads. Every method raises UnavailableError while PostgreSQL is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def rows(self, name: str, **values: Any) -> list[DictRow]:
        """The rows of one statement of inspection.sql that looks for rows that should not be."""
        return self._database.all(_SQL[name], values)

    def videos(self) -> Iterator[list[DictRow]]:
        """Pages of all videos, by id."""
        after = ""
        while page := self.rows("page_of_videos", after=after, limit=PAGE):
            yield page
            after = page[-1]["id"]

    def made_clips(self) -> Iterator[list[DictRow]]:
        """Pages of all clips that are made."""
        place: dict[str, Any] = {"job_id": "", "position": -1}
        while page := self.rows("page_of_made_clips", **place, limit=PAGE):
            yield page
            place = {name: page[-1][name] for name in place}

    def proxies(self) -> Iterator[list[DictRow]]:
        """Pages of all proxies that are made."""
        after = ""
        while page := self.rows("page_of_proxies", after=after, limit=PAGE):
            yield page
            after = page[-1]["id"]

    def timelines_of(self, ids: Sequence[str]) -> dict[str, set[str]]:
        """The timelines that PostgreSQL names, by video; videos without one are left out."""
        found: dict[str, set[str]] = {}
        for row in self.rows("timelines_of", ids=list(ids)):
            found.setdefault(row["video_id"], set()).add(row["timeline_id"])
        return found

    def quiet_for(self, ids: Sequence[str]) -> dict[str, float]:
        """Seconds since anybody worked under each id, negative while somebody does; ids that no video has or
        uses are left out.
        """
        return {row["id"]: float(row["quiet_s"]) for row in self.rows("quiet_for", ids=list(ids))}

    def known_files(self, ids: Sequence[str]) -> dict[str, DictRow]:
        """What names the files under each id."""
        return {row["id"]: row for row in self.rows("known_files", ids=list(ids))}

    def known_orders(self, ids: Sequence[str]) -> set[str]:
        """Those of these orders of clips that exist."""
        return {row["id"] for row in self.rows("known_orders", ids=list(ids))}

    def counts(self) -> DictRow:
        """{"videos", "open", "uploads"}: rows in all, and videos that have not ended."""
        (row,) = self.rows("counts")
        return row
