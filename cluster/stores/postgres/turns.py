"""Whose turn it is: which of the waiting videos a bridge with free places takes next.

PostgreSQL chooses, not the order of the doorbells: what counts is known there (priority, owner, size, what
else of the owner is in flight), and a bridge that has room for some kinds of videos only gets one of those.
Choices are made one after another over all bridges, so quotas hold exactly. Knows no queue and no bridge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from psycopg.types.json import Jsonb

from cluster.stores.postgres.backlog import ASSUMED_BYTES_PER_S
from cluster.stores.postgres.database import LONGEST_HOLD, Database
from cluster.stores.postgres.leases import claimed
from cluster.stores.postgres.sql_files import load_statements
from cluster.stores.postgres.video import Video

_SQL = {**load_statements("turns.sql"), "claim": load_statements("leases.sql")["claim"]}

_LOCK_KEY = 0x5CE2E57EC  # any number of our own, beside those of migrations and imports

_TRIES = 3  # a video that was chosen may be cancelled or deleted at this very moment


@dataclass(frozen=True, slots=True)
class Room:
    """For what there is a free place. `light`: interactive videos of few bytes, and those whose tracks
    exist.
    """

    interactive: bool = True
    light: bool = True
    batch: bool = True

    def __bool__(self) -> bool:
        return self.interactive or self.light or self.batch


@dataclass(frozen=True, slots=True)
class Quota:
    """What one owner may have in flight: videos, and seconds of video before one more begins. None: no
    limit.
    """

    videos: int | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class TurnRules:
    """How turns are given. `quota` is for owners without an administrator's key; `quotas` are for those
    named.
    """

    light_bytes: int
    quota: Quota = Quota()
    quotas: Mapping[str, Quota] = field(default_factory=dict)
    grace_s: float = 0.0  # how long a lease has been over before its video is given to another


class Turns:
    """Over the same pool as `Jobs` (reach it as `jobs.turns`); raises UnavailableError like it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(
        self, owner: str, room: Room, rules: TurnRules, lease_s: float, max_attempts: int
    ) -> Video | None:
        """Takes the lease of the video whose turn it is, and counts an attempt; None if there is none."""
        values = {
            "key": _LOCK_KEY,
            "idle": LONGEST_HOLD,
            "bytes_per_s": ASSUMED_BYTES_PER_S,
            "light_bytes": rules.light_bytes,
            "grace_s": rules.grace_s,
            "owner_videos": rules.quota.videos,
            "owner_seconds": rules.quota.seconds,
            "quotas": Jsonb([{"owner": name, **asdict(quota)} for name, quota in rules.quotas.items()]),
            "interactive": room.interactive,
            "light": room.light,
            "batch": room.batch,
        }
        lease = {"owner": owner, "lease_s": lease_s, "max_attempts": max_attempts}
        for _ in range(_TRIES):
            with self._database.transaction() as connection:
                connection.execute(_SQL["lock_turns"], values)
                chosen = connection.execute(_SQL["choose"], values | lease).fetchone()
                if chosen is None:
                    return None
                row = connection.execute(_SQL["claim"], {"id": chosen["id"], **lease}).fetchone()
            if row is not None:
                return claimed(row)
        return None
