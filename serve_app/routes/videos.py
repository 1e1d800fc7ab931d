"""Routes of videos: list, read, cancel, retry, delete."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import AwareDatetime

from cluster.contract.pages import MAX_PAGE_ITEMS, VIDEOS_PAGE_ITEMS
from cluster.contract.videos import VideoDocument, VideoList
from cluster.contract.vocabulary import State, VideoOrder
from cluster.errors import UsageError
from cluster.stores.documents import video_document
from cluster.stores.postgres.listing import Chosen
from cluster.stores.postgres.video import LEASED_STATES, Video
from serve_app.access.acts import audited, is_others
from serve_app.access.callers import caller_of
from serve_app.access.visibility import VIDEO_ID
from serve_app.context import Context, Cursor, VideoId, context_of
from serve_app.videos.deletion import delete_what_it_had
from serve_app.web.problems import declared

router = APIRouter(tags=["videos"])

MAX_OFFSET = 1_000_000
"""Largest place in a list: a page by place reads all rows before it."""


def shown(context: Context, video: Video) -> VideoDocument:
    """The video's document, with its live progress while it is worked on."""
    moving = video.state in LEASED_STATES or video.fetching
    live = context.services.cache.get_progress(video.id) if moving else None
    return video_document(video, live)


def told(context: Context, video: Video) -> VideoDocument:
    """Publish the video's state to listeners, and return its document."""
    tell(context, video)
    return shown(context, video)


def tell(context: Context, video: Video) -> None:
    """Publish the video's state to listeners."""
    context.services.cache.publish_event(video.id, "state", {"state": video.state.value})


def tell_result(context: Context, video_id: str, revision: int) -> None:
    """Publish to listeners that a video which is done has another result to read."""
    cache = context.services.cache
    cache.publish_event(video_id, "segments", {"state": "final", "revision": revision})
    for type_ in ("state", "done"):
        cache.publish_event(video_id, type_, {"state": "done", "revision": revision})


@router.get(
    "/videos",
    summary="List videos, newest first",
    responses=declared("bad_cursor", "invalid_request", "unavailable"),
)
def list_videos(
    request: Request,
    state: Annotated[State | None, Query(description="Only videos in this state")] = None,
    q: Annotated[
        str | None, Query(max_length=200, pattern=r"^[^\x00]*$", description="Text in the file's name")
    ] = None,
    preset: Annotated[
        str | None, Query(max_length=64, pattern=r"^[^\x00]*$", description="Only videos of this preset")
    ] = None,
    created_from: Annotated[AwareDatetime | None, Query(description="Handed in then or later")] = None,
    created_to: Annotated[AwareDatetime | None, Query(description="Handed in before")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE_ITEMS)] = VIDEOS_PAGE_ITEMS,
    cursor: Cursor = None,
    order: Annotated[VideoOrder, Query(description="All but `newest` are read with `offset`")] = "newest",
    offset: Annotated[
        int | None, Query(ge=0, le=MAX_OFFSET, description="Begin at this place, for a list that is scrolled")
    ] = None,
    around: Annotated[
        str | None,
        Query(pattern=VIDEO_ID, description="Begin so that this video is in the middle, if it is listed"),
    ] = None,
) -> VideoList:
    """With `cursor`, pages neither repeat nor skip a video while others arrive. With `offset` or `around` a
    page tells its place and how many there are in all, and is of the moment.
    """
    context = context_of(request)
    chosen: Chosen = {
        "state": state,
        "q": q,
        "owner": caller_of(request).only_owner,
        "preset": preset,
        "created_from": created_from,
        "created_to": created_to,
    }
    by_place = offset is not None or around is not None or order != "newest"
    if by_place and cursor is not None:
        raise UsageError(
            "A list by place has no cursor: send `offset`, or leave `order` out.", code="bad_cursor"
        )
    jobs = context.services.jobs
    if not by_place:
        page = jobs.list_videos(limit=limit, cursor=cursor, **chosen)
        return VideoList(items=[shown(context, video) for video in page.items], next_cursor=page.next_cursor)
    placed = jobs.listing.at(order=order, offset=offset or 0, around=around, limit=limit, **chosen)
    return VideoList(
        items=[shown(context, video) for video in placed.items],
        next_cursor=None,
        offset=placed.offset,
        total=placed.total,
    )


@router.get(
    "/videos/{video_id}",
    summary="One video",
    responses=declared("not_found", "invalid_request", "unavailable"),
)
def get_video(request: Request, video_id: VideoId) -> VideoDocument:
    """Where it stands, and what it is once that is known."""
    context = context_of(request)
    return shown(context, context.services.jobs.get(video_id))


@router.post(
    "/videos/{video_id}/cancel",
    summary="Stop the work on a video",
    responses=declared("cross_site", "not_found", "conflict", "invalid_request", "unavailable"),
)
def cancel_video(request: Request, video_id: VideoId) -> VideoDocument:
    """A queued video is cancelled at once, a running one within seconds: its state tells when."""
    context = context_of(request)
    with audited(request, context.services.jobs) as tell_audit:
        video = context.services.jobs.cancel(video_id)
        if is_others(request, video.owner):
            tell_audit("video_cancelled", video_id, owner=video.owner, filename=video.filename)
    return told(context, video)


@router.post(
    "/videos/{video_id}/retry",
    status_code=202,
    summary="Queue a failed or cancelled video again",
    responses=declared("cross_site", "not_found", "conflict", "invalid_request", "unavailable"),
)
def retry_video(request: Request, video_id: VideoId) -> VideoDocument:
    """What was stored of the earlier attempts is used again."""
    context = context_of(request)
    context.services.require_for_new_work()
    with audited(request, context.services.jobs) as tell_audit:
        video = context.services.jobs.retry(video_id)
        if is_others(request, video.owner):
            tell_audit("video_retried", video_id, owner=video.owner, filename=video.filename)
    return told(context, video)


@router.delete(
    "/videos/{video_id}",
    status_code=204,
    response_class=Response,
    summary="Remove a video and everything that came of it",
    responses=declared("cross_site", "not_found", "invalid_request", "unavailable"),
)
def delete_video(request: Request, video_id: VideoId) -> Response:
    """Legal in every state; work on it stops within seconds."""
    services = context_of(request).services
    with audited(request, services.jobs) as tell_audit:
        video = services.jobs.delete(video_id)
        tell_audit("video_deleted", video_id, owner=video.owner, filename=video.filename)
    delete_what_it_had(services, video)
    return Response(status_code=204)
