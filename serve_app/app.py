"""Builds the application: `create_app` for any ASGI server, `build` for Ray Serve.

It connects routes, middleware and services, and does nothing else. Serve mounts it below /api/v1; the paths
here are relative to that.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
from anyio import to_thread
from fastapi import Depends, FastAPI
from fastapi.security import APIKeyCookie, HTTPBearer
from starlette.middleware.cors import CORSMiddleware

from cluster.errors import ScenestreamError
from cluster.settings import get_settings
from cluster.stores.redis.rate_limits import RateLimits
from cluster.telemetry import logs, tracing
from serve_app.access.auth import SESSION_COOKIE
from serve_app.access.auth_middleware import AuthMiddleware
from serve_app.access.rate_limits import Budgets
from serve_app.access.visibility import Visibility
from serve_app.context import Context
from serve_app.routes import (
    access,
    audit,
    batch,
    clips,
    cluster,
    corrections,
    events,
    frames,
    intake,
    media,
    presets,
    proxy,
    results,
    revisions,
    search,
    transcripts,
    uploads,
    videos,
    webhooks,
)
from serve_app.services import MAX_THREADS, ApiServices
from serve_app.telemetry.in_progress import InProgressMiddleware
from serve_app.telemetry.probes import versions
from serve_app.videos.uploads import UploadService
from serve_app.web import problems
from serve_app.web.compression import CompressionMiddleware
from serve_app.web.cors import cors_options
from serve_app.web.outer_middleware import OuterMiddleware
from serve_app.web.tracing import TracingMiddleware

if TYPE_CHECKING:
    from ray import serve

_log = structlog.get_logger(__name__)

SWEEP_INTERVAL_S = 300.0
"""Between two sweeps of abandoned uploads, which are kept for `http.upload_expires_s` (by default a day)."""
SERVERS_INTERVAL_S = 15.0
"""Between two probes of all servers for the metrics: the scrape interval of Prometheus."""
MAX_ONGOING_REQUESTS = 1000
"""Requests of one replica at a time. An open event stream counts for hours, and needs few resources."""
DRAIN_S = 5.0
"""Time that Serve lets open requests end before it stops a replica. Event streams do not end by themselves;
their clients, and those of interrupted uploads, connect to another replica."""
REPLICA_CPUS = 0.1
"""Cores that Ray reserves for one replica. It mostly waits for stores; the cores are for the worker pool."""

_DESCRIPTION = """Upload a video, get it back as shots, scenes and chapters.

