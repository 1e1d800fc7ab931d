"""Publishes doorbells on RabbitMQ with publisher confirms: persistent and mandatory messages.

`publish` returns only when the broker has confirmed every message, so the outbox may then delete them. One
connection, guarded by a lock and kept alive by a small thread; a lost one is replaced at the next call. Does
not know the source of the doorbells.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pika
import structlog
from pika.adapters.blocking_connection import BlockingChannel, BlockingConnection
from pika.exceptions import NackError, UnroutableError

from cluster.errors import UnavailableError
from cluster.stores.closing import Closing
from cluster.stores.rabbitmq import connection as rabbitmq
from cluster.stores.rabbitmq.connection import BROKER_ERRORS, BrokerNames
from cluster.stores.rabbitmq.doorbell import Doorbell

_log = structlog.get_logger(__name__)

_KEEPALIVE_INTERVAL_S = 2.0  # several times within one heartbeat of the connection
_TRIES = 2  # an idle connection may have been lost unnoticed, so the second try uses a new one

_PERSISTENT = pika.BasicProperties(
    content_type="application/json", delivery_mode=pika.DeliveryMode.Persistent.value
)


class Publisher(Closing):
    """Publisher with confirms. Safe to share between threads. Connects at the first `publish`."""

    def __init__(self, url: str, *, names: BrokerNames | None = None) -> None:
        self._url = url
        self._names = names or BrokerNames()
        self._lock = threading.Lock()
        self._connection: BlockingConnection | None = None
        self._channel: BlockingChannel | None = None
        self._closed = threading.Event()
        self._keeper: threading.Thread | None = None

    def publish(self, doorbells: Sequence[Doorbell]) -> None:
        """Publishes doorbells; returns when the broker has confirmed every one.

        UnavailableError when the broker is away or confirmed only some: publish all again (repeats are
        harmless).
        """
        with self._lock:
            for tries_left in reversed(range(_TRIES)):
                try:
                    channel = self._open_channel()
                    for doorbell in doorbells:
                        channel.basic_publish(
                            exchange="",
                            routing_key=self._names.queue,
                            body=doorbell.encode(),
                            properties=_PERSISTENT,
                            mandatory=True,
                        )
                    return
                except BROKER_ERRORS as error:
                    self._drop(error)
                    if tries_left == 0 or isinstance(error, NackError):
                        raise UnavailableError(
                            f"RabbitMQ did not take the message ({rabbitmq.describe(error)}). "
                            "Check that it runs and is not out of memory or disk."
                        ) from error

    def close(self) -> None:
        """Closes the connection; the publisher cannot be used again."""
        self._closed.set()
        with self._lock:
            self._drop(None)
        if self._keeper is not None:
            self._keeper.join()

    def _open_channel(self) -> BlockingChannel:
        if self._closed.is_set():
            raise UnavailableError("This publisher is closed; make a new one.")
        if self._channel is not None and self._channel.is_open:
            return self._channel
        self._drop(None)
        self._connection = rabbitmq.connect(self._url, "scenestream publisher")
        channel = self._connection.channel()
        # Declared with every connection, so that messages can be routed on a broker that was reset meanwhile.
        rabbitmq.declare(channel, self._names)
        channel.confirm_delivery()
        self._channel = channel
        if self._keeper is None:
            self._keeper = threading.Thread(target=self._keep_alive, name="publisher-keepalive", daemon=True)
            self._keeper.start()
        return channel

    def _keep_alive(self) -> None:
        """Answers heartbeats while nothing is published."""
        while not self._closed.wait(_KEEPALIVE_INTERVAL_S):
            with self._lock:
                if self._connection is None:
                    continue
                try:
                    self._connection.process_data_events(time_limit=0)
                except BROKER_ERRORS as error:
                    self._drop(error)

    def _drop(self, error: BaseException | None) -> None:
        """Drops the connection, so that the next call opens a new one; called with the lock held."""
        connection, self._connection, self._channel = self._connection, None, None
        if error is not None and not isinstance(error, (UnroutableError, NackError)):
            _log.warning("publisher lost its connection", reason=rabbitmq.describe(error))
        if connection is not None and connection.is_open:
            try:
                connection.close()
            except BROKER_ERRORS as close_error:
                _log.debug("publisher: closing failed", reason=rabbitmq.describe(close_error))
