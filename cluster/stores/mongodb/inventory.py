"""What is stored in MongoDB, for a comparison with PostgreSQL or a copy: ids, names, whole documents.

Reads ranges of the indexed keys only, so that the work grows with what is looked at. Does not know what
should be there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
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
Reference = tuple[str, Mapping[str, Any]]
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
        """Yields the ids of videos that the collection has anything of, in order; reads its keys once."""
        field = COLLECTIONS[collection]
        if field == "_id":
            with translated_errors():
                keys = self._database[collection].find({}, {"_id": 1}).sort("_id", ASCENDING)
                yield from (id_ for id_, _ in groupby(str(key["_id"]).partition(":")[0] for key in keys))
            return
        # many segments a video: a request for each id is less than all their keys
        after = ""
        while found := self._first(collection, {"$gt": after}):
            id_ = found.partition(":")[0]
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
        found: set[str] = set()
        wanted = below(video_id)
        while key := self._first("segments", wanted):
            prefix = ":".join(key.split(":")[:2])
            found.add(prefix)
            wanted = {"$gte": prefix + _AFTER_SEPARATOR, "$lt": wanted["$lt"]}
        return found

    def segments_of(self, segments_key: str) -> int:
        """The number of segments stored of one write."""
        # counted here: nx-27017 goes through the whole collection to count
        with translated_errors():
            return sum(1 for _ in self._database["segments"].find({"key": below(segments_key)}, {"key": 1}))

    def payload_parts(self, first: str, last: str) -> dict[str, dict[str, int]]:
        """How many parts are stored of each payload (`id:name`), by id, from the first id to the last.

        Of many ids at once, because nx-27017 goes through the whole collection for a range of `_id`.
        """
        parts: dict[str, dict[str, int]] = {}
        with translated_errors():
            for part in self._database["payloads"].find({"_id": _between(first, last)}, {"_id": 1}):
                payload = str(part["_id"]).rpartition(":")[0]
                of_id = parts.setdefault(payload.partition(":")[0], {})
                of_id[payload] = of_id.get(payload, 0) + 1
        return parts

    def references(self, first: str, last: str) -> dict[str, list[Reference]]:
        """(name of the document, reference) of what plans, chunks and words name, from the first id to the
        last.
        """
        references: dict[str, list[Reference]] = {}
        for collection in _WITH_PAYLOADS:
            with translated_errors():
                for found in self._database[collection].find({"_id": _between(first, last)}, {"payload": 1}):
                    id_ = str(found["_id"]).partition(":")[0]
                    named = (f"{collection}/{found['_id']}", found["payload"])
                    references.setdefault(id_, []).append(named)
        return references

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

    def documents(self, collection: str, first: str, last: str) -> Iterator[RawBSONDocument]:
        """Yields the documents from the first id, or longer prefix of keys, to the last, undecoded."""
        raw: Collection[RawBSONDocument] = self._database[collection].with_options(
            codec_options=self._database.codec_options.with_options(document_class=RawBSONDocument)
        )
        with translated_errors():
            yield from raw.find({COLLECTIONS[collection]: _between(first, last)})

    def insert(self, collection: str, documents: Sequence[Document]) -> None:
        """Adds documents as they were, on disk when this returns."""
        with translated_errors():
            with_concern(self._database, SURE)[collection].insert_many(documents, ordered=False)

    def clear(self) -> None:
        """Deletes everything."""
        with translated_errors():
            for name in COLLECTIONS:
                self._database[name].delete_many({})

    def _first(self, collection: str, keys: Mapping[str, str]) -> str | None:
        """The first key of a range; None if nothing is in it."""
        with translated_errors():
            found = self._database[collection].find({"key": keys}, {"key": 1}).sort("key", ASCENDING).limit(1)
            return next((str(document["key"]) for document in found), None)


def _between(first: str, last: str) -> dict[str, str]:
    """The keys of all ids from the first to the last."""
    return {"$gte": below(first)["$gte"], "$lt": below(last)["$lt"]}
