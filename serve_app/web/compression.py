"""ASGI middleware that compresses texts with gzip where the client accepts it.

Media, pictures and archives are compressed already, parts of files (206) must stay bytes of the file, and an
event has to leave at once: none of them is touched or held. Knows no route.
"""

from __future__ import annotations

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve_app.web.filetypes import UNKNOWN_TYPE

SMALLEST_BYTES = 1000
"""Smaller answers fit into one packet either way."""
LEVEL = 6
"""Of zlib. The highest, 9, takes twice the time of long lists and saves half a percent."""
NEVER = (*DEFAULT_EXCLUDED_CONTENT_TYPES, UNKNOWN_TYPE)

_REFUSES_GZIP = re.compile(r"(?:^|,)\s*gzip\s*;\s*q=0(?:\.0*)?\s*(?:,|$)", re.IGNORECASE)


class CompressionMiddleware:
    """ASGI middleware, see the module. What is long is compressed on a worker thread."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = GZipMiddleware(app, SMALLEST_BYTES, LEVEL, exclude_content_types=NEVER)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        # Starlette looks only whether gzip is named, which a client may also do to refuse it. The scope is
        # changed and not copied: middleware outside reads the route from it.
        if scope["type"] == "http" and _REFUSES_GZIP.search(Headers(scope=scope).get("accept-encoding", "")):
            scope["headers"] = [header for header in scope["headers"] if header[0] != b"accept-encoding"]

        async def send_weak(message: Message) -> None:
            # The compressed bytes are not those that a file's tag names: a download must not be resumed from
            # the plain ones (If-Range compares only strong tags, RFC 9110, 13.1.5). Others are numbers.
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                tag = headers.get("etag", "")
                resumable = headers.get("accept-ranges") == "bytes"
                if resumable and headers.get("content-encoding") == "gzip" and tag.startswith('"'):
                    headers["ETag"] = f"W/{tag}"
            await send(message)

        await self._app(scope, receive, send_weak)
