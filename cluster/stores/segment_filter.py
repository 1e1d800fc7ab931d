"""Which segments of a listing are wanted, and in what order they come.

Level by level (shots, scenes, chapters), by index within a level. Knows the few keys of a segment it
filters by and nothing of where segments are stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cluster.errors import UsageError
from cluster.stores.keys import below

LEVELS = ("shot", "scene", "chapter")
_INDEX_DIGITS = 8  # as text in a key, so that it sorts like the number


def segment_key(segments_key: str, level: str, index: int) -> str:
    """The key of a segment below `segments_key`; keys sort by (level, index)."""
    return f"{segments_key}:{LEVELS.index(level)}:{index:0{_INDEX_DIGITS}d}"


@dataclass(frozen=True, slots=True)
class SegmentFilter:
    """None means: any. The time range keeps segments that overlap [from_s, to_s), in seconds."""

    level: str | None = None
    label: str | None = None
    from_s: float | None = None
    to_s: float | None = None

    def __post_init__(self) -> None:
        if self.level is not None and self.level not in LEVELS:
            raise UsageError(
                f"There is no level {self.level!r}; choose one of {', '.join(LEVELS)}.", code="bad_level"
            )

    def to_query(self, segments_key: str, after: tuple[str, int] | None) -> dict[str, Any]:
        """The same as conditions of MongoDB: below `segments_key`, after that (level, index)."""
        keys = below(segments_key)
        if self.level is not None:
            keys = below(f"{segments_key}:{LEVELS.index(self.level)}")
        if after is not None:
            keys["$gt"] = max(keys.pop("$gte"), segment_key(segments_key, *after))
        query: dict[str, Any] = {"key": keys}
        if self.label is not None:
            query["label"] = self.label
        if self.to_s is not None:
            query["start_s"] = {"$lt": self.to_s}
        if self.from_s is not None:
            query["end_s"] = {"$gt": self.from_s}
        return query

    def takes(self, segment: Mapping[str, Any]) -> bool:
        """Whether a segment is wanted."""
        return (
            (self.level is None or segment["level"] == self.level)
            and (self.label is None or segment["label"] == self.label)
            and (self.to_s is None or segment["start_s"] < self.to_s)
            and (self.from_s is None or segment["end_s"] > self.from_s)
        )
