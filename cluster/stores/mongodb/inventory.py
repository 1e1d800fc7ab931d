"""What is stored in MongoDB, for a comparison with PostgreSQL or a copy: ids, names, whole documents.

Reads ranges of the indexed keys only, so that the work grows with what is looked at. Does not know what
should be there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from bson.raw_bson import RawBSONDocument
from pymongo import ASCENDING
from pymongo.collection import Collection

from cluster.stores.closing import Closing
from cluster.stores.mongodb.connection import (
    DEFAULT_TIMEOUT_S,
    SURE,
    Document,
    make_client,
    translated_errors,
    with_concern,
)
from cluster.stores.mongodb.keys import below

COLLECTIONS: Mapping[str, str] = MappingProxyType(
    {
        "payloads": "_id",
        "plans": "_id",
        "chunks": "_id",
        "speech": "_id",
        "spoken": "_id",
        "transcripts": "_id",
        "segments": "key",
        "timelines": "key",
    }
)
"""Every collection, with the field that begins with the id of a video. What is named comes before what names
it, so that a copy that is written in this order is never read half.
"""
_WITH_PAYLOADS = ("plans", "chunks", "speech", "transcripts")
_AFTER_SEPARATOR = ";"  # ends the range of all keys of one id, see keys.py


@dataclass(frozen=True, slots=True)
class TimelineHead:
    """A timeline's document without its content; `payload` is a reference of payloads.py."""

    timeline_id: str
    segments_key: str
    segment_count: int
    payload: Mapping[str, Any] | None


class Inventory(Closing):
    """Reads what is stored. Every method raises UnavailableError while MongoDB is away."""

    def __init__(self, url: str, database: str, *, timeout_s: float = DEFAULT_TIMEOUT_S) -> None:
        self._client = make_client(url, timeout_s)
        self._database = self._client[database]

    def close(self) -> None:
        """Closes every connection."""
        self._client.close()

    def ids(self, collection: str) -> Iterator[str]:
        """Yields the ids of videos that the collection has anything of, in order; one request an id."""
        field = COLLECTIONS[collection]
        after = ""
        while True:
            with translated_errors():
                found = list(
                    self._database[collection]
                    .find({field: {"$gt": after}}, {field: 1})
                    .sort(field, ASCENDING)
                    .limit(1)
                )
            if not found:
                return
            id_ = str(found[0][field]).partition(":")[0]
            yield id_
            after = id_ + _AFTER_SEPARATOR

    def heads(self, video_id: str) -> list[TimelineHead]:
        """The timelines that are stored of a video."""
        wanted = {"segments_key": 1, "segment_count": 1, "payload": 1}
        with translated_errors():
            found = list(self._database["timelines"].find({"key": below(video_id)}, wanted))
        return [
            TimelineHead(one["_id"], one["segments_key"], one["segment_count"], one.get("payload"))
            for one in found
        ]

    def segments_keys(self, video_id: str) -> set[str]:
        """The writes of which segments are stored (`video_id:write_id`), whole or not."""
        return set(self._prefixes("segments", video_id, parts=2))

    def segments_of(self, segments_key: str) -> int:
        """The number of segments stored of one write."""
        with translated_errors():
            return int(self._database["segments"].count_documents({"key": below(segments_key)}))

    def payload_ids(self, id_: str) -> set[str]:
        """The payloads stored under an id (`id:name`)."""
        return set(self._prefixes("payloads", id_, parts=2))

    def payload_parts(self, payload_id: str) -> int:
        """The number of parts stored of one payload."""
        with translated_errors():
            return len(list(self._database["payloads"].find({"_id": below(payload_id)}, {"_id": 1})))

    def references(self, id_: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yields (key of the document, reference) of every payload that plans, chunks and words name."""
        for collection in _WITH_PAYLOADS:
            with translated_errors():
                for found in self._database[collection].find({"_id": below(id_)}, {"payload": 1}):
                    yield f"{collection}/{found['_id']}", found["payload"]

    def drop_segments(self, segments_key: str) -> None:
        """Deletes the segments of one write, which no timeline names."""
        with translated_errors():
            self._database["segments"].delete_many({"key": below(segments_key)})

    def drop_payload(self, payload_id: str) -> None:
        """Deletes a payload that nothing names."""
        with translated_errors():
            self._database["payloads"].delete_many({"_id": below(payload_id)})

    def is_empty(self) -> bool:
        """Whether nothing is stored."""
        with translated_errors():
            return all(self._database[name].find_one({}, {"_id": 1}) is None for name in COLLECTIONS)

    def documents(self, collection: str, prefix: str) -> Iterator[RawBSONDocument]:
        """Yields the documents below an id, or a longer prefix of keys, undecoded."""
        raw: Collection[RawBSONDocument] = self._database[collection].with_options(
            codec_options=self._database.codec_options.with_options(document_class=RawBSONDocument)
        )
        with translated_errors():
            yield from raw.find({COLLECTIONS[collection]: below(prefix)})

    def insert(self, collection: str, documents: Sequence[Document]) -> None:
        """Adds documents as they were, on disk when this returns."""
        with translated_errors():
            with_concern(self._database, SURE)[collection].insert_many(documents, ordered=False)

    def clear(self) -> None:
        """Deletes everything."""
        with translated_errors():
            for name in COLLECTIONS:
                self._database[name].delete_many({})

    def _prefixes(self, collection: str, id_: str, parts: int) -> Iterator[str]:
        field = COLLECTIONS[collection]
        wanted = below(id_)
        while True:
            with translated_errors():
                found = list(
                    self._database[collection]
                    .find({field: wanted}, {field: 1})
                    .sort(field, ASCENDING)
                    .limit(1)
                )
            if not found:
                return
            prefix = ":".join(str(found[0][field]).split(":")[:parts])
            yield prefix
            wanted = {"$gte": prefix + _AFTER_SEPARATOR, "$lt": wanted["$lt"]}
