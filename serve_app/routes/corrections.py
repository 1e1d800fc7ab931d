"""Route of corrections by hand: the starts of segments as a person wants them become a new revision."""

from __future__ import annotations

import re
from functools import partial
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Header, Request, Response

from cluster.contract.corrections import CorrectionsRequest
from cluster.contract.problems import FieldProblem
from cluster.contract.revisions import Revision
from cluster.stores.documents import revision_document
from serve_app.access.callers import client_id
from serve_app.context import VideoId, context_of
from serve_app.routes.videos import tell_result
from serve_app.videos.revising.correcting import correct, fuser_of
from serve_app.web.json_body import json_request, read_json
from serve_app.web.problems import Problem, declared

router = APIRouter(tags=["results"])

MAX_BODY_BYTES = 4 << 20
"""Enough for MAX_SHOTS shots, each with kind and extent, and as many titles as a film has."""
_REVISION = re.compile(r'(?:W/)?"([1-9]\d{0,9})"')
"""A proxy that compresses makes an ETag weak, and the number in it is right all the same."""


@router.put(
    "/videos/{video_id}/segments",
    summary="Correct the segments by hand: a new revision",
    openapi_extra=json_request(CorrectionsRequest),
    responses=declared(
        "cross_site", "bad_json", "unsupported_media_type", "forbidden", "not_found", "client_too_slow",
        "conflict", "result_lost", "revision_moved_on", "too_large", "invalid_request", "revision_required",
        "busy", "unavailable",
    ),
)  # fmt: skip
async def correct_segments(
    request: Request,
    response: Response,
    video_id: VideoId,
    if_match: Annotated[
        str | None, Header(description="The ETag of the segments that are corrected", max_length=64)
    ] = None,
) -> Revision:
    """Each level is the list of its starts; a segment ends where the next one starts. A level that is left
    out stays as it is, a start that the level below lacks is added there, and the first one may be left out.

    The new revision has the origin `human` and is shown at once. What was changed is locked: later fusions
    keep it, unless `resegment` is asked to forget it. Nothing is decoded.
    """
    context = context_of(request)
    revision = _revision_of(if_match)
    asked = await read_json(request, CorrectionsRequest, MAX_BODY_BYTES)
    services = context.services
    call = partial(correct, services, fuser_of(services), video_id, revision, asked)
    made = await context.fuser.run(client_id(request), call)
    await to_thread.run_sync(tell_result, context, video_id, made.revision)
    counts = await to_thread.run_sync(services.results.counts, made.timeline_id)
    response.headers["ETag"] = f'"{made.revision}"'
    return revision_document(made, counts)


def _revision_of(if_match: str | None) -> int:
    if if_match is None:
        raise Problem(
            "revision_required",
            'Send the revision that is corrected as `If-Match: "3"`: the ETag of GET …/segments.',
        )
    found = _REVISION.fullmatch(if_match.strip())
    if found is None:
        why = 'it must be one revision in quotation marks, such as "3"'
        problem = FieldProblem(where="header.if-match", message=why)
        raise Problem("invalid_request", f"If-Match: {why}.", errors=[problem])
    return int(found[1])
