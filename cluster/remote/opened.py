"""What a source gives once it is opened, and the rules it is opened under.

Plain values: knows no protocol.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from cluster.remote.addresses import AddressRules


@dataclass(frozen=True, slots=True)
class OpenedSource:
    """`blocks`, as they come, begin at byte `start` of `total` (None: the source does not tell).

    `validator` names this version of the file; None: the source has no name for it, so a broken transfer
    begins again.
    """

    start: int
    total: int | None
    validator: str | None
    blocks: Iterator[bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class SourceRules:
    """What may be fetched, and how patient one connection is."""

    addresses: AddressRules = field(default_factory=AddressRules)
    s3_buckets: tuple[str, ...] = ()
    connect_timeout_s: float = 10.0
    idle_timeout_s: float = 30.0
