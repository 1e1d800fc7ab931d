"""Bytes of any length in MongoDB, whose documents end at 16 MB: split over parts, put together on reading.

A payload never changes. Unless its owner gives it a name of its own it is named by its content, so writing it
twice, or by two writers at once, is the same as writing it once. It belongs to a video and goes with it. Does
not know what the bytes mean.
"""

from __future__ import annotations

import hashlib

from bson.binary import Binary
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from cluster.errors import NotFoundError
from cluster.stores.mongodb.connection import FAST, Document, with_concern
from cluster.stores.mongodb.keys import below, join_key

PART_BYTES = 8 << 20  # half of what a document may hold: 14 MB work too, but cost memory on both sides
_DIGEST_CHARS = 32  # of SHA-256: 128 bits


class Payloads:
    """The collection `payloads`. Errors of MongoDB pass through; the caller translates them."""

    def __init__(self, database: Database[Document]) -> None:
        self._collection = with_concern(database, FAST)["payloads"]

    def put(self, video_id: str, payload: bytes, name: str | None = None) -> Document:
        """Stores every part and returns the reference to keep in the document that owns the payload.

        Give a `name` nobody else uses if the owner will delete it. Written without waiting for the journal:
        the owner's write, which must come after, waits for both.
        """
        payload_id = join_key(video_id, name or hashlib.sha256(payload).hexdigest()[:_DIGEST_CHARS])
        parts = max(1, -(-len(payload) // PART_BYTES))
        view = memoryview(payload)
        for part in range(parts):
            data = Binary(bytes(view[part * PART_BYTES : (part + 1) * PART_BYTES]))
            try:
                self._collection.insert_one({"_id": _part_id(payload_id, part), "data": data})
            except DuplicateKeyError:
                continue  # the same content has been stored before
        return {"id": payload_id, "bytes": len(payload), "parts": parts}

    def get(self, reference: Document) -> bytes:
        """The bytes; NotFoundError when they were deleted meanwhile."""
        parts: list[bytes] = []
        for part in range(reference["parts"]):
            document = self._collection.find_one({"_id": _part_id(reference["id"], part)})
            if document is None:
                raise NotFoundError("The results were deleted while they were read.")
            parts.append(document["data"])
        payload = parts[0] if len(parts) == 1 else b"".join(parts)
        if len(payload) != reference["bytes"]:
            raise ValueError(f"payload of {len(payload)} bytes where {reference['bytes']} were stored")
        return payload

    def delete(self, reference: Document) -> None:
        """Removes one payload that has a name of its own."""
        self._collection.delete_many({"_id": below(reference["id"])})

    def delete_video(self, video_id: str) -> None:
        """Removes all of a video's payloads."""
        self._collection.delete_many({"_id": below(video_id)})


def _part_id(payload_id: str, part: int) -> str:
    return f"{payload_id}:{part:04d}"
