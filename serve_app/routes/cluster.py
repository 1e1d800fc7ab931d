"""Routes of the installation: state of pool, queue and servers, health probes, Prometheus metrics."""

from __future__ import annotations

import asyncio
from functools import partial

from anyio import to_thread
from fastapi import APIRouter, Request, Response

from cluster.contract.cluster import Alive, BacklogDocument, Cluster, Readiness
from serve_app.access.callers import caller_of
from serve_app.context import context_of
from serve_app.telemetry.metrics import CONTENT_TYPE
from serve_app.telemetry.probes import versions

router = APIRouter(tags=["cluster"])
probes = APIRouter(tags=["cluster"])  # without authentication: orchestrators have no keys


@router.get("/cluster", summary="The pool, the queue and the servers")
async def get_cluster(request: Request) -> Cluster:
    """Answers within seconds, whatever is away: what is not known is null. Which videos the actors work on,
    and which failed, is for keys with the scope `admin`; others get the numbers.
    """
    asked, named = context_of(request).probes, caller_of(request).sees_all
    (pool, why), servers, counts, depth, backlog, (queues, failures) = await asyncio.gather(
        asked.pool(),
        asked.all_servers(),
        to_thread.run_sync(asked.counts),
        to_thread.run_sync(asked.depth),
        to_thread.run_sync(asked.backlog),
        asyncio.gather(
            to_thread.run_sync(asked.queues), to_thread.run_sync(partial(asked.failures, named=named))
        ),
    )
    if pool is not None and not named:
        pool.losses = []
        for actor in pool.actors:
            actor.video_id = actor.error = None  # may belong to another owner
    # Without PostgreSQL, asking for names would wait for it a second time.
    filenames = {} if queues is None else await to_thread.run_sync(asked.filenames, pool)
    return Cluster(
        pool=pool,
        pool_detail=why,
        queue_depth=depth,
        backlog=None if backlog is None else BacklogDocument(seconds=backlog.seconds, videos=backlog.videos),
        queues=queues,
        failures=failures,
        filenames=filenames,
        videos=counts,
        servers=servers,
        versions=versions(),
    )


@probes.get("/healthz", summary="Whether this process answers")
async def healthz() -> Alive:
    """Says nothing about the servers behind it: restarting this process would not mend them."""
    return Alive()


@probes.get(
    "/readyz",
    summary="Whether the servers that are needed answer",
    responses={503: {"model": Readiness, "description": "Some do not; `servers` names them"}},
)
async def readyz(request: Request, response: Response) -> Readiness:
    """PostgreSQL, RabbitMQ and MongoDB."""
    context = context_of(request)
    servers = await context.probes.needed()
    if context.authenticator.needs_key(request.scope):  # no key needed here; the details hold addresses
        servers = [server.model_copy(update={"detail": None}) for server in servers]
    ready = all(server.healthy for server in servers)
    if not ready:
        response.status_code = 503
    return Readiness(ready=ready, servers=servers)


@router.get(
    "/metrics",
    response_class=Response,
    summary="Prometheus metrics of this replica",
    responses={
        200: {"description": "Text format", "content": {"text/plain": {"schema": {"type": "string"}}}}
    },
)
def metrics(request: Request) -> Response:
    """What this replica counts (requests, latency, uploads, listeners), and what is the same from all (videos
    by state, backlog, depth of the queues).
    """
    return Response(context_of(request).metrics.render(), headers={"Content-Type": CONTENT_TYPE})