Errors are problem documents (RFC 9457) with a stable `code`. Lists give a `next_cursor` while there is
more."""

_TAGS = [
    {"name": "videos", "description": "Hand in, follow, stop and remove videos"},
    {"name": "uploads", "description": "Large files in parts (tus 1.0.0)"},
    {"name": "results", "description": "Segments, curves, exports, the file and its keyframes"},
    {"name": "presets", "description": "Named settings, packaged and own, and what corrections teach"},
    {"name": "clips", "description": "Segments as files of their own"},
    {"name": "webhooks", "description": "Addresses that are told how videos end"},
    {"name": "cluster", "description": "The installation and its health"},
    {"name": "access", "description": "API keys and sessions, where keys are needed"},
]


def create_app(services: ApiServices) -> FastAPI:
    """The application. It opens `services` at startup and closes them at shutdown."""
    context = Context.over(services)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await to_thread.run_sync(services.open)
        to_thread.current_default_thread_limiter().total_tokens = MAX_THREADS
        at_intervals = [
            asyncio.create_task(_at_intervals("sweep", partial(_sweep, context.uploads), SWEEP_INTERVAL_S)),
            asyncio.create_task(_at_intervals("watch", partial(_watch_servers, context), SERVERS_INTERVAL_S)),
        ]
        try:
            yield
        finally:
            for task in at_intervals:
                task.cancel()
            context.finishing.close()
            await to_thread.run_sync(services.close)
            await to_thread.run_sync(tracing.shutdown)

    app = FastAPI(
        title="Scenestream",
        description=_DESCRIPTION,
        version=versions().get("scenestream", "0"),
        openapi_tags=_TAGS,
        docs_url=None,  # its page loads scripts from another host
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,
        lifespan=lifespan,
        separate_input_output_schemas=False,
    )
    app.state.context = context
    settings = services.settings.access
    guards = [Depends(Visibility(services.jobs))]
    if services.settings.needs_key:  # told in the OpenAPI document; AuthMiddleware decides
        guards += [
            Depends(HTTPBearer(auto_error=False, description="An API key")),
            Depends(APIKeyCookie(name=SESSION_COOKIE, auto_error=False, description="See POST /session")),
        ]
    refusals = problems.declared("unauthorized", "forbidden", "rate_limited", "unavailable")
    parts = (
        videos, intake, batch, events, results, frames, corrections, search, transcripts, revisions, presets,
        media, proxy, uploads, clips, webhooks, access, audit, cluster,
    )  # fmt: skip
    for part in parts:
        app.include_router(part.router, dependencies=guards, responses=refusals)
    app.include_router(cluster.probes)
    problems.install(app)
    app.add_middleware(CompressionMiddleware)
    app.add_middleware(
        AuthMiddleware,
        authenticator=context.authenticator,
        budgets=Budgets(settings, RateLimits(services.cache)),
        settings=settings,
    )
    app.add_middleware(InProgressMiddleware, metrics=context.metrics)
    if services.settings.tracing.endpoint:
        tracing.configure(services.settings.tracing, "api")
        app.add_middleware(TracingMiddleware)
    app.add_middleware(OuterMiddleware, observe=context.metrics.observe, origins=settings.cors_origins)
    if settings.cors_origins:
        app.add_middleware(CORSMiddleware, **cors_options(settings.cors_origins))
    return app


async def _sweep(uploads: UploadService) -> None:
    """Finish or remove uploads whose clients are gone. Every replica does it, under the upload's lock."""
    await to_thread.run_sync(uploads.sweep)


async def _watch_servers(context: Context) -> None:
    """Probe all servers and set the metrics of their state."""
    servers = await context.probes.all_servers()
    context.metrics.reached({server.name: server.healthy for server in servers})


async def _at_intervals(name: str, task: Callable[[], Awaitable[None]], interval_s: float) -> None:
    """Run `task` for ever, `interval_s` after each end. An error is logged and the next round follows."""
    while True:
        try:
            await task()
        except (ScenestreamError, OSError) as error:
            _log.warning("not done, tried again", task=name, error=str(error))
        except Exception:  # noqa: BLE001 - whatever it is: told with its traceback, and tried again
            _log.exception("failed, tried again", task=name)
        await asyncio.sleep(interval_s)


def _app_of_this_process() -> FastAPI:
    settings = get_settings()
    logs.configure(settings)
    return create_app(ApiServices.from_settings(settings))


def build(args: dict[str, Any] | None = None) -> serve.Application:
    """The Serve application. `args` may hold `replicas`; the default is `http.api_replicas` of the settings.

    Each replica makes its own application, because connections cannot be pickled.
    """
    from ray import serve  # here, so that `create_app` serves without loading Ray Serve

    replicas = int((args or {}).get("replicas") or get_settings().http.api_replicas)
    as_deployment = serve.deployment(
        name="api",
        num_replicas=replicas,
        max_ongoing_requests=MAX_ONGOING_REQUESTS,
        graceful_shutdown_timeout_s=DRAIN_S,
        graceful_shutdown_wait_loop_s=0.5,
        ray_actor_options={"num_cpus": REPLICA_CPUS},
        logging_config={"enable_access_log": False},  # /metrics counts; a page polls every second
    )
    application: serve.Application = as_deployment(serve.ingress(_app_of_this_process)()).bind()
    return application
