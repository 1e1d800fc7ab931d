"""How much there is to do, in seconds of video: what the number of actors follows.

One cheap query over what waits and what is in flight, so every bridge may ask for itself. Knows no pool.
"""

from __future__ import annotations

from dataclasses import dataclass

from cluster.stores.postgres.database import Database
from cluster.stores.postgres.sql_files import load_statements

_SQL = load_statements("backlog.sql")

ASSUMED_BYTES_PER_S = 1e6
"""Of a video nobody has looked into, until some are done: 8 Mbit/s, as cameras and download sites have it."""
_MOST_COUNTED = 20_000  # with so many waiting, every pool is as large as it may be


@dataclass(frozen=True, slots=True)
class Backlog:
    """`seconds` of video that nobody has analysed yet; `videos` that wait or are in flight.

    A file that is still being fetched is not counted: there is nothing to do for it yet.
    """

    seconds: float
    videos: int


def backlog(database: Database, *, waiting: bool = True) -> Backlog:
    """As it is now, the length of videos that were never probed being estimated from their bytes.

    With `waiting` False, only what is in flight.
    """
    values = {"most": _MOST_COUNTED, "bytes_per_s": ASSUMED_BYTES_PER_S, "waiting": waiting}
    row = database.one(_SQL["backlog"], values)
    assert row is not None  # aggregates without GROUP BY give one row
    return Backlog(float(row["seconds"]), int(row["videos"]))
