"""From which age on something counts as left behind. Knows no store."""

from __future__ import annotations

from dataclasses import dataclass

DAY_S = 86_400.0
HOUR_S = 3_600.0


@dataclass(frozen=True, slots=True)
class Limits:
    """`grace_s`: what is younger is no finding. `lease_s`: for how long a lease may have run out; bridges
    look for such leases every few seconds. `outbox_s`: for how long a doorbell may wait for RabbitMQ.
    """

    max_attempts: int
    grace_s: float = DAY_S
    lease_s: float = 600.0
    outbox_s: float = HOUR_S
