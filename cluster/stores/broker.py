"""RabbitMQ rings: the doorbell, who publishes it and who hears it. The names to import.

Each lives in a file of its own: doorbell.py, rabbitmq.py (connection and topology), publisher.py,
consumer.py.
"""

from __future__ import annotations

from cluster.stores.consumer import Consumer
from cluster.stores.doorbell import MAX_DOORBELL_BYTES, Doorbell
from cluster.stores.publisher import Publisher
from cluster.stores.rabbitmq import BrokerNames, declare_topology, queue_depth, queue_depths

__all__ = [
    "MAX_DOORBELL_BYTES",
    "BrokerNames",
    "Consumer",
    "Doorbell",
    "Publisher",
    "declare_topology",
    "queue_depth",
    "queue_depths",
]
