"""Connections of the API to its servers: opened once in a process, shared by all routes.

`open` does not fail for a server that does not answer; the requests that need it fail with UnavailableError.
Readiness asks RabbitMQ anew with `ping`; depths of queues may come from a cache. Knows no HTTP.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from cluster.errors import ScenestreamError, UnavailableError
from cluster.settings import Settings
from cluster.stores.media.store import MediaStore
from cluster.stores.mongodb.results import Results
from cluster.stores.postgres.jobs import Jobs
from cluster.stores.rabbitmq.broker import BrokerNames, declare_topology, queue_depths
from cluster.stores.redis.cache import Cache

_log = structlog.get_logger(__name__)

MAX_CONNECTIONS = 24
"""Size of one replica's connection pool to PostgreSQL: one connection for each of MAX_THREADS, two for each
writer and finisher of `serve_app.web.concurrency`, and some for its other threads. With fewer, a request
would wait for a connection, which fails with 503 after a few seconds; a wait for a thread has no limit."""
MAX_THREADS = 12
"""Threads that run requests in one replica. More would only share the same core."""

_DEPTH_KEPT_S = 1.0
"""Age up to which the depths of the queues are used again: reading them takes a connection of its own."""


class DoorbellQueue:
    """Reads the state of the doorbell queue in RabbitMQ. The bridge publishes to it; the API does not.

    Thread-safe. Calls block on RabbitMQ.
    """

    def __init__(self, url: str, names: BrokerNames | None = None) -> None:
        self._url = url
        self._names = names or BrokerNames()
        self._lock = threading.Lock()
        self._asked_at = self._answered_at = float("-inf")
        self._answer: tuple[int, ...] | UnavailableError = ()

    def declare(self) -> None:
        """Create the queues where they are missing. UnavailableError when RabbitMQ does not answer."""
        declare_topology(self._url, self._names)

    def depth(self) -> int:
        """Messages ready, at most _DEPTH_KEPT_S old. UnavailableError when RabbitMQ does not answer.

        Callers that arrive during a read wait for it and share its answer, also a failure. So while the
        broker hangs, each caller waits for one timeout, however many callers there are.
        """
        return self._depths(self._is_kept)[0]

    def dead(self) -> int:
        """Messages in the dead-letter queue; age and errors as for `depth`."""
        return self._depths(self._is_kept)[1]

    def ping(self) -> None:
        """Returns if RabbitMQ answers and has the queues. UnavailableError otherwise.

        The read begins after this call, because readiness must not be told from an earlier answer.
        """
        called_at = time.monotonic()
        self._depths(lambda: self._asked_at >= called_at)

    def _is_kept(self) -> bool:
        return time.monotonic() - self._answered_at <= _DEPTH_KEPT_S

    def _depths(self, serves: Callable[[], bool]) -> tuple[int, ...]:
        """The last answer if `serves()` is true, else a new one. One read at a time."""
        with self._lock:
            if not serves():
                self._asked_at = time.monotonic()
                try:
                    self._answer = queue_depths(self._url, self._names.queue, self._names.dead_queue)
                except UnavailableError as error:  # shared with the waiting callers, as an answer is
                    self._answer = error
                self._answered_at = time.monotonic()
            answer = self._answer
        if isinstance(answer, UnavailableError):
            raise UnavailableError(answer.message)
        return answer


@dataclass(frozen=True)
class ApiServices:
    """Settings and stores of one API process. `actors.bridge.services` has those of a bridge."""

    settings: Settings
    jobs: Jobs
    results: Results
    doorbells: DoorbellQueue
    cache: Cache
    media: MediaStore

    @classmethod
    def from_settings(cls, settings: Settings) -> ApiServices:
        """The stores at the settings' URLs, not opened yet. UsageError for a URL that cannot be one."""
        return cls(
            settings=settings,
            jobs=Jobs(settings.postgres_url, max_connections=MAX_CONNECTIONS),
            results=Results(settings.mongodb_url, settings.mongodb_database),
            doorbells=DoorbellQueue(settings.rabbitmq_url),
            cache=Cache(settings.redis_url),
            media=MediaStore(settings.media_url),
        )

    def require_for_new_work(self) -> None:
        """Raises UnavailableError while PostgreSQL or RabbitMQ does not answer.

        Called before a body is read, so that no file is taken in vain. Work recorded earlier is announced by
        itself once RabbitMQ answers again. RabbitMQ's answer may be _DEPTH_KEPT_S old.
        """
        self.jobs.ping()
        self.doorbells.depth()

    def open(self) -> None:
        """Bring schema, indexes and queues up to date on the servers that answer; log those that do not.

        The stack, the bridges and the replicas of the API all do this; the first one does the work.
        """
        self.jobs.open()
        steps: tuple[tuple[str, Callable[[], object]], ...] = (
            ("schema", self.jobs.migrate),
            ("indexes", self.results.ensure_indexes),
            ("queues", self.doorbells.declare),
        )
        for what, step in steps:
            try:
                step()
            except UnavailableError as error:
                _log.warning("server away at the start", what=what, error=error.message)

    def close(self) -> None:
        """Close the connections. A store that fails to close is logged."""
        closers: tuple[Callable[[], None], ...] = (self.jobs.close, self.results.close, self.cache.close)
        for close in closers:
            try:
                close()
            except ScenestreamError as error:
                _log.warning("a store did not close in order", error=error.message)
