"""The shapes of clips in requests and responses. The order itself is `cluster.clips.orders.ClipOrder`."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from cluster.clips.orders import ClipOrder
from cluster.contract.videos import Failure, Level

ClipState = Literal["queued", "running", "done", "failed", "cancelled"]


class ClipDocument(BaseModel):
    """One clip: what was wanted, and what the file really shows."""

    name: str
    url: str | None = Field(description="Address of the file; null where it could not be cut")
    bytes: int | None
    sha256: str | None
    index: int = Field(description="Of the segment in its level")
    label: str
    start_frame: int
    end_frame: int
    start_s: float
    end_s: float
    actual_start_frame: int | None
    actual_end_frame: int | None
    actual_start_s: float | None
    actual_end_s: float | None
    error: Failure | None


class ClipProgress(BaseModel):
    """How far the work is."""

    fraction: float = Field(ge=0, le=1)
    done: int = Field(description="Clips that are there")
    failed: int = Field(description="Clips that cannot be cut")
    total: int


class ClipsDocument(BaseModel):
    """An order of clips and where it stands."""

    id: str
    video_id: str
    state: ClipState
    level: Level
    mode: Literal["exact", "copy"]
    settings: dict[str, Any] = Field(description="How each clip is cut, the pattern and the selection")
    revision: int = Field(description="The result of the video the segments were taken from")
    progress: ClipProgress
    error: Failure | None
    attempt: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    archive: str | None = Field(description="Address of a zip of everything; null until it is there")


class ClipsWithFiles(ClipsDocument):
    """The same with its clips, as far as they are made."""

    files: list[ClipDocument]


class ClipFiles(BaseModel):
    """One page of an order's clips."""

    items: list[ClipDocument]
    next_cursor: str | None


class ClipsList(BaseModel):
    """One page of orders, newest first."""

    items: list[ClipsDocument]
    next_cursor: str | None


def order_schema() -> dict[str, Any]:
    """JSON Schema of an order, complete in itself: the OpenAPI document has no place for its parts."""
    schema = ClipOrder.model_json_schema()
    schema["properties"]["select"] = schema.pop("$defs")["Selection"]
    return schema
