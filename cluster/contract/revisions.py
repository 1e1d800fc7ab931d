"""Revisions of a video's result, their comparison, and settings that are tried (pydantic)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from cluster.contract.results import Segment
from cluster.contract.vocabulary import BoundaryKind, ChangeKind, Level, RevisionOrigin


class CorrectionCounts(BaseModel):
    """How many corrections by hand the next fusion respects, on all levels."""

    locked: int = Field(description="Starts and titles that stay")
    removed: int = Field(description="Starts that do not come back")


class Revision(BaseModel):
    """One result of a video."""

    revision: int
    current: bool = Field(description="Whether it is the one that segments, signals and exports give")
    preset: str
    settings: dict[str, Any]
    origin: RevisionOrigin = Field(
        description="What made it: settings, the words of the video, which give titles and roles, or a person"
    )
    note: str | None = Field(None, description="What the person who corrected it says")
    corrections: CorrectionCounts
    created_at: datetime
    counts: dict[str, int] = Field(description="Segments by level")


class RevisionList(BaseModel):
    """The results that are kept, newest first."""

    items: list[Revision]


class Mark(BaseModel):
    """Where a segment starts that is not the video's first."""

    frame: int
    s: float
    kind: BoundaryKind
    confidence: float
    from_s: float
    to_s: float


class Change(BaseModel):
    """What became of a boundary: `moved` is the same one at another frame."""

    change: ChangeKind
    before: Mark | None
    after: Mark | None


class Comparison(BaseModel):
    """The boundaries of one level in two revisions."""

    from_: int = Field(alias="from")
    to: int
    level: Level
    counts: dict[ChangeKind, int]
    items: list[Change] = Field(description="In time order")


class ResegmentRequest(BaseModel):
    """Other settings for a video that is done; what is left out has the preset's value."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"preset": "talk", "settings": {"scene_sensitivity": 0.7}, "dry_run": True}]
        },
    )

    preset: str | None = Field(None, max_length=64)
    settings: dict[str, Any] | None = None
    keep_corrections: bool = Field(True, description="false: forget what was corrected by hand")
    dry_run: bool = Field(False, description="Only answer what would come of it; nothing is stored")
    level: Level | None = Field(None, description="With `dry_run`: the segments of this level only")


class Preview(BaseModel):
    """What the settings would give."""

    settings: dict[str, Any]
    counts: dict[str, int] = Field(description="Segments by level")
    segments: list[Segment]
