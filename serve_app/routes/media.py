"""Routes of a video's file, with byte ranges, and of its keyframe images."""

from __future__ import annotations

from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Path, Request, Response

from cluster.errors import NotFoundError
from cluster.stores.postgres.video import Video
from serve_app.context import Context, VideoId, context_of
from serve_app.routes.answering.stored_files import answer_with, looked_up
from serve_app.videos.files.keyframes import keyframe_image, still_frame
from serve_app.web.filetypes import CONTENT_TYPES, HEAD_BYTES, content_disposition, content_type
from serve_app.web.problems import declared

router = APIRouter(tags=["results"])

STILL_KEPT_S = 3600
"""A browser asks again after it, or for another address: the page adds the revision."""

_FILE_SCHEMA = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in CONTENT_TYPES}


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
async def get_media(request: Request, video_id: VideoId) -> Response:
    """With Range, ETag and If-None-Match."""
    context = context_of(request)
    video = await to_thread.run_sync(context.services.jobs.get, video_id)

    def answer() -> Response:
        size, headers = _described(context, video)
        return answer_with(request, context, video.media_key, size, headers)

    return await looked_up(context, answer)


@router.head(
    "/videos/{video_id}/media",
    response_class=Response,
    summary="What the file is",
    responses={
        200: {"description": "Headers only"},
        **declared("not_found", "invalid_request", "unavailable"),
    },
)
async def head_media(request: Request, video_id: VideoId) -> Response:
    """Size, type and entity tag."""
    context = context_of(request)
    video = await to_thread.run_sync(context.services.jobs.get, video_id)
    size, headers = await looked_up(context, lambda: _described(context, video))
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
async def get_thumbnail(
    request: Request,
    video_id: VideoId,
    frame: Annotated[int, Path(ge=0, le=10**12, description="Frame number, as in `thumbnail`")],
) -> Response:
    """Never changes: the same frame of the same file."""
    context = context_of(request)
    video = await to_thread.run_sync(context.services.jobs.get, video_id)
    image = await looked_up(context, lambda: keyframe_image(context.services.media, video, frame))
    if image is None:
        raise NotFoundError("There is no image of this frame; a segment's `thumbnail` names one there is.")
    return Response(
        image, media_type="image/webp", headers={"Cache-Control": "private, max-age=31536000, immutable"}
    )


@router.get(
    "/videos/{video_id}/still.webp",
    response_class=Response,
    summary="The image that stands for the video",
    responses={
        200: {"description": "The image", "content": {"image/webp": {"schema": {"type": "string"}}}},
        **declared("not_found", "invalid_request", "unavailable"),
    },
)
async def get_still(request: Request, video_id: VideoId) -> Response:
    """Of a scene near the beginning that is not dark, for lists. Another revision may have another one."""
    context = context_of(request)
    services = context.services

    def look() -> bytes | None:
        video = services.jobs.get(video_id)
        frame = still_frame(services.results, video)
        return None if frame is None else keyframe_image(services.media, video, frame)

    image = await looked_up(context, look)
    if image is None:
        raise NotFoundError("There is no picture of this video (yet); a file with sound only never has one.")
    return Response(
        image, media_type="image/webp", headers={"Cache-Control": f"private, max-age={STILL_KEPT_S}"}
    )


def _described(context: Context, video: Video) -> tuple[int, dict[str, str]]:
    media = context.services.media
    try:
        size = media.size(video.media_key)
        head = media.beginning(video.media_key, HEAD_BYTES)
    except NotFoundError:
        raise NotFoundError("The file of this video is not in the media store (any more).") from None
    return (
        size,
        {
            "Accept-Ranges": "bytes",
            "ETag": f'"{video.sha256 or f"{video.id}-{size}"}"',
            "Cache-Control": "private, no-cache",
            "Content-Type": content_type(head),
            "Content-Disposition": content_disposition("inline", video.filename),
        },
    )
