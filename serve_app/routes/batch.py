"""Route POST /videos:batch: many imports in one request, each accepted or refused on its own."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Header, Request
from pydantic import ValidationError

from cluster.contract.imports import MAX_BATCH_ITEMS, BatchAnswer, BatchItem, BatchOutcome, BatchRequest
from cluster.errors import ConflictError, ScenestreamError
from cluster.stores.documents import video_document
from cluster.stores.ids import new_id
from cluster.stores.postgres.video import Video
from serve_app.access.callers import caller_of, client_id
from serve_app.access.rate_limits import charge
from serve_app.context import Context, context_of, presets_of
from serve_app.videos.imports import CheckedImport, check_import
from serve_app.videos.intake import client_key
from serve_app.videos.presets import FindPreset
from serve_app.videos.webhooks import CheckedWebhook
from serve_app.web.json_body import body_problem, json_request, read_json
from serve_app.web.problems import Problem, declared, from_error

router = APIRouter(tags=["videos"])

MAX_BATCH_BYTES = 8 << 20  # of the JSON body


@router.post(
    "/videos:batch",
    summary=f"Import up to {MAX_BATCH_ITEMS:,} videos",
    openapi_extra=json_request(BatchRequest),
    responses=declared(
        "cross_site", "bad_json", "unsupported_media_type", "client_too_slow", "too_large",
        "invalid_request", "busy", "unavailable",
    ),
)  # fmt: skip
async def create_videos(
    request: Request,
    idempotency_key: Annotated[
        str | None, Header(description="For the items that have none of their own; a repeat gives the same")
    ] = None,
) -> BatchAnswer:
    """One outcome for each item, in order: the video, or the problem that this item has.

    The videos of one batch take turns with those of other batches and of single imports. They have the
    priority `batch` unless an item says otherwise. A batch counts as so many writes as it has items.
    """
    context = context_of(request)
    owner = caller_of(request).owner
    client_key(idempotency_key, owner)
    await to_thread.run_sync(context.services.require_for_new_work)
    async with context.limits.batches.enter(client_id(request)):
        asked = await read_json(request, BatchRequest, MAX_BATCH_BYTES)
        if len(asked.items) > MAX_BATCH_ITEMS:
            raise Problem("too_large", f"A batch has at most {MAX_BATCH_ITEMS} items; send several.")
        await to_thread.run_sync(charge, request, len(asked.items) - 1)
        return await to_thread.run_sync(_create, request, context, asked.items, idempotency_key, owner)


def _create(
    request: Request, context: Context, items: list[Any], batch_key: str | None, owner: str | None
) -> BatchAnswer:
    lane = f"batch:{new_id()}"
    find = cache(presets_of(request))  # ten thousand videos may name one preset
    checked: dict[int, CheckedImport] = {}
    outcomes: dict[int, BatchOutcome] = {}
    for number, item in enumerate(items):
        try:
            key = batch_key and f"{batch_key}#{number}"
            checked[number] = _checked(context, item, find, lane, key, owner)
        except (Problem, ScenestreamError) as error:
            outcomes[number] = _refused(request, error)
    made = context.services.jobs.imports.create_many([one.new for one in checked.values()])
    earlier = [result[0].id for result in made if not isinstance(result, ConflictError) and not result[1]]
    secrets = context.services.jobs.webhooks.secrets_of(earlier) if earlier else {}
    for (number, one), result in zip(checked.items(), made, strict=True):
        if isinstance(result, ConflictError):
            outcomes[number] = _refused(request, result)
        else:
            video, is_new = result
            webhook = one.webhook
            if webhook is not None and not is_new:
                webhook = webhook.repeated(secrets.get(video.id))
            outcomes[number] = _taken(video, webhook)
    return BatchAnswer(items=[outcomes[number] for number in range(len(items))])


def _checked(
    context: Context, item: Any, find: FindPreset, lane: str, default_key: str | None, owner: str | None
) -> CheckedImport:
    try:
        asked = BatchItem.model_validate(item)
    except ValidationError as error:
        raise body_problem(error, BatchItem) from error
    # A key that is derived from the batch's is not held to the length of one that a client wrote.
    key = client_key(asked.idempotency_key, owner)
    if key is None and default_key is not None:
        key = f"batch@{owner or ''}:{default_key}"
    settings = context.services.settings
    return check_import(asked, settings, find, lane=lane, idempotency_key=key, owner=owner)


def _taken(video: Video, webhook: CheckedWebhook | None) -> BatchOutcome:
    secret = None if webhook is None else webhook.made_secret
    return BatchOutcome(status=202, video=video_document(video, None), problem=None, webhook_secret=secret)


def _refused(request: Request, error: Problem | ScenestreamError) -> BatchOutcome:
    problem = error if isinstance(error, Problem) else from_error(error)
    document = problem.document(request.url.path, getattr(request.state, "request_id", None))
    return BatchOutcome(status=problem.kind.status, video=None, problem=document, webhook_secret=None)
