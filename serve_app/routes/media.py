"""The file itself, with ranges, and the keyframes' images."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import StreamingResponse

from cluster.errors import NotFoundError
from cluster.stores.video import Video
from serve_app.context import Context, VideoId, context_of
from serve_app.filetypes import HEAD_BYTES, content_disposition, content_type
from serve_app.pacing import paced
from serve_app.problems import declared
from serve_app.ranges import Span, etag_matches, parse_range, range_applies

router = APIRouter(tags=["results"])

BROWSER_WINDOW_BYTES = 8 << 20
"""What an open-ended range of a browser is answered with. A player asks for `bytes=0-` and reads what it
needs; Serve's proxy has no backpressure and would take the rest of the film into memory meanwhile. A 206
may be shorter than asked for (RFC 9110, 15.3.7), and players then ask for the next piece."""

_FILE_SCHEMA = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}


@router.get(
    "/videos/{video_id}/media",
    response_class=Response,
    summary="The file",
    responses={
        200: {"description": "The whole file", "content": _FILE_SCHEMA},
        206: {"description": "The range, or its first part", "content": _FILE_SCHEMA},
        304: {"description": "Not modified"},
        **declared("not_found", "range_not_satisfiable", "invalid_request", "unavailable"),
    },
)
def get_media(request: Request, video_id: VideoId) -> Response:
    """With Range, ETag and If-None-Match."""
    context = context_of(request)
    video, size, headers = _described(context, video_id)
    if etag_matches(request.headers.get("if-none-match"), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    span = None
    if range_applies(request.headers.get("if-range"), headers["ETag"]):
        span = parse_range(request.headers.get("range"), size)
    if span is None:
        return _stream(context, video, Span(0, size), 200, headers)
    if span.open_ended and "Mozilla/" in request.headers.get("user-agent", ""):
        span = Span(span.start, min(span.end, span.start + BROWSER_WINDOW_BYTES))
    return _stream(context, video, span, 206, {**headers, "Content-Range": span.content_range(size)})


@router.head(
    "/videos/{video_id}/media",
    response_class=Response,
    summary="What the file is",
    responses={
        200: {"description": "Headers only"},
        **declared("not_found", "invalid_request", "unavailable"),
    },
)
def head_media(request: Request, video_id: VideoId) -> Response:
    """Size, type and entity tag."""
    _, size, headers = _described(context_of(request), video_id)
    return Response(headers={**headers, "Content-Length": str(size)})


@router.get(
    "/videos/{video_id}/thumbnails/{frame}.webp",
    response_class=Response,
    summary="The image of a keyframe",
    responses={
        200: {"description": "The image", "content": {"image/webp": {"schema": {"type": "string"}}}},
        **declared("not_found", "invalid_request", "unavailable"),
    },
)
def get_thumbnail(
    request: Request,
    video_id: VideoId,
    frame: Annotated[int, Path(ge=0, le=10**12, description="Frame number, as in `thumbnail`")],
) -> Response:
    """Never changes: the same frame of the same file."""
    with context_of(request).services.media.open(f"videos/{video_id}/keyframes/{frame}.webp") as file:
        image = file.read()
    return Response(
        image, media_type="image/webp", headers={"Cache-Control": "private, max-age=31536000, immutable"}
    )


def _described(context: Context, video_id: str) -> tuple[Video, int, dict[str, str]]:
    services = context.services
    video = services.jobs.get(video_id)
    if not services.media.exists(video.media_key):
        raise NotFoundError("The file of this video is not in the media store any more.")
    size = services.media.size(video.media_key)
    with services.media.open(video.media_key) as file:
        head = file.read(HEAD_BYTES)
    return (
        video,
        size,
        {
            "Accept-Ranges": "bytes",
            "ETag": f'"{video.sha256 or f"{video.id}-{size}"}"',
            "Cache-Control": "private, no-cache",
            "Content-Type": content_type(head),
            "Content-Disposition": content_disposition("inline", video.filename),
        },
    )


def _stream(context: Context, video: Video, span: Span, status: int, headers: dict[str, str]) -> Response:
    blocks: Iterator[bytes] = context.services.media.read_range(video.media_key, span.start, span.end)
    return StreamingResponse(
        paced(blocks, context.gates.readers),
        status,
        headers={**headers, "Content-Length": str(span.end - span.start)},
    )
