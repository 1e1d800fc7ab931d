"""Webhooks, and what they were told."""

from __future__ import annotations

from typing import TypedDict

from cluster.contract.vocabulary import DeliveryState, WebhookEvent


class Webhook(TypedDict):
    """An address that is called when videos end; `video_id` where it is for one only."""

    id: str
    url: str
    events: list[WebhookEvent]
    video_id: str | None
    created_at: str
    disabled_at: str | None
    disabled_reason: str | None


class MadeWebhook(TypedDict):
    """A new address, and the secret of its signatures, which is told only here."""

    webhook: Webhook
    secret: str


class Delivery(TypedDict):
    """A call of an address that was made or is due."""

    id: int
    event_id: str
    event: WebhookEvent
    video_id: str
    state: DeliveryState
    attempts: int
    created_at: str
    due_at: str
    finished_at: str | None
    last_status: int | None
    last_error: str | None
