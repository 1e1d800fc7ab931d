"""Answers with a file of the media store: Range, ETag, If-None-Match (RFC 9110), with back-pressure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from anyio import to_thread
from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from serve_app.context import Context
from serve_app.web.pacing import paced
from serve_app.web.ranges import Span, etag_matches, parse_range, range_applies

T = TypeVar("T")

BROWSER_WINDOW_BYTES = 8 << 20
"""Longest response to an open-ended range of a browser. A player requests `bytes=0-` and reads what it needs;
Serve's proxy has no back-pressure and would take the rest of the film into memory meanwhile. A 206 may be
shorter than requested (RFC 9110, 15.3.7), and players then request the next piece."""


async def looked_up(context: Context, look: Callable[[], T]) -> T:
    """The result of `look`, which reads the media store, run on threads for that.

    A store that hangs then does not hold up other requests.
    """
    return await to_thread.run_sync(look, limiter=context.limits.readers)


def answer_with(
    request: Request, context: Context, key: str, size: int, headers: Mapping[str, str]
) -> Response:
    """The file of this key and size in bytes, or the requested range. `headers` hold ETag and Content-Type.

    Raises Problem `range_not_satisfiable`; for HEAD the headers alone.
    """
    if request.method == "HEAD":
        return Response(headers={**headers, "Content-Length": str(size)})
    if etag_matches(request.headers.get("if-none-match"), headers["ETag"]):
        return Response(status_code=304, headers=dict(headers))
    span = None
    if range_applies(request.headers.get("if-range"), headers["ETag"]):
        span = parse_range(request.headers.get("range"), size)
    if span is None:
        return _stream(context, key, Span(0, size) if size else None, 200, headers)
    if span.open_ended and "Mozilla/" in request.headers.get("user-agent", ""):
        span = Span(span.start, min(span.end, span.start + BROWSER_WINDOW_BYTES))
    return _stream(context, key, span, 206, {**headers, "Content-Range": span.content_range(size)})


def _stream(
    context: Context, key: str, span: Span | None, status: int, headers: Mapping[str, str]
) -> Response:
    if span is None:
        return Response(headers=dict(headers))
    blocks = context.services.media.read_range(key, span.start, span.end)
    return StreamingResponse(
        paced(blocks, context.limits.readers),
        status,
        headers={**headers, "Content-Length": str(span.end - span.start)},
    )
