"""Routes of presets: list, make, change and delete; learn one from corrected videos."""

from __future__ import annotations

import re
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Header, Path, Request, Response

from cluster.contract.presets import (
    PRESET_NAME,
    Learned,
    LearnRequest,
    PresetDocument,
    PresetList,
    PresetWish,
)
from cluster.stores.postgres.api_keys import Scope
from cluster.stores.postgres.jobs import no_such_video
from cluster.stores.postgres.presets import Preset, no_such_preset
from serve_app.access.acts import audited
from serve_app.access.callers import caller_of, client_id
from serve_app.access.visibility import VIDEO_ID, check_visible
from serve_app.context import context_of, presets_of
from serve_app.videos.presets import check_wish, own_document, packaged_documents
from serve_app.videos.revising.learning import fuser_of, learn_from
from serve_app.web.json_body import json_request, read_json
from serve_app.web.problems import Problem, declared

router = APIRouter(tags=["presets"])

Name = Annotated[str, Path(pattern=PRESET_NAME, description="Small letters, digits, `-` and `_`")]


@router.get("/presets", summary="List presets", responses=declared("unavailable"))
def list_presets(request: Request) -> PresetList:
    """The packaged ones, then those of the key's owner by name."""
    presets = context_of(request).services.jobs.presets
    own = [own_document(preset) for preset in presets.list_all(caller_of(request).owner)]
    return PresetList(items=[*packaged_documents(), *own])


@router.get(
    "/presets/{name}", summary="One preset", responses=declared("not_found", "invalid_request", "unavailable")
)
def get_preset(request: Request, name: Name) -> PresetDocument:
    """A packaged one, or one of the key's owner."""
    packaged = next((preset for preset in packaged_documents() if preset.name == name), None)
    if packaged is not None:
        return packaged
    own = context_of(request).services.jobs.presets.find(caller_of(request).owner, name)
    if own is None:
        raise no_such_preset(name)
    return own_document(own)


@router.put(
    "/presets/{name}",
    summary="Make or change a preset",
    openapi_extra=json_request(PresetWish),
    responses=declared(
        "cross_site", "bad_json", "unsupported_media_type", "client_too_slow", "too_large", "conflict",
        "preset_exists", "invalid_request", "invalid_settings", "limit_exceeded", "unavailable",
    ),
)  # fmt: skip
async def put_preset(
    request: Request,
    name: Name,
    if_none_match: Annotated[
        str | None, Header(pattern=r"^\*$", description="`*`: make it, replace none of this name")
    ] = None,
) -> PresetDocument:
    """From then on it can be named wherever a preset is. Videos keep the settings they were made with."""
    jobs = context_of(request).services.jobs
    wish = await read_json(request, PresetWish)
    based_on = check_wish(name, wish)
    owner = caller_of(request).owner
    may_replace = if_none_match is None

    def put() -> Preset:
        with audited(request, jobs) as tell:
            preset = jobs.presets.put(owner, name, based_on, wish.settings, replace=may_replace)
            tell("preset_saved", name)
        return preset

    return own_document(await to_thread.run_sync(put))


@router.post(
    "/presets:learn",
    summary="Find the settings that come nearest to corrected videos",
    openapi_extra=json_request(LearnRequest),
    responses=declared(
        "cross_site", "bad_json", "unsupported_media_type", "forbidden", "client_too_slow", "too_large",
        "not_found", "conflict", "result_lost", "invalid_request", "invalid_settings", "busy", "unavailable",
    ),
)  # fmt: skip
async def learn_preset(request: Request) -> Learned:
    """The corrected videos are fused again with other settings, one setting after the other, for some twenty
    seconds at most; nothing is decoded and nothing stored. `PUT /presets/{name}` keeps what is found.
    """
    context = context_of(request)
    caller = caller_of(request)
    if not caller.may(Scope.READ):
        raise Problem("forbidden", "Learning reads segments: it needs a key with the scope `read`.")
    asked = await read_json(request, LearnRequest)
    services = context.services

    def learned() -> Learned:
        for video_id in asked.videos:
            if not re.fullmatch(VIDEO_ID, video_id):
                raise no_such_video(video_id)
            check_visible(services.jobs.owner_of, caller, video_id)
        return learn_from(services, fuser_of(services), asked, presets_of(request))

    return await context.fuser.run(client_id(request), learned)


@router.delete(
    "/presets/{name}",
    status_code=204,
    summary="Delete a preset",
    responses=declared("cross_site", "not_found", "conflict", "invalid_request", "unavailable"),
)
def delete_preset(request: Request, name: Name) -> Response:
    """Videos keep the settings they were made with."""
    jobs = context_of(request).services.jobs
    with audited(request, jobs) as tell:
        jobs.presets.delete(caller_of(request).owner, name)
        tell("preset_deleted", name)
    return Response(status_code=204)
