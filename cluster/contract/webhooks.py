"""Webhooks: who is told how videos end, and what was told (pydantic)."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from cluster.contract.videos import VideoDocument
from cluster.contract.vocabulary import WEBHOOK_EVENTS, DeliveryState, WebhookEvent


class WebhookWish(BaseModel):
    """Who is to be told how a video ends."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"url": "https://example.org/hooks/films"}]}
    )

    url: str = Field(max_length=2048, description="http or https; never a private address")
    events: list[WebhookEvent] = Field([*WEBHOOK_EVENTS], min_length=1, max_length=len(WEBHOOK_EVENTS))
    secret: str | None = Field(
        None, max_length=128, description="`whsec_` and base64 of 24 to 64 bytes; made if left out"
    )


class WebhookDocument(BaseModel):
    """A webhook, without its secret."""

    id: str
    url: str
    events: list[WebhookEvent]
    video_id: str | None = Field(description="The one video it hears of; null: all of its owner's")
    created_at: datetime
    disabled_at: datetime | None
    disabled_reason: str | None


class MadeWebhook(BaseModel):
    """A new webhook; the secret is told only here."""

    webhook: WebhookDocument
    secret: str


class WebhookList(BaseModel):
    """Webhooks, newest first."""

    items: list[WebhookDocument]


class DeliveryDocument(BaseModel):
    """An event on its way to a webhook, or there."""

    id: int
    event_id: str = Field(description="The same in all attempts, and `webhook-id` there")
    event: WebhookEvent
    video_id: str
    state: DeliveryState
    attempts: int
    created_at: datetime
    due_at: datetime = Field(description="When it is tried (next)")
    finished_at: datetime | None
    last_status: int | None = Field(description="Of the last answer; null where there was none")
    last_error: str | None


class DeliveryList(BaseModel):
    """One page of deliveries, newest first."""

    items: list[DeliveryDocument]
    next_cursor: str | None


class WebhookPayload(BaseModel):
    """The body of a delivery, as receivers read it. The API has no answer of this shape."""

    id: str = Field(description="Of the event, `event_id` of its deliveries")
    type: WebhookEvent
    created_at: str = Field(description="When the event happened, ISO 8601")
    video: VideoDocument
