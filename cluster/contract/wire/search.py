"""Moments that search found."""

from __future__ import annotations

from typing import TypedDict

from cluster.contract.vocabulary import Level, MomentSource, SearchWay


class SegmentPlace(TypedDict):
    """Names a segment of the video's shown revision."""

    level: Level
    index: int


class FoundMoment(TypedDict):
    """A moment of a video that has the words, or means the same (`ways`). `matches`: stretches of the
    snippet, each [from, to] in characters. `segment` is null where no scene contains the moment.
    """

    video_id: str
    filename: str
    segment: SegmentPlace | None
    start_s: float
    end_s: float
    source: MomentSource
    snippet: str
    matches: list[list[int]]
    score: float
    ways: list[SearchWay]
    thumbnail: str | None
