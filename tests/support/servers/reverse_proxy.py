"""A reverse proxy as people put in front of a web application: below a path, one origin for several servers.

Bodies stream in both directions, event streams too. It does as little as nginx's `proxy_pass` with a path:
the prefix is taken off, and the upstream server is not told of it unless the test says so.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import httpx
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

_HOP_BY_HOP = {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "host"}


class ReverseProxy:
    """ASGI application. `targets`: origins by the path they answer for, the longest path first.

    `prefix`: the path that all is served below, without a slash at its end; `headers` are added to requests;
    paths that end with `absent` are answered with 404 here.
    """

    def __init__(
        self,
        targets: Mapping[str, str],
        *,
        prefix: str = "",
        headers: Mapping[str, str] | None = None,
        absent: str = "",
    ) -> None:
        self._targets = sorted(targets.items(), key=lambda target: -len(target[0]))
        self._prefix = prefix
        self._headers = dict(headers or {})
        self._absent = absent
        self._client: httpx.AsyncClient | None = None
        self.asked: list[str] = []
        """Paths with their queries, as they came to the upstream servers."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forward one request."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        request = Request(scope, receive)
        answer = await self._forward(request)
        await answer(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        """Open the connections' pool in the event loop of the server, and close it with that."""
        await receive()
        async with httpx.AsyncClient(timeout=None, trust_env=False) as self._client:
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})

    async def _forward(self, request: Request) -> Response:
        path = request.scope["raw_path"].decode().partition("?")[0]
        if not path.startswith(f"{self._prefix}/") or (self._absent and path.endswith(self._absent)):
            return PlainTextResponse("Nothing is served here.", 404)
        path = path.removeprefix(self._prefix)
        origin = next(origin for below, origin in self._targets if path.startswith(below))
        query = f"?{request.url.query}" if request.url.query else ""
        self.asked.append(path + query)
        assert self._client is not None
        headers = [(name, value) for name, value in request.headers.items() if name not in _HOP_BY_HOP]
        upstream = self._client.build_request(
            request.method,
            origin + path + query,
            headers=headers + list(self._headers.items()),
            content=_body(request) if request.method in {"POST", "PATCH", "PUT"} else None,
        )
        got = await self._client.send(upstream, stream=True)
        answer = StreamingResponse(_relayed(got), got.status_code)
        answer.raw_headers = [
            (name.lower(), value)
            for name, value in got.headers.raw
            if name.lower().decode() not in _HOP_BY_HOP
        ]
        return answer


async def _relayed(answer: httpx.Response) -> AsyncIterator[bytes]:
    """The answer's body; its connection is given back also when the browser goes away before the end."""
    try:
        async for block in answer.aiter_raw():
            yield block
    finally:
        await answer.aclose()


async def _body(request: Request) -> AsyncIterator[bytes]:
    async for block in request.stream():
        if block:
            yield block
