"""Route of the times of a video's frames."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Query, Request, Response

from cluster.contract.results import FrameTimes
from serve_app.access.callers import client_id
from serve_app.context import VideoId, context_of
from serve_app.videos.frames import frame_times, frames_of, frames_tag
from serve_app.videos.shown import as_shown
from serve_app.web.problems import declared
from serve_app.web.ranges import etag_matches

router = APIRouter(tags=["results"])

_LAST_FRAME = 2**31 - 1
"""Largest number of a frame that is asked for; far above the frames of any video (`limits.frames`)."""


@router.get(
    "/videos/{video_id}/frames",
    summary="When each frame is shown",
    response_model=FrameTimes,
    responses={
        304: {"description": "The times are those of `If-None-Match`"},
        **declared("not_found", "not_ready", "conflict", "invalid_request", "busy", "unavailable"),
    },
)
async def get_frame_times(
    request: Request,
    response: Response,
    video_id: VideoId,
    from_frame: Annotated[
        int, Query(ge=0, le=_LAST_FRAME, description="`next_frame` of the part before")
    ] = 0,
) -> FrameTimes | Response:
    """The exact times behind frame numbers, also at a variable frame rate: what a player's position is in
    frames, and the other way round. They are those of the result that is shown, also while the video is
    analysed anew. A constant rate is one run. At most 100,000 runs are told at once;
    `next_frame` leads on. With `ETag` and `If-None-Match`.
    """
    context = context_of(request)
    services = context.services
    otherwise = "the times of its frames are there when it is done"
    video = (await to_thread.run_sync(as_shown, services.jobs, video_id, otherwise)).video
    headers = {"ETag": frames_tag(video, from_frame), "Cache-Control": "private, no-cache"}
    if etag_matches(request.headers.get("if-none-match"), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    call = partial(frame_times, frames_of(services), video, from_frame)
    found = await context.fuser.run(client_id(request), call)
    response.headers.update(headers)
    return found
