"""The servers behind the API, opened once a process and shared by all routes.

Opening never waits for a server: one that is away is reported by the request that needs it. Knows no HTTP.
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

_DEPTH_KEPT_S = 1.0  # asking costs a connection; scrapes and pages may share one answer


class DoorbellQueue:
    """The queue in RabbitMQ, as far as the API looks at it: the bridge does the ringing."""

    def __init__(self, url: str, names: BrokerNames | None = None) -> None:
        self._url = url
        self._names = names or BrokerNames()
        self._lock = threading.Lock()
        self._asked_at = self._answered_at = float("-inf")
        self._answer: tuple[int, ...] | UnavailableError = ()

    def declare(self) -> None:
        """Make sure the queue is there; UnavailableError when RabbitMQ is away."""
        declare_topology(self._url, self._names)

    def depth(self) -> int:
        """Messages ready, at most _DEPTH_KEPT_S old; UnavailableError when RabbitMQ is away.

        Who waited while another asked shares the answer, a failure too: a broker that hangs costs each
        caller one timeout, however many there are.
        """
        return self._depths(self._is_kept)[0]

    def dead(self) -> int:
        """Messages that nobody could handle, likewise."""
        return self._depths(self._is_kept)[1]

    def ping(self) -> None:
        """Returns if RabbitMQ answers and has the queues; UnavailableError otherwise.

        Asked after this call: what a caller decides from it must not rest on an answer from before.
        """
        called_at = time.monotonic()
        self._depths(lambda: self._asked_at >= called_at)

    def _is_kept(self) -> bool:
        return time.monotonic() - self._answered_at <= _DEPTH_KEPT_S

    def _depths(self, serves: Callable[[], bool]) -> tuple[int, ...]:
        """The last answer if it `serves`, else a new one. One question at a time."""
        with self._lock:
            if not serves():
                self._asked_at = time.monotonic()
                try:
                    self._answer = queue_depths(self._url, self._names.queue, self._names.dead_queue)
                except UnavailableError as error:
                    self._answer = error
                self._answered_at = time.monotonic()
            answer = self._answer
        if isinstance(answer, UnavailableError):
            raise UnavailableError(answer.message)
        return answer

    def _ask(self) -> tuple[int, ...] | UnavailableError:
        """The failure is an answer, too: it is kept and shared like one."""
        try:
            return queue_depths(self._url, self._names.queue, self._names.dead_queue)
        except UnavailableError as error:
            return error


@dataclass(frozen=True)
class ApiServices:
    """What the routes need."""

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
        """UnavailableError while a new video could not be recorded, or nobody could be rung for it.

        Asked before a body is read. What is recorded already rings by itself once RabbitMQ is back.
        """
        self.jobs.ping()
        self.doorbells.depth()

    def open(self) -> None:
        """Bring schema, indexes and queues up to date, as far as their servers answer.

        Whoever comes first does it: the stack, the bridge or a replica of the API.
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
        """Give the connections back."""
        closers: tuple[Callable[[], None], ...] = (self.jobs.close, self.results.close, self.cache.close)
        for close in closers:
            try:
                close()
            except ScenestreamError as error:
                _log.warning("a store did not close in order", error=error.message)
