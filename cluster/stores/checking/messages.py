"""Findings in RabbitMQ: dead letters, and more doorbells than videos that one could be for.

A broker tells the messages that wait, not those that a consumer holds. Knows no other store.
"""

from __future__ import annotations

from collections.abc import Iterator

from cluster.stores.checking.findings import Finding, Invariant
from cluster.stores.rabbitmq.broker import BrokerNames, queue_depths

SPARE_DOORBELLS = 100
"""A doorbell that is rung twice, or for a video that has ended meanwhile, is harmless: a few are normal."""


def check_messages(url: str, open_videos: int, names: BrokerNames | None = None) -> Iterator[Finding]:
    """All findings. `open_videos`: those that have not ended. UnavailableError while RabbitMQ is away."""
    names = names or BrokerNames()
    waiting, dead = queue_depths(url, names.queue, names.dead_queue)
    if dead:
        told = f"{dead} messages could not be handled; no video is lost with them"
        yield Finding(Invariant.NOTHING_LEFT, "dead_letters", names.dead_queue, told, mark=str(dead))
    if waiting > open_videos + SPARE_DOORBELLS:
        told = f"{waiting} doorbells wait, for {open_videos} videos: nobody takes them"
        yield Finding(Invariant.NOTHING_LEFT, "unheard_doorbells", names.queue, told, mark=str(waiting))
