"""Filter and order of a listing of segments.

Ordered by level (shots, scenes, chapters), then by index; provisional shots by their first frame. Knows the
keys of a segment that it filters by; does not know where segments are stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cluster.contract.vocabulary import CONTENT, LEVELS, VIDEO_START
from cluster.errors import UsageError
from cluster.stores.mongodb.keys import below
from cluster.stores.page import decode_cursor

_INDEX_DIGITS = 8  # as text in a key, so that it sorts like the number
LAST_INDEX = 10**_INDEX_DIGITS - 1


def segment_key(segments_key: str, level: str, index: int) -> str:
    """The key of a segment below `segments_key`; keys sort by (level, index)."""
    return f"{segments_key}:{LEVELS.index(level)}:{index:0{_INDEX_DIGITS}d}"


@dataclass(frozen=True, slots=True)
class SegmentFilter:
    """Conditions of a listing; None: no condition. The time range keeps segments that overlap [from_s, to_s),
    in seconds. `tag` is one of the picture's tags. `min_confidence` is compared with the confidence of a
    segment's first boundary; a segment at the start of the video always passes. Segments that were stored
    before there were roles have none but content.
    """

    level: str | None = None
    label: str | None = None
    from_s: float | None = None
    to_s: float | None = None
    tag: str | None = None
    min_confidence: float | None = None
    role: str | None = None

    def __post_init__(self) -> None:
        if self.level is not None and self.level not in LEVELS:
            raise UsageError(
                f"There is no level {self.level!r}; choose one of {', '.join(LEVELS)}.", code="bad_level"
            )

    def to_query(self, segments_key: str, after: tuple[str, int] | None) -> dict[str, Any]:
        """The conditions as a query of MongoDB: keys below `segments_key`, after that (level, index)."""
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
        if self.tag is not None:
            query["visual.tags.label"] = self.tag
        if self.role is not None:
            query["role"] = {"$in": [self.role, None]} if self.role == CONTENT else self.role
        if self.min_confidence is not None:
            query["$or"] = [
                {"start_boundary.kind": VIDEO_START},
                {"start_boundary.confidence": {"$gte": self.min_confidence}},
            ]
        return query

    def takes(self, segment: Mapping[str, Any]) -> bool:
        """Whether a segment meets all conditions."""
        return (
            (self.level is None or segment["level"] == self.level)
            and (self.label is None or segment["label"] == self.label)
            and (self.to_s is None or segment["start_s"] < self.to_s)
            and (self.from_s is None or segment["end_s"] > self.from_s)
            and (self.tag is None or self.tag in _tags(segment))
            and (self.role is None or self.role == segment.get("role", CONTENT))
            and (self.min_confidence is None or _confidence(segment) >= self.min_confidence)
        )


def decode_frame_cursor(cursor: str) -> int:
    """Decodes a cursor of provisional shots to its frame; UsageError (`bad_cursor`) for another cursor."""
    return int(decode_cursor(cursor, int)[0])


def _tags(segment: Mapping[str, Any]) -> set[str]:
    return {tag["label"] for tag in (segment["visual"] or {}).get("tags", ())}


def _confidence(segment: Mapping[str, Any]) -> float:
    boundary = segment["start_boundary"]
    return 1.0 if boundary["kind"] == VIDEO_START else float(boundary["confidence"])
