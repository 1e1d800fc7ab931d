"""An opened source (its blocks, length and validator), and the rules for opening one.

Plain values: knows no protocol.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from cluster.remote.addresses import AddressRules


@dataclass(frozen=True, slots=True)
class OpenedSource:
    """A file being read: `blocks` begin at byte `start` of `total` (None: the source does not give the
    length).

    `validator` (an entity tag or a date) names this version of the file; None: the source gives none, so a
    broken transfer starts again from byte 0.
    """

    start: int
    total: int | None
    validator: str | None
    blocks: Iterator[bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class SourceRules:
    """Allowed addresses and buckets, and the timeouts of one connection."""

    addresses: AddressRules = field(default_factory=AddressRules)
    s3_buckets: tuple[str, ...] = ()
    connect_timeout_s: float = 10.0
    idle_timeout_s: float = 30.0
