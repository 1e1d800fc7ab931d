"""The only modules that talk to a store. This is their public face; import from here.

PostgreSQL is the truth about state (`Jobs`, `Uploads`), MongoDB holds results (`Results`), RabbitMQ rings
(`Publisher`, `Consumer`, `Doorbell`), Redis may vanish at any time (`Cache`), files and objects are media
(`MediaStore`). None of them knows what is stored through it, and none imports another store's driver.
"""

from __future__ import annotations

from cluster.contract.pages import MAX_PAGE_ITEMS
from cluster.stores.ids import new_id
from cluster.stores.media.store import MediaStore
from cluster.stores.mongodb.results import Results
from cluster.stores.page import Page
from cluster.stores.postgres.jobs import Jobs
from cluster.stores.postgres.leases import ReapReport
from cluster.stores.postgres.uploads import Upload, Uploads
from cluster.stores.postgres.video import FINAL_STATES, LEASED_STATES, LEGAL_TRANSITIONS, Video, VideoState
from cluster.stores.rabbitmq.broker import (
    BrokerNames,
    Consumer,
    Doorbell,
    Publisher,
    declare_topology,
    queue_depth,
)
from cluster.stores.redis.cache import Cache, Event

__all__ = [
    "FINAL_STATES",
    "LEASED_STATES",
    "LEGAL_TRANSITIONS",
    "MAX_PAGE_ITEMS",
    "BrokerNames",
    "Cache",
    "Consumer",
    "Doorbell",
    "Event",
    "Jobs",
    "MediaStore",
    "Page",
    "Publisher",
    "ReapReport",
    "Results",
    "Upload",
    "Uploads",
    "Video",
    "VideoState",
    "declare_topology",
    "new_id",
    "queue_depth",
]
