"""Clips: what may be ordered of a video, and the orders and files the API shows (pydantic).

Only shapes: `cluster.clips.orders` chooses the segments of an order, `serve_app.videos.files.clips` fills the
documents.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from cluster.contract.videos import Failure
from cluster.contract.vocabulary import (
    ROLES,
    ClipContainer,
    ClipMode,
    ClipOrderState,
    Level,
    Role,
    X264Preset,
)

MAX_CLIPS = 5000
DEFAULT_PATTERN = "{stem}-{level}-{index:04}-{start}"
MAX_PATTERN_CHARS = 200
Seconds = Annotated[float, Field(ge=-1e9, le=1e9, allow_inf_nan=False)]
PRINTABLE = r"^[^\x00-\x1f\x7f]*$"
"""Orders are stored as they came, and PostgreSQL's JSON holds no NUL."""
Word = Annotated[str, Field(min_length=1, max_length=100, pattern=PRINTABLE)]


class Selection(BaseModel):
    """Which segments of the level: all that meet every condition given. No condition: all."""

    model_config = ConfigDict(extra="forbid")

    indices: list[Annotated[int, Field(ge=0, le=10**9)]] | None = Field(
        None, min_length=1, max_length=MAX_CLIPS, description="`index` of the segments"
    )
    labels: list[Word] | None = Field(None, min_length=1, max_length=100, description="One of these labels")
    tags: list[Word] | None = Field(
        None, min_length=1, max_length=100, description="The keyframe shows one of these"
    )
    roles: list[Role] | None = Field(
        None, min_length=1, max_length=len(ROLES), description="One of these roles, such as `content`"
    )
    not_roles: list[Role] | None = Field(
        None,
        min_length=1,
        max_length=len(ROLES),
        description="None of these roles, such as `black`, `credits`",
    )
    from_s: Seconds | None = Field(None, description="Segments that end after this")
    to_s: Seconds | None = Field(None, description="Segments that start before this")
    min_s: Seconds | None = Field(None, description="Not shorter than this")
    max_s: Seconds | None = Field(None, description="Not longer than this")


class ClipOrder(BaseModel):
    """Clips of one level of a video, and how they are made."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"level": "scene", "mode": "exact", "select": {"labels": ["speech"], "min_s": 2}}]
        },
    )

    level: Level = "shot"
    mode: ClipMode = Field(
        "exact",
        description="`exact`: to the frame, coded anew as H.264 and AAC. `copy`: as it is coded, from the "
        "key frame at or before the start; the manifest says where each clip really begins and ends",
    )
    select: Selection = Field(default_factory=Selection)
    pattern: str = Field(
        DEFAULT_PATTERN,
        min_length=1,
        max_length=MAX_PATTERN_CHARS,
        pattern=PRINTABLE,
        description="The files' names without suffix: {stem} {level} {index} {number} {start} {end} "
        "{start_frame} {end_frame} {label} {kind}; numbers take a width, as in {index:04}",
    )
    container: ClipContainer = Field(
        "auto", description="`auto`: MP4, or Matroska for copies MP4 does not take"
    )
    crf: int = Field(18, ge=0, le=51, description="`exact`: quality, 0 is lossless, 23 small")
    preset: X264Preset = Field("veryfast", description="`exact`: slower makes smaller files")
    height: int | None = Field(None, ge=64, le=4320, description="`exact`: at most so many rows of pixels")
    sound: bool = Field(True, description="Whether clips have sound")
    max_clips: int = Field(1000, ge=1, le=MAX_CLIPS, description="Refuse the order when it is for more")


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
    state: ClipOrderState
    level: Level
    mode: ClipMode
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
