"""Finished timelines in MongoDB: the segments of one revision, and the document they belong to.

A timeline is written once and never changed. Each write stores its segments under a random id, and then the
timeline's document with that id. So readers find the segments only when all are stored, and never those of an
interrupted writer. PostgreSQL says which timeline of a video is the current one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from typing import Any

import bson
from pymongo import ASCENDING
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from cluster.contract.pages import MAX_PAGE_ITEMS, SEGMENTS_PAGE_ITEMS
from cluster.contract.vocabulary import LEVELS
from cluster.errors import UsageError
from cluster.stores.ids import new_id
from cluster.stores.mongodb.connection import (
    FAST,
    SURE,
    Document,
    check_finite,
    translated_errors,
    with_concern,
)
from cluster.stores.mongodb.keys import below, join_key
from cluster.stores.mongodb.payloads import Payloads
from cluster.stores.mongodb.segment_filter import (
    LAST_INDEX,
    SegmentFilter,
    decode_frame_cursor,
    segment_key,
)
from cluster.stores.page import Page, bad_cursor, check_limit, decode_cursor, page_of

_SEGMENTS_PER_INSERT = 500  # so that one writer does not block the others for long; no measurement
_INLINE_BYTES = (
    1 << 20
)  # larger documents (curves of long videos) are stored as a payload; the limit is 16 MB
_NOT_OURS = {"_id": 0, "key": 0, "timeline_id": 0, "video_id": 0, "revision": 0}


class Timelines:
    """The collections `timelines` and `segments`."""

    def __init__(self, database: Database[Document], payloads: Payloads) -> None:
        self._segments = with_concern(database, FAST)["segments"]
        self._timelines = with_concern(database, SURE)["timelines"]
        self._payloads = payloads

    def _ensure_timeline_indexes(self) -> None:
        """Makes the unique indexes: on the timeline, and on the segment's place in it."""
        for collection in (self._timelines, self._segments):
            collection.create_index([("key", ASCENDING)], unique=True, name="one_a_key")

    def put_timeline(
        self,
        timeline_id: str,
        video_id: str,
        revision: int,
        segments: Sequence[Mapping[str, Any]],
        document: Mapping[str, Any],
    ) -> None:
        """Stores a whole timeline, on disk when this returns; does nothing if it is stored already.

        ValueError for numbers that are not finite. After an exception readers see nothing of it.
        """
        check_finite(segments, "segments")
        check_finite(document)
        with translated_errors():
            if self._timelines.find_one({"_id": timeline_id}, {"_id": 1}) is not None:
                return
            write_id = new_id()
            segments_key = join_key(video_id, write_id)
            common = {"timeline_id": timeline_id, "video_id": video_id, "revision": revision}
            rows = [
                {**segment, **common, "key": segment_key(segments_key, segment["level"], segment["index"])}
                for segment in segments
            ]
            for begin in range(0, len(rows), _SEGMENTS_PER_INSERT):
                self._segments.insert_many(rows[begin : begin + _SEGMENTS_PER_INSERT], ordered=False)
            head: Document = {
                "_id": timeline_id,
                "key": f"{video_id}:{timeline_id}",
                "video_id": video_id,
                "revision": revision,
                "segments_key": segments_key,
                "segment_count": len(rows),
                "counts": _counted(segments),
            }
            encoded = bson.encode(document)
            if len(encoded) <= _INLINE_BYTES:
                head["document"] = dict(document)
            else:
                head["payload"] = self._payloads.put(video_id, encoded, name=write_id)
            try:
                self._timelines.insert_one(head)
            except DuplicateKeyError:  # another writer of this timeline was faster; its segments are used
                self._segments.delete_many({"key": below(segments_key)})

    def segments(
        self,
        timeline_id: str,
        level: str | None = None,
        label: str | None = None,
        from_s: float | None = None,
        to_s: float | None = None,
        limit: int = SEGMENTS_PAGE_ITEMS,
        cursor: str | None = None,
        *,
        tag: str | None = None,
        min_confidence: float | None = None,
        role: str | None = None,
    ) -> Page[dict[str, Any]]:
        """A page of segments by level (shot, scene, chapter) and index; empty if the timeline is not stored
        whole.

        A cursor is valid within its own timeline: UsageError (`bad_cursor`) with another one, see
        `timeline_of_cursor`. A cursor of provisional shots goes on with the first shot that starts later.
        """
        wanted = SegmentFilter(level, label, from_s, to_s, tag, min_confidence, role)
        check_limit(limit)
        with translated_errors():
            head = self._timelines.find_one({"_id": timeline_id}, {"segments_key": 1})
            if head is None:
                return Page(())
            after = None if cursor is None else self._after(cursor, timeline_id, head["segments_key"])
            query = wanted.to_query(head["segments_key"], after)
            found = self._segments.find(query, _NOT_OURS).sort("key", ASCENDING).limit(limit + 1)
            items = tuple(found)
            # A deletion begins with the document. If that is still there, no segment was missing above.
            if self._timelines.find_one({"_id": timeline_id}, {"_id": 1}) is None:
                return Page(())
        return page_of(items, limit, lambda segment: (timeline_id, segment["level"], segment["index"]))

    def all_segments(self, timeline_id: str, level: str | None = None) -> list[dict[str, Any]]:
        """Reads every segment, of one level or of all, in order."""
        found: list[dict[str, Any]] = []
        cursor = None
        while True:
            page = self.segments(timeline_id, level, limit=MAX_PAGE_ITEMS, cursor=cursor)
            found += page.items
            cursor = page.next_cursor
            if cursor is None:
                return found

    def counts(self, timeline_id: str) -> dict[str, int]:
        """The number of segments of each level; empty for a timeline that is not stored."""
        with translated_errors():
            head = self._timelines.find_one({"_id": timeline_id}, {"segments_key": 1, "counts": 1})
            if head is None:
                return {}
            if "counts" in head:
                return dict(head["counts"])
            keys = (below(f"{head['segments_key']}:{number}") for number in range(len(LEVELS)))
            found = [self._segments.count_documents({"key": key}) for key in keys]
        return dict(zip(LEVELS, found, strict=True))

    def timeline(self, timeline_id: str) -> dict[str, Any] | None:
        """Reads the document as it was put, with timeline_id, video_id, revision and segment_count added."""
        with translated_errors():
            head = self._timelines.find_one({"_id": timeline_id})
            if head is None:
                return None
            document: Document = (
                head["document"] if "document" in head else bson.decode(self._payloads.get(head["payload"]))
            )
        names = ("video_id", "revision", "segment_count")
        return {**document, "timeline_id": timeline_id, **{name: head[name] for name in names}}

    def drop_timeline(self, timeline_id: str) -> None:
        """Deletes one timeline; does nothing if it is not stored."""
        self._drop({"_id": timeline_id}, keep=())

    def drop_other_timelines(self, video_id: str, keep: Container[str]) -> None:
        """Deletes the video's timelines except those in `keep`.

        Segments of an interrupted writer stay until the video is deleted: they look the same as segments that
        are being written at this moment.
        """
        self._drop({"key": below(video_id)}, keep)

    def _drop(self, query: Document, keep: Container[str]) -> None:
        with translated_errors():
            heads = self._timelines.find(query, {"segments_key": 1, "payload": 1})
            for head in list(heads):
                if head["_id"] in keep:
                    continue
                self._timelines.delete_one({"_id": head["_id"]})
                self._segments.delete_many({"key": below(head["segments_key"])})
                if "payload" in head:
                    self._payloads.delete(head["payload"])

    def delete_timelines(self, video_id: str) -> None:
        """Deletes all timelines of a video, the documents first, and segments of interrupted writers."""
        self.drop_other_timelines(video_id, keep=())
        with translated_errors():
            self._segments.delete_many({"key": below(video_id)})

    def _after(self, cursor: str, timeline_id: str, segments_key: str) -> tuple[str, int]:
        """Level and index of the last segment before the page, from the cursor."""
        if timeline_of_cursor(cursor) is not None:
            of_timeline, level, index = decode_cursor(cursor, str, str, int)
            if of_timeline != timeline_id or level not in LEVELS:
                raise bad_cursor()
            return str(level), int(index)
        shots = LEVELS[0]
        keys = below(f"{segments_key}:{LEVELS.index(shots)}")
        later = {"key": keys, "start_frame": {"$gt": decode_frame_cursor(cursor)}}
        following = list(self._segments.find(later, {"index": 1}).sort("key", ASCENDING).limit(1))
        return shots, following[0]["index"] - 1 if following else LAST_INDEX


def timeline_of_cursor(cursor: str) -> str | None:
    """The timeline that a cursor belongs to; None for a cursor of provisional shots or of another listing."""
    try:
        return str(decode_cursor(cursor, str, str, int)[0])
    except UsageError:
        return None


def _counted(segments: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    found = Counter(segment["level"] for segment in segments)
    return {level: found[level] for level in LEVELS}
