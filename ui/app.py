"""The page as an ASGI application and as a Ray Serve deployment of one replica.

The server side is stateless: the browser reads the shown video's id from the address (`/?v=ID`) and all data
from the HTTP API under /api/v1 of the same origin. A restarted replica therefore loses nothing. There is one
replica, because Gradio holds its own sessions in memory. Knows no store and calls no API route itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gradio as gr
from fastapi import FastAPI
from starlette.routing import Mount

from cluster.settings import get_settings
from ui.allowed import OnlyThePage
from ui.document import OwnDocument
from ui.headers import PageHeaders
from ui.page import build_page, head_html, theme
from ui.static_files import StaticModules

if TYPE_CHECKING:
    from ray import serve

DEPLOYMENT_NAME = "ui"

MAX_ONGOING_REQUESTS = 256
"""Requests handled at once: a page load sends about forty, more than Serve's default of five."""

GRADIO_UPLOAD_LIMIT_BYTES = 1
"""Gradio mounts an upload route of its own, which shall store nothing: videos are uploaded to the API."""


def create_app(app: FastAPI | None = None) -> FastAPI:
    """Mount the page on `app`, or on a new application: Gradio at "/", the files of static/ under /page/.

    Gradio is mounted last, so routes that `app` already has are matched first. Must be called inside a
    running event loop: without one Gradio creates several of its own and never closes them. Raises
    FileNotFoundError where the installation lacks files of the page, `ui.linking.LinkError` where one of them
    is written as the bundle does not allow.
    """
    app = app or FastAPI(title="Scenestream page", openapi_url=None, docs_url=None, redoc_url=None)
    modules = StaticModules.load()
    app.mount(modules.prefix, modules.asgi())
    app.add_middleware(PageHeaders)
    page = build_page(modules, part_bytes=get_settings().http.upload_part_max_bytes)
    app = gr.mount_gradio_app(
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
    gradio = app.router.routes[-1]
    assert isinstance(gradio, Mount)
    gradio.app = OwnDocument(OnlyThePage(gradio.app), modules)
    return app


def _replica_app() -> FastAPI:
    """Called inside the replica: Blocks hold locks and event loops, which cannot be pickled."""
    return create_app()


def build(args: dict[str, Any] | None = None) -> serve.Application:
    """The Serve application for "/", for `serve.run` or an import string. ValueError if `args` has keys."""
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
