"""Plans and chunks in MongoDB: each video's plan, and each chunk's tracks and provisional shots.

The key is the content (`Video.tracks_key`, which videos of one content share), the analysis settings
(tracks_hash) and the chunk. The content is deterministic, so a second writer of a key writes the same. Does
not know the content of a plan or a track.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pymongo import ASCENDING
from pymongo.database import Database

from cluster.contract.pages import SEGMENTS_PAGE_ITEMS
from cluster.stores.mongodb.connection import (
    SURE,
    Document,
    check_finite,
    translated_errors,
    upsert,
    with_concern,
)
from cluster.stores.mongodb.keys import below, join_key
from cluster.stores.mongodb.payloads import Payloads
from cluster.stores.mongodb.segment_filter import SegmentFilter, decode_frame_cursor
from cluster.stores.page import Page, check_limit, page_of

_INDEX_DIGITS = 8  # as text in a key, so that it sorts like the number


class Chunks:
    """The collections `plans` and `chunks`; their bytes are in payloads.py."""

    def __init__(self, database: Database[Document], payloads: Payloads) -> None:
        self._plans = with_concern(database, SURE)["plans"]
        self._chunks = with_concern(database, SURE)["chunks"]
        self._payloads = payloads

    def _ensure_chunk_indexes(self) -> None:
        """Makes the unique index on the chunk's key; plans and payloads are read by _id."""
        self._chunks.create_index([("key", ASCENDING)], unique=True, name="one_a_key")

    def put_plan(self, tracks_key: str, tracks_hash: str, payload: bytes) -> None:
        """Stores the plan, or the same again."""
        with translated_errors():
            reference = self._payloads.put(tracks_key, payload)
            upsert(
                self._plans,
                {
                    "_id": join_key(tracks_key, tracks_hash),
                    "tracks_key": tracks_key,
                    "tracks_hash": tracks_hash,
                    "payload": reference,
                },
            )

    def get_plan(self, tracks_key: str, tracks_hash: str) -> bytes | None:
        """Reads the plan; None if none is stored."""
        with translated_errors():
            document = self._plans.find_one({"_id": join_key(tracks_key, tracks_hash)})
            return None if document is None else self._payloads.get(document["payload"])

    def put_chunk(
        self,
        tracks_key: str,
        tracks_hash: str,
        index: int,
        *,
        start_frame: int,
        end_frame: int,
        payload: bytes,
        shots: Sequence[Mapping[str, Any]],
    ) -> None:
        """Stores a finished chunk, on disk when this returns; `shots` are segment documents of level shot."""
        check_finite(shots, "shots")
        key = join_key(tracks_key, tracks_hash, f"{index:0{_INDEX_DIGITS}d}")
        with translated_errors():
            reference = self._payloads.put(tracks_key, payload)
            upsert(
                self._chunks,
                {
                    "_id": key,
                    "key": key,
                    "tracks_key": tracks_key,
                    "tracks_hash": tracks_hash,
                    "index": index,
                    "start_frame": start_frame,
                    "end_frame": end_frame,
                    "shots": [dict(shot) for shot in shots],
                    "payload": reference,
                },
            )

    def stored_chunks(self, tracks_key: str, tracks_hash: str) -> set[int]:
        """The indices of the stored chunks, which need no analysis."""
        with translated_errors():
            return {document["index"] for document in self._heads(tracks_key, tracks_hash, "index")}

    def load_chunks(self, tracks_key: str, tracks_hash: str) -> Iterator[tuple[int, bytes]]:
        """Yields index and tracks of every stored chunk in order, with one in memory at a time."""
        with translated_errors():
            heads = self._heads(tracks_key, tracks_hash, "index", "payload")
        for head in heads:
            with translated_errors():
                payload = self._payloads.get(head["payload"])
            yield head["index"], payload

    def provisional_segments(
        self,
        tracks_key: str,
        tracks_hash: str | None,
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
        """A page of the provisional shots: those of the chunks stored so far, in the order of the video.

        Their indices count the present shots, so they change when an earlier chunk arrives. The cursor is a
        frame and does not.
        """
        wanted = SegmentFilter(level, label, from_s, to_s, tag, min_confidence, role)
        check_limit(limit)
        after_frame = -1 if cursor is None else decode_frame_cursor(cursor)
        if tracks_hash is None:
            return Page(())
        with translated_errors():
            heads = self._heads(tracks_key, tracks_hash, "index", "shots")
        shots = [shot for head in heads for shot in head["shots"]]
        shots.sort(key=lambda shot: int(shot["start_frame"]))
        found = [
            {**shot, "index": index}
            for index, shot in enumerate(shots)
            if shot["start_frame"] > after_frame and wanted.takes(shot)
        ]
        return page_of(found, limit, lambda shot: (shot["start_frame"],))

    def _delete_chunks(self, tracks_key: str) -> None:
        """Deletes a video's plans and chunks; the caller deletes the payloads."""
        self._plans.delete_many({"_id": below(tracks_key)})
        self._chunks.delete_many({"_id": below(tracks_key)})

    def _heads(self, tracks_key: str, tracks_hash: str, *fields: str) -> list[Document]:
        projection: dict[str, int] = {"_id": 0} | dict.fromkeys(fields, 1)
        found = self._chunks.find({"key": below(join_key(tracks_key, tracks_hash))}, projection)
        return list(found.sort("key", ASCENDING))
