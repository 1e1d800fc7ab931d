"""What search answers: moments of videos (pydantic). Only shapes."""

from __future__ import annotations

from pydantic import BaseModel, Field

from cluster.contract.vocabulary import Level, MomentSource, SearchWay


class SegmentPlace(BaseModel):
    """Names a segment of the video's shown revision."""

    level: Level
    index: int


class FoundMoment(BaseModel):
    """A moment of a video that has the words or means the same, in seconds as a player shows them."""

    video_id: str
    filename: str
    segment: SegmentPlace | None = Field(
        description="The scene that contains its start; null where none does"
    )
    start_s: float = Field(description="Of the matching words, where the words of a sentence have times")
    end_s: float
    source: MomentSource = Field(
        description="Words said or shown, title of a scene or chapter, tag of the picture, name of the file"
    )
    snippet: str = Field(description="Plain text around the match")
    matches: list[list[int]] = Field(
        description="Stretches of the snippet that match, each [from, to] in characters (code points)"
    )
    score: float = Field(
        description="0..1, to compare the hits of one query. By words alone: from 0.5 on, all words match. "
        "By meaning as well: from the ranks in both ways, 1 if it is the first in both"
    )
    ways: list[SearchWay] = Field(
        description="How it was found: by its words, by what it means. One that was found by meaning alone "
        "has no `matches`"
    )
    thumbnail: str | None = Field(description="Address of a keyframe's image")


class SearchResults(BaseModel):
    """One page of moments, best first."""

    items: list[FoundMoment]
    next_cursor: str | None
    ways: list[SearchWay] = Field(
        description="How was searched; `meaning` is missing where it cannot be, or gave no answer in time"
    )
