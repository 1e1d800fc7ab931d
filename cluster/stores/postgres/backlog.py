"""The backlog in seconds of video, from which the pool computes its number of actors.

One cheap query over waiting videos and those in flight, so every bridge may run it by itself. Knows no pool.
"""

from __future__ import annotations

from dataclasses import dataclass

from cluster.stores.postgres.database import Database
from cluster.stores.postgres.sql_files import load_statements

_SQL = load_statements("backlog.sql")

ASSUMED_BYTES_PER_S = 1e6
"""Bytes per second of a video that was not probed yet, until other videos are done: 8 Mbit/s, a common rate
of cameras and download sites.
"""
_MOST_COUNTED = 20_000  # waiting videos that are summed up: with so many, every pool has its largest size


@dataclass(frozen=True, slots=True)
class Backlog:
    """`seconds` of video that are not analysed yet; number of `videos` that wait or are in flight.

    An import whose file is still being downloaded is not counted: no actor can work on it yet.
    """

    seconds: float
    videos: int


def backlog(database: Database, *, waiting: bool = True) -> Backlog:
    """Sums up the present backlog; the length of a video that was not probed yet is estimated from its bytes.

    With `waiting` False, only videos in flight are counted.
    """
    values = {"most": _MOST_COUNTED, "bytes_per_s": ASSUMED_BYTES_PER_S, "waiting": waiting}
    row = database.one(_SQL["backlog"], values)
    assert row is not None  # aggregates without GROUP BY give one row
    return Backlog(float(row["seconds"]), int(row["videos"]))
