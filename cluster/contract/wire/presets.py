"""Presets, and what is learned from corrections."""

from __future__ import annotations

from typing import Any, TypedDict

from cluster.contract.vocabulary import Level


class Preset(TypedDict):
    """Named settings: what differs from `based_on`, a packaged preset, or from the defaults."""

    name: str
    own: bool
    based_on: str | None
    description: str | None
    settings: dict[str, Any]
    updated_at: str | None


class LevelAgreement(TypedDict):
    """The starts of one level, found with some settings and corrected."""

    both: int
    only_found: int
    only_corrected: int
    f1: float


class VideoAgreement(TypedDict):
    """How near one video comes to its corrected result, with the preset and with what was learned."""

    video_id: str
    before: dict[Level, LevelAgreement]
    after: dict[Level, LevelAgreement]


class Learned(TypedDict):
    """The settings that come nearest to corrected results: what was found, and what a preset of it says. F1
    in 0..1."""

    preset: str
    changed: dict[str, Any]
    settings: dict[str, Any]
    before: float
    after: float
    held_out: float | None
    complete: bool
    videos: list[VideoAgreement]
