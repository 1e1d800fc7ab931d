"""Admission control with quotas: chooses the waiting video that a bridge with free capacity claims next.

PostgreSQL chooses, by priority, owner, size and the owner's videos in flight; the order of the doorbells does
not matter. A bridge states its free capacity by class (`Room`) and gets a video of such a class. The choices
of all bridges are made one after another, so quotas hold exactly. Knows no queue and no bridge.
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

_LOCK_KEY = 0x5CE2E57EC  # id of the advisory lock: an arbitrary number, different from our other locks

_TRIES = 3  # a chosen video may be cancelled or deleted before the claim; no measurement


@dataclass(frozen=True, slots=True)
class Room:
    """Free capacity of a bridge, by class of work. `light`: interactive videos of few bytes, and videos whose
    tracks exist.
    """

    interactive: bool = True
    light: bool = True
    batch: bool = True

    def __bool__(self) -> bool:
        return self.interactive or self.light or self.batch


@dataclass(frozen=True, slots=True)
class Quota:
    """Admission quota of one owner: the most videos in flight, and the seconds of video in flight from which
    on no other one begins. None: no limit.
    """

    videos: int | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class TurnRules:
    """Rules of admission. `quota` holds for owners without an administrator's key; `quotas` for the owners
    named.
    """

    light_bytes: int
    quota: Quota = Quota()
    quotas: Mapping[str, Quota] = field(default_factory=dict)
    grace_s: float = 0.0  # how long a lease has been over before its video is given to another


class Turns:
    """Admission quota: claims the next video. Shares the pool of `Jobs` (as `jobs.turns`); raises
    UnavailableError.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(
        self, owner: str, room: Room, rules: TurnRules, lease_s: float, max_attempts: int
    ) -> Video | None:
        """Claims the next admissible video: takes its lease and counts an attempt; None if there is none."""
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
