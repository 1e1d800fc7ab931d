"""ASGI middleware around Gradio that lets through what the page asks for, and nothing else.

Gradio brings some forty routes for events, queues, uploads, heartbeats and files. The page uses none of them:
its panels talk to the API. Each takes bodies or holds connections without a key, so that a stranger could
fill memory or stop the page for others; they are answered with 404 here, before a body is read. Knows paths;
nothing of the page's content.
"""

from __future__ import annotations

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

ALLOWED_PATHS = frozenset({"/", "/theme.css", "/favicon.ico", "/manifest.json"})
ALLOWED_PREFIXES = ("/assets/", "/static/")
"""Gradio's scripts, styles and fonts. That they are all the browser asks for is held by a test."""
ALLOWED_METHODS = frozenset({"GET", "HEAD"})


class OnlyThePage:
    """ASGI middleware: 404 for other paths, 405 for other methods; WebSockets are refused."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass an allowed request on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        elif not _is_of_the_page(scope["path"]):
            await PlainTextResponse("There is nothing here; the page is at /.", 404)(scope, receive, send)
        elif scope["method"] not in ALLOWED_METHODS:
            refusal = PlainTextResponse("The page is only read.", 405, {"Allow": "GET, HEAD"})
            await refusal(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _is_of_the_page(path: str) -> bool:
    return path in ALLOWED_PATHS or (path.startswith(ALLOWED_PREFIXES) and ".." not in path)
