"""Probes the servers behind the API, and reads the pool's state, the backlog and the number of videos.

Every probe has a time limit, so a server that hangs is reported as unhealthy. Health is never told from an
earlier answer; numbers (videos, backlog, queue depth) may be some seconds old. The pool is found by its name
in Ray; nothing of `actors` is imported.
"""

from __future__ import annotations

import asyncio
import platform
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any, TypeVar

import ray
import structlog
from anyio import CapacityLimiter, to_thread
from pydantic import ValidationError

from cluster.contract.actor_names import POOL_NAME
from cluster.contract.cluster import (
    FailedWork,
    FailureCount,
    FailuresDocument,
    Pool,
    QueueDocument,
    ServerHealth,
)
from cluster.errors import ScenestreamError, UnavailableError
from cluster.local.free_space import free_spaces
from cluster.stores.media.keys import upload_key
from cluster.stores.postgres.backlog import Backlog
from serve_app.services import ApiServices
from serve_app.telemetry.metrics import StoreFigures
from serve_app.telemetry.single_flight import SingleFlight

_log = structlog.get_logger(__name__)

T = TypeVar("T")

PROBE_TIMEOUT_S = 4.0
"""Time after which a server that has not answered counts as unhealthy."""
NEEDED_INTERVAL_S = 0.2
"""Least time between two rounds of probes: each connects to RabbitMQ, and `/readyz` needs no key."""
POOL_TIMEOUT_S = 2.0
"""Time after which the pool's snapshot is given up."""
_SHOWN_VERSIONS = ("scenestream", "ray", "torch", "av", "fastapi")
_GIB = 1 << 30
_THREADS = 16
"""Threads of the probes alone, so that a server that hangs does not hold up requests."""


