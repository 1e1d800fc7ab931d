"""Being told when videos end: addresses that the server calls, and what came of the calls."""

from __future__ import annotations

from collections.abc import Sequence

from cluster.client.requests import each, fetched, given, new_key, request
from cluster.client.steps import Flow, Op
from cluster.client.types import Delivery, MadeWebhook, Webhook, WebhookEvent
from cluster.contract.protocol import IDEMPOTENCY_KEY


def create_webhook(
    url: str, *, events: Sequence[WebhookEvent] | None = None, idempotency_key: str | None = None
) -> Op[MadeWebhook]:
    """Have the server call `url` when a video ends; the secret of the signatures is told this once."""
    made: MadeWebhook = yield from fetched(
        "POST",
        "/webhooks",
        json=given(url=url, events=None if events is None else list(events)),
        headers={IDEMPOTENCY_KEY: idempotency_key or new_key()},
    )
    return made


def webhooks(*, video_id: str | None = None) -> Op[list[Webhook]]:
    """The addresses that are called, for all videos or for one."""
    found: list[Webhook] = (yield from fetched("GET", "/webhooks", params=given(video_id=video_id)))["items"]
    return found


def webhook(webhook_id: str) -> Op[Webhook]:
    """One of them."""
    found: Webhook = yield from fetched("GET", f"/webhooks/{webhook_id}")
    return found


def delete_webhook(webhook_id: str) -> Op[None]:
    """Stop calling it."""
    yield from request("DELETE", f"/webhooks/{webhook_id}")


def deliveries(webhook_id: str) -> Flow[Delivery]:
    """The calls that were made or are due, newest first."""
    yield from each(f"/webhooks/{webhook_id}/deliveries", {}, lambda delivery: delivery["id"])
