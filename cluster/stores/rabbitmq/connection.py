"""Connections to RabbitMQ and the topology: a queue, a dead-letter exchange and a dead-letter queue.

Both queues are quorum queues: they survive the loss of a node and count redeliveries. RabbitMQ refuses to
declare a queue again with other arguments, so the arguments change only together with the names. Knows pika;
does not know the content of a message.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pika
from pika.adapters.blocking_connection import BlockingChannel, BlockingConnection
from pika.adapters.utils.connection_workflow import AMQPConnectorException
from pika.exceptions import AMQPConnectionError, AMQPError

from cluster.errors import UnavailableError

DEFAULT_PREFIX = "scenestream"

# A dead peer is noticed after two missed heartbeats. Short, because a video waits meanwhile.
_HEARTBEAT_S = 10
_SOCKET_TIMEOUT_S = 3.0  # of the TCP connection; no measurement: a server in the same network answers in ms
_HANDSHAKE_TIMEOUT_S = 6.0  # TCP and AMQP together: a node that is still booting accepts and then stalls
_BLOCKED_TIMEOUT_S = 10.0  # for a broker that is out of memory or disk and has stopped reading

# Redeliveries before a message goes to the dead-letter queue: a message that crashes its consumer each time
# must not circle for ever. Bridges also look for waiting videos at intervals, so a lost doorbell costs only
# latency.
_DELIVERY_LIMIT = 50
_DEAD_LETTERS_KEPT = 10_000  # messages kept for people to inspect; the oldest are dropped first

# pika's errors for a broker that is away or closes the connection, and the socket's own.
BROKER_ERRORS = (AMQPError, OSError)


@dataclass(frozen=True, slots=True)
class BrokerNames:
    """Names of the queues and the exchange; installations with different prefixes can share a broker."""

    prefix: str = DEFAULT_PREFIX

    @property
    def queue(self) -> str:
        """The queue of doorbells."""
        return f"{self.prefix}.videos"

    @property
    def dead_queue(self) -> str:
        """The dead-letter queue: messages that are not doorbells, or that could not be handled."""
        return f"{self.prefix}.videos.dead"

    @property
    def dead_exchange(self) -> str:
        """The dead-letter exchange, bound to the dead-letter queue."""
        return f"{self.prefix}.dead"


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turns pika's errors for a broker that is away into UnavailableError."""
    try:
        yield
    except BROKER_ERRORS as error:
        raise UnavailableError(
            f"RabbitMQ does not answer ({describe(error)}). Check that it runs."
        ) from error


def describe(error: BaseException) -> str:
    """An error as one line of text; pika's messages are often empty or have several lines."""
    return " ".join(f"{type(error).__name__}: {error}".split()).removesuffix(":")


def connect(url: str, name: str) -> BlockingConnection:
    """Opens a connection that the broker lists under `name`. Raises BROKER_ERRORS.

    A broker that accepts and then says nothing (it was paused, or is still booting) ends in
    AMQPConnectorStackTimeout, which pika 1.3 does not derive from AMQPError.
    """
    parameters = pika.URLParameters(url)
    parameters.heartbeat = _HEARTBEAT_S
    parameters.socket_timeout = _SOCKET_TIMEOUT_S
    parameters.stack_timeout = _HANDSHAKE_TIMEOUT_S
    parameters.blocked_connection_timeout = _BLOCKED_TIMEOUT_S
    parameters.connection_attempts = 1
    parameters.client_properties = {"connection_name": name}
    try:
        return BlockingConnection(parameters)
    except AMQPConnectorException as error:
        raise AMQPConnectionError(describe(error)) from error


def declare(channel: BlockingChannel, names: BrokerNames) -> None:
    """Declares exchange, queues and binding; existing ones are left as they are."""
    channel.exchange_declare(names.dead_exchange, exchange_type="direct", durable=True)
    dead: dict[str, Any] = {"x-queue-type": "quorum", "x-max-length": _DEAD_LETTERS_KEPT}
    channel.queue_declare(names.dead_queue, durable=True, arguments=dead)
    channel.queue_bind(names.dead_queue, names.dead_exchange, routing_key=names.dead_queue)
    channel.queue_declare(
        names.queue,
        durable=True,
        arguments={
            "x-queue-type": "quorum",
            "x-delivery-limit": _DELIVERY_LIMIT,
            "x-dead-letter-exchange": names.dead_exchange,
            "x-dead-letter-routing-key": names.dead_queue,
        },
    )


def declare_topology(url: str, names: BrokerNames | None = None) -> None:
    """Declares the topology over a new connection; UnavailableError when the broker is away."""
    with translated_errors(), connect(url, "scenestream setup") as connection:
        declare(connection.channel(), names or BrokerNames())


def queue_depths(url: str, *queues: str) -> tuple[int, ...]:
    """The number of messages waiting in each queue, without those being handled; over one new connection.

    UnavailableError when the broker is away.
    """
    with translated_errors(), connect(url, "scenestream depth") as connection:
        channel = connection.channel()
        return tuple(int(channel.queue_declare(queue, passive=True).method.message_count) for queue in queues)
