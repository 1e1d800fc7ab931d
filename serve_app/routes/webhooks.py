"""Routes of webhooks: create, list, read, delete, and list deliveries."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from anyio import to_thread
from fastapi import APIRouter, Path, Query, Request, Response

from cluster.contract.pages import DELIVERIES_PAGE_ITEMS, MAX_PAGE_ITEMS
from cluster.contract.webhooks import (
    DeliveryList,
    MadeWebhook,
    WebhookDocument,
    WebhookList,
    WebhookWish,
)
from cluster.remote.webhook_signing import shown
from cluster.stores.documents import delivery_document, webhook_document
from cluster.stores.postgres.webhooks import EVERYBODY
from serve_app.access.acts import audited
from serve_app.access.callers import caller_of
from serve_app.access.visibility import VIDEO_ID
from serve_app.context import Cursor, context_of
from serve_app.routes.answering.idempotency import IdempotencyKey, once
from serve_app.videos.webhooks import check_webhook
from serve_app.web.json_body import json_request, read_json
from serve_app.web.problems import declared

router = APIRouter(tags=["webhooks"])

WebhookId = Annotated[str, Path(pattern="^wh_[0-9a-f]{32}$", description="The webhook's `id`")]


def _whose(request: Request) -> object:
    caller = caller_of(request)
    return EVERYBODY if caller.sees_all else caller.owner


@router.post(
    "/webhooks",
    status_code=201,
    summary="Have an address told how videos end",
    openapi_extra=json_request(WebhookWish),
    responses=declared(
        "cross_site", "bad_json", "unsupported_media_type", "client_too_slow", "conflict", "too_large",
        "invalid_request", "idempotency_key_reused", "address_refused", "unavailable",
    ),
)  # fmt: skip
async def create_webhook(request: Request, idempotency_key: IdempotencyKey = None) -> MadeWebhook:
    """It hears of all videos of its key's owner from now on. The secret is told once.

    Deliveries are signed as Standard Webhooks says, are made at least once, and again over a day while the
    answer is no 2xx. 410 ends them.
    """
    services = context_of(request).services
    asked = await read_json(request, WebhookWish)
    checked = check_webhook(asked, services.settings.webhooks)

    def make() -> MadeWebhook:
        with audited(request, services.jobs) as tell:
            webhook = services.jobs.webhooks.create(checked.new, caller_of(request).owner)
            tell("webhook_created", webhook.id, owner=webhook.owner, host=urlsplit(webhook.url).hostname)
        return MadeWebhook(webhook=webhook_document(webhook), secret=shown(checked.new.secret))

    return await to_thread.run_sync(once, request, idempotency_key, asked, MadeWebhook, make)


@router.get("/webhooks", summary="List webhooks", responses=declared("invalid_request", "unavailable"))
def list_webhooks(
    request: Request,
    video_id: Annotated[
        str | None, Query(pattern=VIDEO_ID, description="Those of one video instead of those of all")
    ] = None,
) -> WebhookList:
    """Newest first."""
    found = context_of(request).services.jobs.webhooks.list_webhooks(_whose(request), video_id)
    return WebhookList(items=[webhook_document(webhook) for webhook in found])


@router.get(
    "/webhooks/{webhook_id}",
    summary="One webhook",
    responses=declared("not_found", "invalid_request", "unavailable"),
)
def get_webhook(request: Request, webhook_id: WebhookId) -> WebhookDocument:
    """Where it leads, and whether it still is in use."""
    return webhook_document(context_of(request).services.jobs.webhooks.get(webhook_id, _whose(request)))


@router.delete(
    "/webhooks/{webhook_id}",
    status_code=204,
    response_class=Response,
    summary="Remove a webhook",
    responses=declared("cross_site", "not_found", "invalid_request", "unavailable"),
)
def delete_webhook(request: Request, webhook_id: WebhookId) -> Response:
    """What has not been delivered is not any more."""
    jobs = context_of(request).services.jobs
    with audited(request, jobs) as tell:
        jobs.webhooks.delete(webhook_id, _whose(request))
        tell("webhook_deleted", webhook_id)
    return Response(status_code=204)


@router.get(
    "/webhooks/{webhook_id}/deliveries",
    summary="What a webhook was told",
    responses=declared("bad_cursor", "not_found", "invalid_request", "unavailable"),
)
def list_deliveries(
    request: Request,
    webhook_id: WebhookId,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE_ITEMS)] = DELIVERIES_PAGE_ITEMS,
    cursor: Cursor = None,
) -> DeliveryList:
    """Newest first, with the last answer or the reason why there was none."""
    webhooks = context_of(request).services.jobs.webhooks
    webhooks.get(webhook_id, _whose(request))
    page = webhooks.deliveries(webhook_id, limit, cursor)
    return DeliveryList(
        items=[delivery_document(delivery) for delivery in page.items], next_cursor=page.next_cursor
    )
