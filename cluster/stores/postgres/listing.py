"""The list of videos by place, for one that is scrolled: a page from a place on, in several orders.

A page is of the moment: while videos come and go, places move. Listings that must neither repeat nor skip are
read with a cursor (`Jobs.list_videos`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict, Unpack

from cluster.contract.vocabulary import State, VideoOrder
from cluster.stores.page import check_limit
from cluster.stores.postgres.database import Database
from cluster.stores.postgres.sql_files import load_statements
from cluster.stores.postgres.video import Video

_SQL = load_statements("listing.sql")


class Chosen(TypedDict):
    """Which videos are listed; None: all.

    `q`: text in the file name, ignoring case. `created_from` is inclusive, `created_to` exclusive; both have
    a time zone.
    """

    state: State | None
    q: str | None
    owner: str | None
    preset: str | None
    created_from: datetime | None
    created_to: datetime | None


@dataclass(frozen=True, slots=True)
class Placed:
    """One page: `offset` is the place of its first item, from 0; `total` the number of all."""

    items: tuple[Video, ...]
    offset: int
    total: int


class Listing:
    """The table `videos`. Shares the pool of `Jobs` (as `jobs.listing`); raises UnavailableError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def at(
        self, *, order: VideoOrder, offset: int, around: str | None, limit: int, **chosen: Unpack[Chosen]
    ) -> Placed:
        """Reads the page that begins at `offset`, or has the video `around` in its middle if that is listed.

        A page behind the end becomes the last one. UsageError for a limit out of range.
        """
        text = chosen["q"]
        values = {
            **chosen,
            "pattern": f"%{escape_like(text)}%" if text else None,
            "order": order,
            "offset": offset,
            "around": around,
            "limit": check_limit(limit),
        }
        rows = self._database.all(_SQL["videos_at"], values)
        if not rows:
            return Placed((), 0, 0)
        return Placed(tuple(Video.from_row(row) for row in rows), rows[0]["place"], rows[0]["total"])


def escape_like(text: str) -> str:
    """Escapes `text` for LIKE, so that it matches itself only; the escape character is the backslash."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
