"""Routes of a video's proxy: have it made, and read it with byte ranges."""

from __future__ import annotations

from pathlib import PurePath

from fastapi import APIRouter, Request, Response

from cluster.contract.videos import VideoDocument
from serve_app.context import Context, VideoId, context_of
from serve_app.routes.answering.stored_files import answer_with, looked_up
from serve_app.routes.videos import shown
from serve_app.videos.files.proxies import ask_for_proxy, ready_proxy
from serve_app.web.filetypes import content_disposition
from serve_app.web.problems import declared

router = APIRouter(tags=["results"])

_CONTENT_TYPE = "video/mp4"
_FILE = {_CONTENT_TYPE: {"schema": {"type": "string", "format": "binary"}}}
_LOOKED_UP = ("not_found", "not_ready", "invalid_request", "unavailable")


@router.post(
    "/videos/{video_id}/proxy",
    status_code=202,
    summary="Make a video playable in browsers",
    responses=declared("cross_site", *_LOOKED_UP),
)
def make_proxy(request: Request, video_id: VideoId) -> VideoDocument:
    """`proxy` tells how far it is. Twice is fine; one that failed, or made room for others, is made again."""
    context = context_of(request)
    context.services.require_for_new_work()
    return shown(context, ask_for_proxy(context.services, video_id))


@router.get(
    "/videos/{video_id}/proxy",
    response_class=Response,
    summary="The video as browsers play it",
    responses={
        200: {"description": "The whole file", "content": _FILE},
        206: {"description": "The range, or its first part", "content": _FILE},
        304: {"description": "Not modified"},
        **declared("range_not_satisfiable", *_LOOKED_UP),
    },
)
async def get_proxy(request: Request, video_id: VideoId) -> Response:
    """H.264 and AAC in MP4, with Range and ETag. Its clock begins with the first frame: add `media.start_s`
    to get the times of segments. Reading it keeps it from making room for others.
    """
    return await _file(request, video_id)


@router.head(
    "/videos/{video_id}/proxy",
    response_class=Response,
    summary="What the playable file is",
    responses={200: {"description": "Headers only"}, **declared(*_LOOKED_UP)},
)
async def head_proxy(request: Request, video_id: VideoId) -> Response:
    """Size, type and entity tag."""
    return await _file(request, video_id)


async def _file(request: Request, video_id: str) -> Response:
    context = context_of(request)
    return await looked_up(context, lambda: _answer(request, context, video_id))


def _answer(request: Request, context: Context, video_id: str) -> Response:
    video, proxy, size = ready_proxy(context.services, video_id)
    name = PurePath(video.filename).stem or "video"
    headers = {
        "Accept-Ranges": "bytes",
        # one that is made again has another id
        "ETag": f'"{proxy.id}-{size}"',
        "Cache-Control": "private, no-cache",
        "Content-Type": _CONTENT_TYPE,
        "Content-Disposition": content_disposition("inline", f"{name}.mp4"),
    }
    return answer_with(request, context, proxy.key, size, headers)
