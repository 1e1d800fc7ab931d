"""The public names of this package: doorbell, publisher, consumer and topology.

The code is in doorbell.py, publisher.py, consumer.py and connection.py (with the topology).
"""

from __future__ import annotations

from cluster.stores.rabbitmq.connection import BrokerNames, declare_topology, queue_depths
from cluster.stores.rabbitmq.consumer import Consumer
from cluster.stores.rabbitmq.doorbell import MAX_DOORBELL_BYTES, Doorbell
from cluster.stores.rabbitmq.publisher import Publisher

__all__ = [
    "MAX_DOORBELL_BYTES",
    "BrokerNames",
    "Consumer",
    "Doorbell",
    "Publisher",
    "declare_topology",
    "queue_depths",
]
