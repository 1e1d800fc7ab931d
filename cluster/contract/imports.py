"""The shapes of batches and webhooks (pydantic), beside those of `cluster.contract.videos`."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from cluster.contract.problems import ProblemDocument
from cluster.contract.videos import PRIORITY, ImportRequest, VideoDocument
from cluster.stores.postgres.video import Priority
from cluster.stores.postgres.webhooks import Delivery, Webhook

WebhookEvent = Literal["done", "failed", "cancelled"]


class BatchItem(ImportRequest):
    """One video of a batch."""

    idempotency_key: str | None = Field(None, description="Like the header of a single import")
    priority: Priority = Field("batch", description=PRIORITY)


class BatchRequest(BaseModel):
    """Many videos to fetch. Each item is judged by itself, so its shape is not part of the whole's."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"items": [{"url": "https://example.org/1.mp4"}, {"url": "https://example.org/2.mp4"}]}
            ]
        },
    )

    items: list[Any] = Field(min_length=1, description="Up to 1,000, each like BatchItem")


class BatchOutcome(BaseModel):
    """What became of one item: a video (202), or the problem document that it alone would have got."""

    status: int
    video: VideoDocument | None
    problem: ProblemDocument | None
    webhook_secret: str | None = Field(
        description="What its webhook's deliveries are signed with, where the item named no secret"
    )


class BatchAnswer(BaseModel):
    """One outcome for each item, in the order of the items."""

    items: list[BatchOutcome]


class WebhookDocument(BaseModel):
    """A webhook, without its secret."""

    id: str
    url: str
    events: list[WebhookEvent]
    video_id: str | None = Field(description="The one video it hears of; null: all of its owner's")
    created_at: datetime
    disabled_at: datetime | None
    disabled_reason: str | None

    @classmethod
    def of(cls, webhook: Webhook) -> Self:
        """The document of a stored webhook."""
        return cls.model_validate(webhook, from_attributes=True)


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
    state: Literal["pending", "delivered", "failed"]
    attempts: int
    created_at: datetime
    due_at: datetime = Field(description="When it is tried (next)")
    finished_at: datetime | None
    last_status: int | None = Field(description="Of the last answer; null where there was none")
    last_error: str | None

    @classmethod
    def of(cls, delivery: Delivery) -> Self:
        """The document of a stored delivery."""
        return cls.model_validate(delivery, from_attributes=True)


class DeliveryList(BaseModel):
    """One page of deliveries, newest first."""

    items: list[DeliveryDocument]
    next_cursor: str | None
