"""Tracing middleware: a span for every POST, so that the work it starts belongs to one trace.

It continues the trace of a client that sends `traceparent` (W3C Trace Context). Other methods get no span:
pages poll with GET. The middleware is installed only where traces are exported.
"""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cluster.telemetry import tracing


class TracingMiddleware:
    """ASGI middleware, see the module."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        status = 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        parent = Headers(scope=scope).get("traceparent", "")
        with tracing.span(scope["method"], parent=parent) as mark:
            await self._app(scope, receive, watched)
            mark.rename(f"{scope['method']} {getattr(scope.get('route'), 'path', '')}".strip())
            mark.set(status=status)
            if status >= 500:
                mark.failed(f"answered {status}")
