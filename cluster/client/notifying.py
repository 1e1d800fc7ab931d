"""Webhooks: addresses that the server sends a POST to when videos end, and their deliveries."""

from __future__ import annotations

from collections.abc import Sequence

from cluster.client.requests import each, fetched, given, new_key, request
from cluster.client.steps import Flow, Op
from cluster.client.types import Delivery, MadeWebhook, Webhook, WebhookEvent
from cluster.contract.protocol import IDEMPOTENCY_KEY


def create_webhook(
    url: str, *, events: Sequence[WebhookEvent] | None = None, idempotency_key: str | None = None
) -> Op[MadeWebhook]:
    """Makes a webhook: the server calls `url` when a video ends. Only this answer has the signing secret."""
    made: MadeWebhook = yield from fetched(
        "POST",
        "/webhooks",
        json=given(url=url, events=None if events is None else list(events)),
        headers={IDEMPOTENCY_KEY: idempotency_key or new_key()},
    )
    return made


def webhooks(*, video_id: str | None = None) -> Op[list[Webhook]]:
    """Lists the webhooks of all videos, or of one."""
    found: list[Webhook] = (yield from fetched("GET", "/webhooks", params=given(video_id=video_id)))["items"]
    return found


def webhook(webhook_id: str) -> Op[Webhook]:
    """One webhook."""
    found: Webhook = yield from fetched("GET", f"/webhooks/{webhook_id}")
    return found


def delete_webhook(webhook_id: str) -> Op[None]:
    """Removes a webhook; its address is not called any more."""
    yield from request("DELETE", f"/webhooks/{webhook_id}")


def deliveries(webhook_id: str) -> Flow[Delivery]:
    """Lists the deliveries of a webhook, sent and waiting ones, newest first."""
    yield from each(f"/webhooks/{webhook_id}/deliveries", {}, lambda delivery: delivery["id"])
