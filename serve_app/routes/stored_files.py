"""Answers with a file of the media store: Range, ETag and If-None-Match (RFC 9110), at a reader's pace."""

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
"""What an open-ended range of a browser is answered with. A player asks for `bytes=0-` and reads what it
needs; Serve's proxy has no backpressure and would take the rest of the film into memory meanwhile. A 206
may be shorter than asked for (RFC 9110, 15.3.7), and players then ask for the next piece."""


async def looked_up(context: Context, look: Callable[[], T]) -> T:
    """What `look` finds in the media store, on threads for that: where it hangs, other requests do not."""
    return await to_thread.run_sync(look, limiter=context.limits.readers)


def answer_with(
    request: Request, context: Context, key: str, size: int, headers: Mapping[str, str]
) -> Response:
    """The file of this key and size, or what of it is asked for. `headers` hold its ETag and Content-Type.

    Problem `range_not_satisfiable`; for HEAD the headers alone.
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
