"""Routes of clips: order segments as files of their own, read them one by one or all in a zip archive."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Header, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from cluster.clips.manifest import MANIFEST, TABLE
from cluster.contract.clips import (
    ClipFiles,
    ClipOrder,
    ClipsDocument,
    ClipsList,
    ClipsWithFiles,
    order_schema,
)
from cluster.contract.pages import (
    CLIP_FILES_PAGE_ITEMS,
    CLIP_ORDERS_PAGE_ITEMS,
    MAX_CLIP_ORDERS_PAGE_ITEMS,
    MAX_PAGE_ITEMS,
)
from cluster.errors import NotFoundError, ScenestreamError
from cluster.stores.media.keys import clips_prefix
from cluster.stores.postgres.clips.job import ClipJob
from serve_app.access.callers import caller_of
from serve_app.context import Context, Cursor, SameRevision, VideoId, context_of, root_of
from serve_app.routes.answering.links import signed_link
from serve_app.routes.answering.stored_files import answer_with, looked_up
from serve_app.videos.files import clips
from serve_app.videos.files.archive import ZipEntry, zip_blocks
from serve_app.videos.intake import client_key
from serve_app.web.filetypes import UNKNOWN_TYPE, content_disposition
from serve_app.web.json_body import read_json
from serve_app.web.pacing import paced
from serve_app.web.problems import Problem, declared

router = APIRouter(tags=["clips"])

ClipsId = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="Which clips")]
FileName = Annotated[
    str,
    Path(
        pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$",
        description=f"As in `files`, or {MANIFEST}, {TABLE}",
    ),
]
_BYTES = {"schema": {"type": "string", "format": "binary"}}
_FILE = dict.fromkeys(("video/mp4", "video/x-matroska", "text/plain", UNKNOWN_TYPE), _BYTES) | {
    "application/json": {"schema": {"type": "object"}}
}
_LOOKED_UP = ("not_found", "invalid_request", "unavailable")


def _link(request: Request, video_id: str) -> clips.LinkMaker:
    """Makes addresses of files, signed where the API needs keys."""
    if caller_of(request).way == "open":
        return lambda path: f"{root_of(request)}{path}"
    valid_s = context_of(request).services.settings.access.link_s
    return lambda path: signed_link(request, video_id, path, valid_s)[0]


def _shown(request: Request, job: ClipJob) -> ClipsWithFiles:
    files = context_of(request).services.jobs.clips.files(job.id)
    return clips.with_files(job, files, _link(request, job.video_id))


@router.post(
    "/videos/{video_id}/clips",
    status_code=202,
    summary="Cut segments into files of their own",
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/json": {"schema": order_schema()}}}
    },
    responses=declared(
        "cross_site", "bad_json", "unsupported_media_type", "not_found", "client_too_slow", "not_ready",
        "result_lost", "revision_moved_on", "too_large", "limit_exceeded", "invalid_request",
        "invalid_settings", "nothing_selected", "no_picture", "idempotency_key_reused", "unavailable",
    ),
)  # fmt: skip
async def order_clips(
    request: Request,
    video_id: VideoId,
    response: Response,
    idempotency_key: Annotated[
        str | None, Header(description="A repeat with the same key gives the same clips")
    ] = None,
    revision: SameRevision = None,
) -> ClipsWithFiles:
    """`{}` cuts every shot, exactly. The segments are those of the result as it is now."""
    context = context_of(request)
    order = await read_json(request, ClipOrder)
    key = client_key(idempotency_key, caller_of(request).owner)

    def place() -> ClipsWithFiles:
        context.services.require_for_new_work()
        job, _ = clips.place_order(context.services, video_id, order, key, revision)
        response.headers["Location"] = f"{root_of(request)}{clips.path_of(job)}"
        return _shown(request, job)

    return await to_thread.run_sync(place)


@router.get(
    "/videos/{video_id}/clips",
    summary="What was cut of a video, newest first",
    responses=declared("bad_cursor", *_LOOKED_UP),
)
def list_clips(
    request: Request,
    video_id: VideoId,
    limit: Annotated[int, Query(ge=1, le=MAX_CLIP_ORDERS_PAGE_ITEMS)] = CLIP_ORDERS_PAGE_ITEMS,
    cursor: Cursor = None,
) -> ClipsList:
    """Without the files; each has an address of its own."""
    jobs = context_of(request).services.jobs
    jobs.owner_of(video_id)
    page = jobs.clips.list_of(video_id, limit, cursor)
    link = _link(request, video_id)
    items: list[ClipsDocument] = [clips.clips_document(job, link) for job in page.items]
    return ClipsList(items=items, next_cursor=page.next_cursor)


@router.get(
    "/videos/{video_id}/clips/{clips_id}",
    summary="Clips, how far they are, and their files",
    responses=declared(*_LOOKED_UP),
)
def get_clips(
    request: Request,
    video_id: VideoId,
    clips_id: ClipsId,
    files: Annotated[
        bool, Query(description="With false, `files` is empty: for asking again and again")
    ] = True,
) -> ClipsWithFiles:
    """Files appear one by one while the work goes on."""
    job = context_of(request).services.jobs.clips.get(clips_id, video_id)
    return _shown(request, job) if files else clips.with_files(job, (), _link(request, video_id))


@router.get(
    "/videos/{video_id}/clips/{clips_id}/files",
    summary="The clips in pages",
    responses=declared("bad_cursor", *_LOOKED_UP),
)
def list_clip_files(
    request: Request,
    video_id: VideoId,
    clips_id: ClipsId,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE_ITEMS)] = CLIP_FILES_PAGE_ITEMS,
    cursor: Cursor = None,
) -> ClipFiles:
    """In the order of their segments, as far as they are made. Ask for pages when all are: while the work
    goes on, those before the cursor may still come.
    """
    jobs = context_of(request).services.jobs
    job = jobs.clips.get(clips_id, video_id)
    page = jobs.clips.page_of_files(clips_id, limit, cursor)
    link = _link(request, video_id)
    items = [clips.clip_document(job, file, link) for file in page.items]
    return ClipFiles(items=items, next_cursor=page.next_cursor)


@router.get(
    "/videos/{video_id}/clips/{clips_id}/files/{name}",
    response_class=Response,
    summary="One file",
    responses={
        200: {"description": "The whole file", "content": _FILE},
        206: {"description": "The range, or its first part", "content": _FILE},
        304: {"description": "Not modified"},
        **declared("range_not_satisfiable", *_LOOKED_UP),
    },
)
async def get_clip_file(request: Request, video_id: VideoId, clips_id: ClipsId, name: FileName) -> Response:
    """A clip, `manifest.json` (everything about them) or `clips.jsonl` (a line for each). With Range."""
    return await _file(request, video_id, clips_id, name)


@router.head(
    "/videos/{video_id}/clips/{clips_id}/files/{name}",
    response_class=Response,
    summary="What the file is",
    responses={200: {"description": "Headers only"}, **declared(*_LOOKED_UP)},
)
async def head_clip_file(request: Request, video_id: VideoId, clips_id: ClipsId, name: FileName) -> Response:
    """Size, type and entity tag."""
    return await _file(request, video_id, clips_id, name)


async def _file(request: Request, video_id: str, clips_id: str, name: str) -> Response:
    context = context_of(request)
    return await looked_up(context, lambda: _stored_file(request, context, video_id, clips_id, name))


def _stored_file(request: Request, context: Context, video_id: str, clips_id: str, name: str) -> Response:
    key = f"{clips_prefix(video_id, clips_id)}/{name}"
    try:
        size = context.services.media.size(key)
    except NotFoundError:
        raise NotFoundError(f"There is no file {name} among these clips (yet).") from None
    # A clip that is made again is the same; the tables are written again after a retry.
    etag = f'"{clips_id}-{name}-{size}"'
    headers = {
        "Accept-Ranges": "bytes",
        "ETag": etag,
        "Cache-Control": "private, no-cache",
        "Content-Type": clips.CONTENT_TYPES.get(PurePath(name).suffix, UNKNOWN_TYPE),
        "Content-Disposition": content_disposition("inline", name),
    }
    return answer_with(request, context, key, size, headers)


@router.get(
    "/videos/{video_id}/clips/{clips_id}/archive",
    response_class=Response,
    summary="All files in one zip",
    responses={
        200: {"description": "The archive", "content": {"application/zip": _BYTES}},
        **declared("not_ready", *_LOOKED_UP),
    },
)
async def get_archive(request: Request, video_id: VideoId, clips_id: ClipsId) -> Response:
    """Made while it is sent. Of clips that failed in part: those that are there."""
    context = context_of(request)
    jobs = context.services.jobs

    def ordered() -> tuple[ClipJob, str, dict[str, int]]:
        job = jobs.clips.get(clips_id, video_id)
        made = [file.entry for file in jobs.clips.files(job.id) if file.made]
        name = clips.archive_name(jobs.get(video_id), job)
        return job, name, {str(entry["file"]): int(entry["bytes"]) for entry in made}

    job, name, sizes = await to_thread.run_sync(ordered)
    if not clips.has_archive(job):
        raise Problem(
            "not_ready",
            f"The clips are {job.state.value}, {job.made} of {job.total} are made; the archive is there when "
            "they are done.",
        )
    entries = await looked_up(context, lambda: _zip_entries(context, job, sizes))
    blocks = zip_blocks(entries, (job.finished_at or job.created_at).timetuple()[:6])
    return StreamingResponse(
        paced(blocks, context.limits.readers),
        media_type="application/zip",
        headers={"Content-Disposition": content_disposition("attachment", name)},
    )


def _zip_entries(context: Context, job: ClipJob, clip_sizes: Mapping[str, int]) -> list[ZipEntry]:
    media = context.services.media
    sizes = dict(clip_sizes)
    for name in (MANIFEST, TABLE):
        if media.exists(job.key(name)):  # not where the work on them never came to its end
            sizes[name] = media.size(job.key(name))

    def entry(name: str, size: int) -> ZipEntry:
        return ZipEntry(name, size, lambda: media.read_range(job.key(name), 0, size))

    return [entry(name, size) for name, size in sizes.items()]


@router.post(
    "/videos/{video_id}/clips/{clips_id}/cancel",
    summary="Stop cutting",
    responses=declared("cross_site", "conflict", *_LOOKED_UP),
)
def cancel_clips(request: Request, video_id: VideoId, clips_id: ClipsId) -> ClipsWithFiles:
    """At once where nothing runs yet, within seconds otherwise. Files that are there stay."""
    return _shown(request, context_of(request).services.jobs.clips.cancel(clips_id, video_id))


@router.post(
    "/videos/{video_id}/clips/{clips_id}/retry",
    status_code=202,
    summary="Cut failed or cancelled clips again",
    responses=declared("cross_site", "conflict", *_LOOKED_UP),
)
def retry_clips(request: Request, video_id: VideoId, clips_id: ClipsId) -> ClipsWithFiles:
    """Only what is missing is cut."""
    context_of(request).services.require_for_new_work()
    return _shown(request, context_of(request).services.jobs.clips.retry(clips_id, video_id))


@router.delete(
    "/videos/{video_id}/clips/{clips_id}",
    status_code=204,
    response_class=Response,
    summary="Remove clips and their files",
    responses=declared("cross_site", *_LOOKED_UP),
)
def delete_clips(request: Request, video_id: VideoId, clips_id: ClipsId) -> Response:
    """Legal in every state; work on them stops within seconds."""
    services = context_of(request).services
    services.jobs.clips.delete(clips_id, video_id)
    try:
        services.media.delete(clips_prefix(video_id, clips_id))
    except OSError as error:
        raise ScenestreamError(f"The files could not all be removed: {error.strerror}.") from error
    return Response(status_code=204)
