"""Routes of revisions: try and apply other settings to a finished video, list, compare and choose results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Path, Query, Request, Response

from cluster.contract.revisions import Comparison, Preview, ResegmentRequest, RevisionList
from cluster.contract.videos import VideoDocument
from cluster.contract.vocabulary import LEVELS, Level
from cluster.errors import ConflictError, NotFoundError
from cluster.segment_settings import check_part
from cluster.stores.documents import revision_document, segment_document
from cluster.stores.postgres.api_keys import Scope
from cluster.stores.postgres.video import Video, VideoState
from serve_app.access.callers import caller_of, client_id
from serve_app.context import Context, VideoId, context_of, presets_of, root_of
from serve_app.routes.answering.idempotency import IdempotencyKey, once
from serve_app.routes.answering.links import with_signed_images
from serve_app.routes.videos import shown, tell, tell_result
from serve_app.videos.intake import resolve_settings
from serve_app.videos.lost import check_not_lost
from serve_app.videos.presets import FindPreset, Resolved
from serve_app.videos.revising.comparison import compare
from serve_app.web.json_body import read_json
from serve_app.web.problems import Problem, declared

router = APIRouter(tags=["results"])

Number = Annotated[int, Path(ge=1, le=2**31 - 1, description="As in `revisions`")]
AskedNumber = Annotated[int | None, Query(ge=1, le=2**31 - 1)]


@router.post(
    "/videos/{video_id}/resegment",
    status_code=202,
    response_model=VideoDocument,
    summary="Segment a video that is done with other settings, or see what that would give",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": ResegmentRequest.model_json_schema()}},
        }
    },
    responses={
        200: {"model": Preview, "description": "With `dry_run`: what the settings would give"},
        **declared(
            "cross_site", "bad_json", "unsupported_media_type", "forbidden", "not_found", "client_too_slow",
            "conflict", "too_large", "invalid_request", "invalid_settings", "idempotency_key_reused", "busy",
            "unavailable",
        ),
    },
)  # fmt: skip
async def resegment_video(
    request: Request, video_id: VideoId, idempotency_key: IdempotencyKey = None
) -> Response | VideoDocument:
    """A new revision from what was measured; the video is decoded again only for another of its streams,
    another rectangle to ignore or another `decoding`. Until it is there, the one before is what segments,
    signals and exports give. Corrections by hand are kept, unless `keep_corrections` is false.

    With `dry_run` the answer is the timeline itself and nothing is stored.
    """
    context = context_of(request)
    asked = await read_json(request, ResegmentRequest)

    def queue() -> VideoDocument:
        queued: list[Video] = []

        def resegment() -> VideoDocument:
            video = context.services.jobs.get(video_id)
            resolved = _settings_for(video, asked, presets_of(request))
            if asked.keep_corrections and not _keeps_corrections(video, resolved.settings, asked):
                _refuse_to_forget(context, video_id)
            queued.append(
                context.services.jobs.resegment(
                    video_id,
                    resolved.settings,
                    resolved.preset,
                    keep_corrections=_keeps_corrections(video, resolved.settings, asked),
                )
            )
            return shown(context, queued[0])

        answer = once(request, idempotency_key, asked, VideoDocument, resegment)
        for video in queued:  # none for a repeat
            tell(context, video)
        return answer

    if asked.dry_run:
        if not caller_of(request).may(Scope.READ):
            raise Problem("forbidden", "`dry_run` reads segments: it needs a key with the scope `read`.")
        video = await to_thread.run_sync(context.services.jobs.get, video_id)
        resolved = await to_thread.run_sync(_settings_for, video, asked, presets_of(request))
        if video.state is not VideoState.DONE:
            raise ConflictError(f"The video is {video.state}; settings are tried on one that is done.")
        settings = resolved.settings
        corrections = {}
        if _keeps_corrections(video, settings, asked):
            corrections = await to_thread.run_sync(context.services.jobs.revisions.corrections, video_id)
        rows = await context.previews.segments(client_id(request), video, settings, corrections)
        return await to_thread.run_sync(_preview, request, video_id, asked, settings, rows)
    await to_thread.run_sync(context.services.require_for_new_work)
    return await to_thread.run_sync(queue)


def _settings_for(video: Video, asked: ResegmentRequest, find: FindPreset) -> Resolved:
    """The complete settings. InvalidSettingsError, also for a part that lies outside of the video: to find
    that out later would end a video that is done as one that failed."""
    resolved = resolve_settings(asked.preset, asked.settings, find)
    check_part(resolved.settings, video.media or {})
    return resolved


def _keeps_corrections(video: Video, resolved: Mapping[str, Any], asked: ResegmentRequest) -> bool:
    """Not for another picture: corrections name frames."""
    streams = resolved.get("video_stream"), video.settings.get("video_stream")
    return asked.keep_corrections and streams[0] == streams[1]


def _refuse_to_forget(context: Context, video_id: str) -> None:
    """ConflictError when there are corrections that would be forgotten without a word."""
    if context.services.jobs.revisions.corrections(video_id):
        raise ConflictError(
            "`video_stream` names another stream than before, and what was corrected by hand names frames of "
            "that one. Send `keep_corrections: false` to segment the video without the corrections."
        )


def _preview(
    request: Request,
    video_id: str,
    asked: ResegmentRequest,
    resolved: dict[str, Any],
    rows: list[dict[str, Any]],
) -> Response:
    wanted = [row for row in rows if asked.level in (None, row["level"])]
    segments = [segment_document(row, video_id, root_of(request)) for row in wanted]
    # As a response of its own: thousands of segments are not checked a second time on their way out.
    preview = Preview(
        settings=resolved,
        counts={level: sum(row["level"] == level for row in rows) for level in LEVELS},
        segments=with_signed_images(request, video_id, segments),
    )
    return Response(preview.model_dump_json(), media_type="application/json")


@router.get(
    "/videos/{video_id}/revisions",
    summary="The results of a video, newest first",
    responses=declared("not_found", "invalid_request", "unavailable"),
)
def list_revisions(request: Request, video_id: VideoId) -> RevisionList:
    """Each with the settings it was made with. Beyond a number that is set, old ones are forgotten."""
    services = context_of(request).services
    services.jobs.get(video_id)
    return RevisionList(
        items=[
            revision_document(found, services.results.counts(found.timeline_id))
            for found in services.jobs.revisions.list_all(video_id)
        ]
    )


@router.post(
    "/videos/{video_id}/revisions/{revision}/choose",
    summary="Show an earlier result again",
    responses=declared("cross_site", "not_found", "conflict", "invalid_request", "unavailable"),
)
def choose_revision(request: Request, video_id: VideoId, revision: Number) -> VideoDocument:
    """From the next request on it is what segments, signals and exports give, with its settings."""
    context = context_of(request)
    chosen = context.services.jobs.revisions.choose(video_id, revision)
    tell_result(context, video_id, chosen.revision)
    return shown(context, chosen)


@router.get(
    "/videos/{video_id}/compare",
    response_model_by_alias=True,
    summary="Which boundaries came and went between two results",
    responses=declared("not_found", "result_lost", "invalid_request", "unavailable"),
)
def compare_revisions(
    request: Request,
    video_id: VideoId,
    from_: Annotated[
        AskedNumber, Query(alias="from", description="The revision before `to`, if left out")
    ] = None,
    to: Annotated[AskedNumber, Query(description="The current revision, if left out")] = None,
    level: Annotated[Level, Query()] = "shot",
) -> Comparison:
    """Boundaries at most a frame apart, or within each other's gradual transition, are the same one."""
    context = context_of(request)
    kept = {found.revision: found for found in context.services.jobs.revisions.list_all(video_id)}
    if to is None:
        to = next((number for number, found in kept.items() if found.current), None)
    if from_ is None:
        from_ = max((number for number in kept if to is not None and number < to), default=None)
    if from_ is None or to is None or not {from_, to} <= kept.keys():
        context.services.jobs.get(video_id)
        raise NotFoundError(
            f"There are not both revisions to compare; those kept are {sorted(kept) or 'none'}. Name two of "
            "them as `from` and `to`."
        )
    results = context.services.results
    before, after = (results.all_segments(kept[number].timeline_id, level) for number in (from_, to))
    for number, found in ((from_, before), (to, after)):
        if not found:
            check_not_lost(context.services, video_id, kept[number].timeline_id)
    items, counts = compare(before, after)
    return Comparison.model_validate(
        {"from": from_, "to": to, "level": level, "counts": counts, "items": items}
    )
