"""Transactional outbox: doorbells wait in PostgreSQL until RabbitMQ has confirmed them.

A doorbell is stored in the transaction that changes the video, so neither exists without the other. The relay
deletes it in a transaction that commits after the broker's confirm. A crash in between publishes it twice,
which is harmless. Knows no broker: publishing is a function handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cluster.stores.postgres.database import Connection, Database
from cluster.stores.postgres.sql_files import load_statements
from cluster.stores.rabbitmq.doorbell import Doorbell

_SQL = load_statements("outbox.sql")


def put_doorbell(connection: Connection, video_id: str) -> None:
    """Stores a doorbell in the caller's transaction."""
    connection.execute(_SQL["put_doorbell"], {"video_id": video_id})


def relay(database: Database, publish: Callable[[Sequence[Doorbell]], None], limit: int) -> int:
    """Publishes up to `limit` doorbells, oldest first, then deletes them; returns how many.

    `publish` must return only when the broker has confirmed every one. An exception from it is raised here,
    and all doorbells stay.
    """
    with database.transaction() as connection:
        rows = connection.execute(_SQL["take_doorbells"], {"limit": limit}).fetchall()
        if rows:
            rows.sort(key=lambda row: row["id"])
            publish([Doorbell(row["video_id"]) for row in rows])
    return len(rows)
