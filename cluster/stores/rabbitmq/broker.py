"""RabbitMQ rings: the doorbell, who publishes it and who hears it. The names to import.

Each lives in a file of its own: doorbell.py, connection.py (and topology), publisher.py,
consumer.py.
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
