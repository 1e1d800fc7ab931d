"""Consumer of doorbells on RabbitMQ.

One thread owns the connection and does nothing else. The handler runs on worker threads, and its result goes
back to that thread, which sends the ack or nack. A lost connection is opened again with growing pauses. A
check every few seconds notices a channel or consumer that was closed without notice. Does not know the effect
of a doorbell.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Self

import structlog

from cluster.errors import UnavailableError
from cluster.stores.closing import Closing
from cluster.stores.rabbitmq import connection as rabbitmq
from cluster.stores.rabbitmq.connection import BROKER_ERRORS, BrokerNames
from cluster.stores.rabbitmq.consumer_session import ConsumerSession, Settle
from cluster.stores.rabbitmq.doorbell import Doorbell

_log = structlog.get_logger(__name__)

_FIRST_PAUSE_S = 0.2  # first pause before connecting again: most losses are short
_LONGEST_PAUSE_S = 5.0  # longest one: after an outage doorbells must come again within seconds
_STOP_GRACE_S = 10.0  # for handlers under way; an unanswered doorbell is delivered again


class Consumer(Closing):
    """Calls `on_ring` for each doorbell, for at most `prefetch` at a time.

    `on_ring` runs on a worker thread and must be quick (it claims, it does not segment). True: the doorbell
    is acknowledged. False or an exception: it is put back and delivered again after `redeliver_after_s`.
    """

    def __init__(
        self,
        url: str,
        on_ring: Callable[[Doorbell], bool],
        prefetch: int,
        *,
        names: BrokerNames | None = None,
        redeliver_after_s: float = 5.0,
    ) -> None:
        if prefetch < 1:
            raise ValueError("prefetch must be at least 1; 0 would mean without bound")
        self._url = url
        self._on_ring = on_ring
        self._prefetch = prefetch
        self._names = names or BrokerNames()
        self._redeliver_after_s = redeliver_after_s
        self._stopping = threading.Event()
        self._paused = threading.Event()
        self._session: ConsumerSession | None = None
        self._workers = ThreadPoolExecutor(prefetch, thread_name_prefix="doorbell")
        self._thread = threading.Thread(target=self._run, name="doorbell-consumer", daemon=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def start(self) -> None:
        """Starts the connection thread; does not wait for the broker, which may start later."""
        self._thread.start()

    def pause(self) -> None:
        """Stops consuming and puts held-back doorbells into the queue; those being handled are still
        answered.
        """
        self._paused.set()
        self._nudge()

    def resume(self) -> None:
        """Consumes doorbells again after `pause`."""
        self._paused.clear()
        self._nudge()

    def stop(self) -> None:
        """Stops consuming, waits some seconds for handlers under way, and closes the connection."""
        self._stopping.set()
        self._nudge()
        if self._thread.is_alive():
            self._thread.join()
        self._workers.shutdown(wait=False, cancel_futures=True)

    def close(self) -> None:
        """The same as `stop`."""
        self.stop()

    @property
    def is_consuming(self) -> bool:
        """Whether the consumer is connected and subscribed at this moment."""
        session = self._session
        return session is not None and session.is_consuming

    def depth(self) -> int | None:
        """The number of waiting doorbells, a few seconds old at most; None without a connection."""
        session = self._session
        return None if session is None else session.depth

    def _nudge(self) -> None:
        session = self._session
        if session is not None:
            session.nudge()

    def _run(self) -> None:
        pause_s = _FIRST_PAUSE_S
        while not self._stopping.is_set():
            try:
                with rabbitmq.connect(self._url, "scenestream consumer") as connection:
                    session = ConsumerSession(connection, self._names, self._prefetch, self._hand_out)
                    pause_s = _FIRST_PAUSE_S
                    _log.info("consumer connected", queue=self._names.queue)
                    self._session = session
                    session.run(self._paused, self._stopping, _STOP_GRACE_S, self._redeliver_after_s)
            except BROKER_ERRORS as error:
                _log.warning(
                    "consumer lost its connection", reason=rabbitmq.describe(error), retry_in_s=pause_s
                )
            except Exception:  # noqa: BLE001 - a slip of pika's on a dying connection must not end the thread
                _log.exception("consumer stumbled", retry_in_s=pause_s)
            finally:
                self._session = None
            self._stopping.wait(pause_s)
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)

    def _hand_out(self, doorbell: Doorbell, settle: Settle) -> None:
        self._workers.submit(self._handle, doorbell, settle)

    def _handle(self, doorbell: Doorbell, settle: Settle) -> None:
        try:
            handled = self._on_ring(doorbell)
        except UnavailableError as error:
            _log.warning("doorbell put back", video_id=doorbell.video_id, reason=error.message)
            handled = False
        except Exception:  # noqa: BLE001 - whatever the handler raises, the delivery must be answered
            _log.exception("doorbell put back", video_id=doorbell.video_id)
            handled = False
        settle(handled)
