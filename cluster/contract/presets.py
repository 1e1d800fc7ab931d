"""Presets, packaged and the owner's own, and settings that are learned from corrections (pydantic)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from cluster.contract.vocabulary import Level

PRESET_NAME = "^[a-z0-9][a-z0-9_-]{0,63}$"
"""Names of own presets: short, without spaces, so that they can stand in addresses and on command lines."""
MOST_VIDEOS = 20
"""Videos that one request learns from at most. No measurement: each is fused some hundred times."""


class PresetDocument(BaseModel):
    """Named settings."""

    name: str
    own: bool = Field(description="False for those that are packaged with the installation")
    based_on: str | None = Field(description="Of an own one: the packaged preset that it changes")
    description: str | None = Field(description="Of a packaged one: what it is for, in a sentence")
    settings: dict[str, Any] = Field(description="What differs from `based_on`, or from the defaults")
    updated_at: datetime | None = Field(description="Of an own one: when it was last changed")


class PresetList(BaseModel):
    """The packaged presets, then the caller's own by name."""

    items: list[PresetDocument]


class PresetWish(BaseModel):
    """What an own preset is to be."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"based_on": "talk", "settings": {"scene_sensitivity": 0.7}}]},
    )

    based_on: str | None = Field(None, max_length=64, description="A packaged preset; `default` if left out")
    settings: dict[str, Any] = Field(description="What is different")


class LearnRequest(BaseModel):
    """Corrected videos, for which the settings are looked for that come nearest to them."""

    model_config = ConfigDict(extra="forbid")

    videos: Annotated[list[str], Field(min_length=1, max_length=MOST_VIDEOS)] = Field(
        description="Ids of videos whose current revision was corrected by hand"
    )
    preset: str | None = Field(
        None, max_length=64, description="Where the search begins; `default` if left out"
    )
    levels: list[Level] | None = Field(
        None, description="The levels that were corrected; all three if left out"
    )


class LevelAgreement(BaseModel):
    """The starts of one level, found with some settings and corrected. Two within 0.2 s are the same."""

    both: int
    only_found: int
    only_corrected: int
    f1: float = Field(description="0..1")


class VideoAgreement(BaseModel):
    """How near one video comes to its corrected result, with the preset and with what was learned."""

    video_id: str
    before: dict[Level, LevelAgreement]
    after: dict[Level, LevelAgreement]


class Learned(BaseModel):
    """The settings that come nearest, and what they change. Nothing is stored."""

    preset: str = Field(description="The packaged preset that `settings` change")
    changed: dict[str, Any] = Field(
        description="What was found, other than where the search began; empty when nothing comes nearer"
    )
    settings: dict[str, Any] = Field(
        description="What a preset of it says: `changed`, and what the preset changes where the search began"
    )
    before: float = Field(description="Mean F1 over levels and videos with the preset")
    after: float = Field(description="The same with `settings`, on the videos that they were learned from")
    held_out: float | None = Field(
        description="The same for each video with what the others alone teach; null for one video, or when "
        "the time did not suffice"
    )
    complete: bool = Field(description="False when the search was ended by its time limit")
    videos: list[VideoAgreement]
