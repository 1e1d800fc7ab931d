"""ASGI middleware of the in-progress gauges: uploads under way, and open event streams.

A gauge goes up when a request's work begins and down when the request ends. Bodies pass through unchanged.
The route of a request is known from the first read of its body or the start of its response. So a request
that is refused earlier is not counted as an upload; neither is one that names an address to import. Knows the
routes by their templates.
"""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve_app.telemetry.metrics import Metrics

_UPLOADS = frozenset(
    {("POST", "/videos"), ("POST", "/uploads"), ("PATCH", "/uploads/{upload_id}")},
)
_EVENTS = ("GET", "/videos/{video_id}/events")


class InProgressMiddleware:
    """ASGI middleware, see the module."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = _Request(self._metrics, scope, receive, send)
        try:
            await self._app(scope, request.receive, request.send)
        finally:
            request.ended()


class _Request:
    def __init__(self, metrics: Metrics, scope: Scope, receive: Receive, send: Send) -> None:
        self._metrics = metrics
        self._scope = scope
        self._receive = receive
        self._send = send
        self._status = 0
        self._bytes = 0
        self._is_file = not Headers(scope=scope).get("content-type", "").startswith("application/json")
        self._uploads = False
        self._listens = False

    @property
    def _route(self) -> tuple[str, str]:
        return str(self._scope["method"]), str(getattr(self._scope.get("route"), "path", ""))

    async def receive(self) -> Message:
        """The next ASGI message of the body; counts its bytes."""
        if not self._uploads and self._is_file and self._route in _UPLOADS:
            self._uploads = True
            self._metrics.uploads.begin()
        message = await self._receive()
        if self._uploads:
            self._bytes += len(message.get("body", b""))
        return message

    async def send(self, message: Message) -> None:
        """Forward the next ASGI message of the response; note its status."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            if self._route == _EVENTS and self._status == 200:
                self._listens = True
                self._metrics.listeners.begin()
        await self._send(message)

    def ended(self) -> None:
        """The request has ended: lower the gauges, count the bytes of an upload."""
        if self._uploads:
            self._metrics.uploads.end()
            self._metrics.uploaded(self._bytes, self._status)
        if self._listens:
            self._metrics.listeners.end()
