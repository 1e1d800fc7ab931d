"""The page as an ASGI application and as a Ray Serve deployment of one replica.

It keeps nothing: which video is looked at stands in the address (`/?v=ID`), everything else behind the HTTP
API under /api/v1 of the same origin, which the browser asks itself. So there is no server-side call here, no
session, and a restarted replica loses nothing. One replica, because Gradio holds its sessions in memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gradio as gr
from fastapi import FastAPI

from cluster.settings import get_settings
from ui.headers import PageHeaders
from ui.page import build_page, head_html, theme
from ui.static_files import StaticModules

if TYPE_CHECKING:
    from ray import serve

DEPLOYMENT_NAME = "ui"

MAX_ONGOING_REQUESTS = 256
"""A page load asks for about fifty small files at once; Serve's default of five would make them queue."""

GRADIO_UPLOAD_LIMIT_BYTES = 1
"""Gradio mounts an upload route of its own. Videos go to the API; nothing may be left in Gradio's folder."""


def create_app(app: FastAPI | None = None) -> FastAPI:
    """The page on `app`, or on a new one: Gradio at "/", our own modules under /page/.

    Routes that `app` already has win over Gradio's, since that is mounted last. To be called inside a running
    event loop: without one Gradio makes several of its own and never closes them.
    """
    app = app or FastAPI(title="Scenestream page", openapi_url=None, docs_url=None, redoc_url=None)
    modules = StaticModules.load()
    app.mount(modules.prefix, modules.asgi())
    app.add_middleware(PageHeaders)
    page = build_page(modules, part_bytes=get_settings().http.upload_part_max_bytes)
    return gr.mount_gradio_app(  # type: ignore[no-any-return]
        app,
        page,
        path="/",
        theme=theme(),
        head=head_html(modules),
        favicon_path=str(modules.favicon),
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        mcp_server=False,
        enable_monitoring=False,
        max_file_size=GRADIO_UPLOAD_LIMIT_BYTES,
    )


def _replica_app() -> FastAPI:
    """Built inside the replica: Blocks hold locks and event loops, which do not travel."""
    return create_app()


def build(args: dict[str, Any] | None = None) -> serve.Application:
    """The Serve application for "/", for `serve.run` or an import string. `args` has no keys."""
    from ray import serve  # here, so that `create_app` serves without loading Ray

    if args:
        raise ValueError(f"ui.app:build takes no arguments, got {', '.join(sorted(args))}.")
    deployment = serve.deployment(
        name=DEPLOYMENT_NAME,
        num_replicas=1,
        max_ongoing_requests=MAX_ONGOING_REQUESTS,
        ray_actor_options={"num_cpus": 0},
    )(serve.ingress(_replica_app)())
    return deployment.bind()
