"""Corrections by hand: the starts that a person gives to the segments of a video (pydantic).

Only shapes: `serve_app.videos.revising.corrections` compares them with the result that is corrected.
"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cluster.contract.clips import PRINTABLE
from cluster.contract.vocabulary import BoundaryKind

MAX_TITLE_CHARS = 200
"""Of a title: longer ones do not fit into the menus of players."""
MAX_NOTE_CHARS = 1000
"""Of a note on a revision: a few sentences."""
MAX_SHOTS = 20_000
"""In one request: a whole day at one cut in 4.3 s. The fuser needs some 0.6 ms for each segment."""
MAX_GROUPS = 5_000
"""Scenes in one request, and chapters: a whole day at one in 17 s."""

Frame = Annotated[int, Field(ge=0, le=2**31 - 1)]
Locked = Annotated[
    bool | None,
    Field(
        description="true: later fusions keep this start. false: they decide about it. Left out: as it was, "
        "and true where the start is new or changed"
    ),
]


class ShotStart(BaseModel):
    """Where a shot starts, and by which transition."""

    model_config = ConfigDict(extra="forbid")

    start_frame: Frame
    kind: BoundaryKind | None = Field(None, description="Left out: as it was; `cut` where nothing was")
    from_frame: Frame | None = Field(None, description="The transition's first frame")
    to_frame: Frame | None = Field(None, description="The first frame after the transition")
    locked: Locked = None


class GroupStart(BaseModel):
    """Where a scene or chapter starts, and what it is called."""

    model_config = ConfigDict(extra="forbid")

    start_frame: Frame
    title: str | None = Field(
        None,
        max_length=MAX_TITLE_CHARS,
        pattern=PRINTABLE,
        description="Left out, or as it is: stays. null or empty: the automatic one",
    )
    locked: Locked = None


# The first entry of another shape ends the check: an error for each of thousands takes seconds to make.
ShotStarts = Annotated[list[ShotStart], Field(max_length=MAX_SHOTS, fail_fast=True)]
GroupStarts = Annotated[list[GroupStart], Field(max_length=MAX_GROUPS, fail_fast=True)]


class CorrectionsRequest(BaseModel):
    """The starts of all segments of a level, in order. A level that is left out stays as it is."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "shots": [{"start_frame": 0}, {"start_frame": 120, "kind": "cut"}],
                    "scenes": [{"start_frame": 0, "title": "At the harbour"}],
                    "note": "The cut at the gate was missing.",
                }
            ]
        },
    )

    shots: ShotStarts | None = None
    scenes: GroupStarts | None = None
    chapters: GroupStarts | None = None
    note: str | None = Field(
        None, max_length=MAX_NOTE_CHARS, pattern=r"^[^\x00]*$", description="For people: why"
    )

    @model_validator(mode="after")
    def _has_a_level(self) -> Self:
        if self.shots is None and self.scenes is None and self.chapters is None:
            raise ValueError("give at least one of shots, scenes and chapters")
        return self
