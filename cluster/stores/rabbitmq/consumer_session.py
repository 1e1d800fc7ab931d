"""A consumer's work on one connection: subscribe, hand out deliveries, ack or nack them, notice a dead
channel.

All methods except `nudge` and the settling of a delivery run on the connection's own thread. A delivery
belongs to its session: a result that comes after the session has ended is dropped, because the broker
delivers again anyway.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import structlog
from pika.adapters.blocking_connection import BlockingChannel, BlockingConnection
from pika.exceptions import AMQPChannelError, ConnectionWrongStateError

from cluster.stores.rabbitmq import connection as rabbitmq
from cluster.stores.rabbitmq.connection import BrokerNames
from cluster.stores.rabbitmq.doorbell import Doorbell

_log = structlog.get_logger(__name__)

Settle = Callable[[bool], None]

_CHECK_INTERVAL_S = 2.0  # so that a dead subscription is noticed within seconds
# Odd answers of the check in a row until the subscription counts as lost. A single one may come from timing
# (the broker counts consumers late, or a message has just arrived).
_DOUBTS_UNTIL_LOST = 2


class ConsumerLostError(AMQPChannelError):  # type: ignore[misc]  # pika has no types
    """The channel or the subscription was lost without notice from the broker."""


class ConsumerSession:
    """Subscribes on `connection` and calls `hand_out(doorbell, settle)` for each delivery.

    `settle` may be called once, from any thread.
    """

    def __init__(
        self,
        connection: BlockingConnection,
        names: BrokerNames,
        prefetch: int,
        hand_out: Callable[[Doorbell, Settle], None],
    ) -> None:
        self._connection = connection
        self._names = names
        self._hand_out = hand_out
        self._channel: BlockingChannel = connection.channel()
        rabbitmq.declare(self._channel, names)
        self._channel.basic_qos(prefetch_count=prefetch)
        self._tag: str | None = None
        self._unanswered: set[int] = set()
        self._held_back: dict[int, Any] = {}  # delivery tag → timer that will put it back
        self._holding_back_s = 0.0
        self._doubts = 0
        self._deliveries = 0
        self._deliveries_at_last_check = 0
        self.depth = self._passive_check()

    @property
    def is_consuming(self) -> bool:
        """Whether the session is subscribed, as far as this side knows."""
        return self._tag is not None

    def nudge(self) -> None:
        """Wakes the loop, so that it checks its flags now; from any thread."""
        self._call_on_connection_thread(lambda: None)

    def run(
        self, paused: threading.Event, stopping: threading.Event, grace_s: float, redeliver_after_s: float
    ) -> None:
        """Consumes until `stopping` is set and all deliveries are answered. BROKER_ERRORS on a loss."""
        next_check = time.monotonic() + _CHECK_INTERVAL_S
        give_up_at: float | None = None
        while True:
            if not self._channel.is_open:
                raise ConsumerLostError("the broker closed the channel")
            if stopping.is_set():
                give_up_at = time.monotonic() + grace_s if give_up_at is None else give_up_at
                self._unsubscribe()
                if not self._unanswered or time.monotonic() >= give_up_at:
                    return
            elif paused.is_set():
                self._unsubscribe()
            else:
                self._holding_back_s = redeliver_after_s
                self._subscribe()
            self._connection.process_data_events(time_limit=_CHECK_INTERVAL_S)
            if time.monotonic() >= next_check:
                self._check()
                next_check = time.monotonic() + _CHECK_INTERVAL_S

    def _subscribe(self) -> None:
        if self._tag is None:
            self._tag = self._channel.basic_consume(self._names.queue, self._on_message)
            self._doubts = 0
        elif self._tag not in self._channel.consumer_tags:
            raise ConsumerLostError("the broker cancelled the subscription")

    def _unsubscribe(self) -> None:
        """Unsubscribes, and puts deliveries that were held back into the queue for other consumers."""
        if self._tag is not None:
            tag, self._tag = self._tag, None
            self._channel.basic_cancel(tag)
        self._holding_back_s = 0.0
        for delivery_tag, timer in list(self._held_back.items()):
            self._connection.remove_timeout(timer)
            self._put_back(delivery_tag)

    def _check(self) -> None:
        """Asks the broker about the queue: a dead channel raises, and a dead subscription is noticed."""
        self.depth = self._passive_check()
        if self._doubts >= _DOUBTS_UNTIL_LOST:
            raise ConsumerLostError("messages wait, but the broker does not deliver them")

    def _passive_check(self) -> int:
        """The number of waiting messages; counts the odd answers about the subscription in `_doubts`.

        The consumer count alone is not enough: a queue that was deleted and made again at once still counts
        the old subscription, but delivers nothing to it.
        """
        queue = self._channel.queue_declare(self._names.queue, passive=True).method
        idle = not self._unanswered and self._deliveries == self._deliveries_at_last_check
        self._deliveries_at_last_check = self._deliveries
        stalled = queue.consumer_count == 0 or (idle and queue.message_count > 0)
        self._doubts = self._doubts + 1 if self._tag is not None and stalled else 0
        return int(queue.message_count)

    def _on_message(self, channel: BlockingChannel, method: Any, properties: Any, body: bytes) -> None:
        try:
            doorbell = Doorbell.decode(body)
        except ValueError as error:
            _log.warning("message dead-lettered", queue=self._names.queue, bytes=len(body), reason=str(error))
            channel.basic_reject(method.delivery_tag, requeue=False)
            return
        self._deliveries += 1
        self._unanswered.add(method.delivery_tag)
        self._hand_out(doorbell, partial(self._settle, method.delivery_tag))

    def _settle(self, delivery_tag: int, handled: bool) -> None:
        self._call_on_connection_thread(partial(self._answer, delivery_tag, handled))

    def _answer(self, delivery_tag: int, handled: bool) -> None:
        if handled:
            self._channel.basic_ack(delivery_tag)
            self._unanswered.discard(delivery_tag)
        elif self._holding_back_s > 0:
            # Held back for a while before the nack: an immediate one would be a busy loop with the broker.
            timer = self._connection.call_later(self._holding_back_s, partial(self._put_back, delivery_tag))
            self._held_back[delivery_tag] = timer
        else:
            self._put_back(delivery_tag)

    def _put_back(self, delivery_tag: int) -> None:
        self._held_back.pop(delivery_tag, None)
        self._channel.basic_nack(delivery_tag, requeue=True)
        self._unanswered.discard(delivery_tag)

    def _call_on_connection_thread(self, callback: Callable[[], None]) -> None:
        try:
            self._connection.add_callback_threadsafe(callback)
        except ConnectionWrongStateError:
            _log.debug("connection already closed; the broker delivers again")
