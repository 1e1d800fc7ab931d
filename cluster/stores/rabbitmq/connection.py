"""How RabbitMQ is reached and what is declared there. Knows pika; does not know what a message means.

Both queues are quorum queues: they survive the loss of a node and count redeliveries. Their arguments are
part of their identity (a redeclaration with others is refused), so they change only together with the
names.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pika
from pika.adapters.blocking_connection import BlockingChannel, BlockingConnection
from pika.exceptions import AMQPError

from cluster.errors import UnavailableError

DEFAULT_PREFIX = "scenestream"

# A peer that has gone is noticed after two of these. Short, because a video waits meanwhile.
_HEARTBEAT_S = 10
_SOCKET_TIMEOUT_S = 3.0
_HANDSHAKE_TIMEOUT_S = 6.0  # TCP and AMQP together; a node that is still booting accepts and then stalls
_BLOCKED_TIMEOUT_S = 10.0  # the broker is out of memory or disk and has stopped reading

# A message that takes its consumer down each time ends in the dead-letter queue instead of circling for ever.
# PostgreSQL rings again for a video that still waits, so the bound costs nothing but latency.
_DELIVERY_LIMIT = 50
_DEAD_LETTERS_KEPT = 10_000  # for people to look at; the oldest go first

# What pika raises when the broker is away, closes on us, or the socket breaks.
BROKER_ERRORS = (AMQPError, OSError)


@dataclass(frozen=True, slots=True)
class BrokerNames:
    """Names of the queues and the exchange; another prefix is another, separate installation."""

    prefix: str = DEFAULT_PREFIX

    @property
    def queue(self) -> str:
        """Where doorbells wait."""
        return f"{self.prefix}.videos"

    @property
    def dead_queue(self) -> str:
        """Where messages end that are no doorbells or could not be handled."""
        return f"{self.prefix}.videos.dead"

    @property
    def dead_exchange(self) -> str:
        """Leads to the dead-letter queue."""
        return f"{self.prefix}.dead"


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turns whatever pika raises for a broker that is away into UnavailableError."""
    try:
        yield
    except BROKER_ERRORS as error:
        raise UnavailableError(
            f"RabbitMQ does not answer ({describe(error)}). Check that it runs."
        ) from error


def describe(error: BaseException) -> str:
    """One line about an error; pika's are often empty or span lines."""
    return " ".join(f"{type(error).__name__}: {error}".split()).removesuffix(":")


def connect(url: str, name: str) -> BlockingConnection:
    """A connection that shows up in the broker's lists under `name`. Raises what pika raises."""
    parameters = pika.URLParameters(url)
    parameters.heartbeat = _HEARTBEAT_S
    parameters.socket_timeout = _SOCKET_TIMEOUT_S
    parameters.stack_timeout = _HANDSHAKE_TIMEOUT_S
    parameters.blocked_connection_timeout = _BLOCKED_TIMEOUT_S
    parameters.connection_attempts = 1
    parameters.client_properties = {"connection_name": name}
    return BlockingConnection(parameters)


def declare(channel: BlockingChannel, names: BrokerNames) -> None:
    """Declares exchange, queues and binding; does nothing where they exist."""
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
    """Declares everything over a connection of its own; UnavailableError when the broker is away."""
    with translated_errors(), connect(url, "scenestream setup") as connection:
        declare(connection.channel(), names or BrokerNames())


def queue_depths(url: str, *queues: str) -> tuple[int, ...]:
    """Messages waiting in each queue, not those being handled, asked over one connection.

    UnavailableError when the broker is away.
    """
    with translated_errors(), connect(url, "scenestream depth") as connection:
        channel = connection.channel()
        return tuple(int(channel.queue_declare(queue, passive=True).method.message_count) for queue in queues)
