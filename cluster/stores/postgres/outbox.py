"""Doorbells that wait in PostgreSQL until RabbitMQ has confirmed them (transactional outbox).

A doorbell is put in the transaction that changes the video, so neither exists without the other; the relay
deletes it in a transaction that commits after the broker's confirm. A crash in between rings twice, which is
harmless. Knows no broker: publishing is a function handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cluster.stores.postgres.database import Connection, Database
from cluster.stores.postgres.sql_files import load_statements
from cluster.stores.rabbitmq.doorbell import Doorbell

_SQL = load_statements("outbox.sql")


def put_doorbell(connection: Connection, video_id: str) -> None:
    """Inside the caller's transaction."""
    connection.execute(_SQL["put_doorbell"], {"video_id": video_id})


def relay(database: Database, publish: Callable[[Sequence[Doorbell]], None], limit: int) -> int:
    """Publishes up to `limit` doorbells, oldest first, and forgets them; how many.

    `publish` must return only when the broker has taken every one. Whatever it raises is raised here, and
    nothing is lost.
    """
    with database.transaction() as connection:
        rows = connection.execute(_SQL["take_doorbells"], {"limit": limit}).fetchall()
        if rows:
            rows.sort(key=lambda row: row["id"])
            publish([Doorbell(row["video_id"]) for row in rows])
    return len(rows)
