"""How videos come in: imports, batches of them, the fields of an upload (pydantic)."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from cluster.contract.problems import ProblemDocument
from cluster.contract.videos import VideoDocument
from cluster.contract.vocabulary import BATCH, INTERACTIVE, Priority
from cluster.contract.webhooks import WebhookWish

MAX_BATCH_ITEMS = 1000
PRIORITY = "`batch` waits for `interactive`, as far as it does not come to a standstill"


class ImportRequest(BaseModel):
    """A video to fetch from an address."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"url": "https://example.org/film.mp4", "preset": "film"}]},
    )

    url: str = Field(max_length=4096, description="http, https or s3; never a private address")
    preset: str | None = Field(None, max_length=64)
    settings: dict[str, Any] | None = None
    webhook: WebhookWish | None = None
    priority: Priority = Field(INTERACTIVE, description=PRIORITY)


class UploadForm(BaseModel):
    """The fields of a multipart upload, for the OpenAPI document; the body itself is streamed."""

    file: bytes = Field(description="The video", json_schema_extra={"format": "binary"})
    preset: str | None = None
    settings: str | None = Field(None, description="JSON object of segmentation settings")
    webhook: str | None = Field(None, description="JSON object as in an import: url, events, secret")
    priority: Priority = Field(INTERACTIVE, description=PRIORITY)


class BatchItem(ImportRequest):
    """One video of a batch."""

    idempotency_key: str | None = Field(None, description="Like the header of a single import")
    priority: Priority = Field(BATCH, description=PRIORITY)


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

    items: list[Any] = Field(min_length=1, description=f"Up to {MAX_BATCH_ITEMS:,}, each like BatchItem")


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