class Probes:
    """The probes of one replica. Async methods have time limits; the others block like the stores."""

    def __init__(self, services: ApiServices) -> None:
        self._services = services
        self._threads = CapacityLimiter(_THREADS)
        self._media: asyncio.Task[bool] | None = None
        self._needed = SingleFlight(self._ask_needed, NEEDED_INTERVAL_S)

    def counts(self) -> dict[str, int] | None:
        """Number of videos by state; None when PostgreSQL does not answer."""
        return _or_none("postgresql", self._services.jobs.counts)

    def backlog(self) -> Backlog | None:
        """Videos and seconds of video not analysed yet; None when PostgreSQL does not answer."""
        return _or_none("postgresql", self._services.jobs.backlog)

    def queues(self) -> list[QueueDocument] | None:
        """What waits and what is in hand, by kind of work; None when PostgreSQL does not answer."""
        found = _or_none("postgresql", self._services.jobs.overview.queues)
        return None if found is None else [QueueDocument(**asdict(queue)) for queue in found]

    def failures(self, *, named: bool) -> FailuresDocument | None:
        """What failed lately, the newest also one by one where `named`; None when PostgreSQL does not
        answer.
        """
        overview = self._services.jobs.overview
        counts = _or_none("postgresql", overview.count_failures)
        latest = _or_none("postgresql", overview.latest_failures) if named and counts is not None else []
        if counts is None or latest is None:
            return None
        return FailuresDocument(
            counts=[FailureCount(**asdict(count)) for count in counts],
            latest=[FailedWork(**asdict(failed)) for failed in latest],
        )

    def filenames(self, pool: Pool | None) -> dict[str, str]:
        """Names of the files that the pool works on or lost actors with, by the ids of their videos; none
        when PostgreSQL does not answer.
        """
        if pool is None:
            return {}
        named = [*(actor.video_id for actor in pool.actors), *(loss.video_id for loss in pool.losses)]
        wanted = {video_id for video_id in named if video_id is not None}
        return _or_none("postgresql", partial(self._services.jobs.overview.filenames, wanted)) or {}

    def seen(self) -> StoreFigures:
        """The stores' numbers for the metrics.

        After the first query that PostgreSQL does not answer, the others are skipped: each would wait for
        seconds, and four such waits exceed the timeout of a scrape.
        """
        jobs, doorbells = self._services.jobs, self._services.doorbells
        by_state = {"scenestream_videos": self.counts()}
        backlog = None
        if by_state["scenestream_videos"] is not None:
            by_state["scenestream_imports"] = _or_none("postgresql", jobs.imports.counts)
            by_state["scenestream_webhook_deliveries"] = _or_none("postgresql", jobs.webhooks.counts)
            backlog = self.backlog()
        alone = {
            "scenestream_queue_depth": self.depth(),
            "scenestream_dead_letters": _or_none("rabbitmq", doorbells.dead),
            "scenestream_backlog_seconds": None if backlog is None else backlog.seconds,
            "scenestream_backlog_videos": None if backlog is None else backlog.videos,
        }
        return StoreFigures(
            {name: counts for name, counts in by_state.items() if counts is not None},
            {name: float(value) for name, value in alone.items() if value is not None},
        )

    def depth(self) -> int | None:
        """Doorbells (wake-up messages) in the queue; None when RabbitMQ does not answer."""
        return _or_none("rabbitmq", self._services.doorbells.depth)

    async def needed(self) -> list[ServerHealth]:
        """Health of PostgreSQL, RabbitMQ and MongoDB, probed after this call. No request works without them.

        An earlier answer would let a load balancer send requests to a replica that has lost a server.
        """
        return await self._needed()

    async def _ask_needed(self) -> list[ServerHealth]:
        services = self._services
        return list(
            await asyncio.gather(
                self._ask("postgresql", services.jobs.ping),
                self._ask("rabbitmq", services.doorbells.ping),
                self._ask("mongodb", services.results.ping),
            )
        )

    async def all_servers(self) -> list[ServerHealth]:
        """Health of those of `needed`; of Redis and the media store, which may be away for a while; and of
        this node's disks, `disk`: a full one stops uploads, and what is stored can still be read.
        """
        needed, *rest = await asyncio.gather(
            self.needed(),
            self._ask("redis", self._ping_cache),
            self._judged("media", self._ask_media()),
            self._ask("disk", self._ask_disk),
        )
        return [*needed, *rest]

    async def pool(self) -> tuple[Pool | None, str | None]:
        """The pool's snapshot, or None and the reason."""
        try:
            async with asyncio.timeout(POOL_TIMEOUT_S + 1):
                found = await to_thread.run_sync(
                    self._pool_snapshot, limiter=self._threads, abandon_on_cancel=True
                )
            return Pool.model_validate(found), None
        except (TimeoutError, ray.exceptions.GetTimeoutError):
            return None, f"The pool did not answer within {POOL_TIMEOUT_S:g} s."
        except ValidationError as error:
            return None, f"The pool answered in a shape that is not known here: {error.error_count()} errors."
        except (UnavailableError, ValueError, ray.exceptions.RayError) as error:
            return None, f"The pool does not run: {' '.join(str(error).split())[:300]}"

    def _pool_snapshot(self) -> Any:
        if not ray.is_initialized():
            raise UnavailableError("this process is not connected to Ray")
        pool = ray.get_actor(POOL_NAME, namespace=self._services.settings.ray_namespace)
        return ray.get(pool.snapshot.remote(), timeout=POOL_TIMEOUT_S)

    def _ping_cache(self) -> None:
        if not self._services.cache.ping():
            raise UnavailableError("Redis does not answer; progress is shown by chunks meanwhile.")

    async def _ask_media(self) -> None:
        """Probe the media store. Calls during a probe share it: a store that hangs holds its thread long."""
        if self._media is None or self._media.done():
            look = partial(self._services.media.exists, upload_key("none"))
            self._media = asyncio.create_task(to_thread.run_sync(look, limiter=self._threads))
            self._media.add_done_callback(lambda asked: asked.cancelled() or asked.exception())
        await asyncio.shield(self._media)

    def _ask_disk(self) -> None:
        settings = self._services.settings
        least_bytes = settings.media.least_free_bytes
        for space in free_spaces(settings):
            if space.free_bytes < least_bytes:
                raise UnavailableError(
                    f"Only {space.free_bytes / _GIB:.1f} GiB are free for {space.what}; "
                    f"{least_bytes / _GIB:.1f} are wanted. Delete videos, or give it a larger disk."
                )

    async def _ask(self, name: str, question: Callable[[], object]) -> ServerHealth:
        asked = to_thread.run_sync(question, limiter=self._threads, abandon_on_cancel=True)
        return await self._judged(name, asked)

    async def _judged(self, name: str, asked: Awaitable[object]) -> ServerHealth:
        try:
            async with asyncio.timeout(PROBE_TIMEOUT_S):
                await asked
        except TimeoutError:
            return ServerHealth(name=name, healthy=False, detail=f"No answer within {PROBE_TIMEOUT_S:g} s.")
        except (ScenestreamError, OSError) as error:
            return ServerHealth(name=name, healthy=False, detail=str(error))
        return ServerHealth(name=name, healthy=True)


def versions() -> dict[str, str]:
    """Version numbers of Python, of this package and of the libraries in _SHOWN_VERSIONS, by name."""
    found = {"python": platform.python_version()}
    for name in _SHOWN_VERSIONS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _or_none(name: str, question: Callable[[], T]) -> T | None:
    try:
        return question()
    except UnavailableError as error:
        _log.info("left out", server=name, error=error.message)
        return None
