"""Byte strings of any length in MongoDB, whose documents hold 16 MB at most: split into parts, joined on
reading.

A payload never changes. It is named by its content (unless the caller gives a name), so two writes of it,
even at the same moment, have the effect of one. It belongs to a video and is deleted with it. Does not know
the meaning of the bytes.
"""

from __future__ import annotations

import hashlib

from bson.binary import Binary
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from cluster.errors import NotFoundError
from cluster.stores.mongodb.connection import FAST, Document, with_concern
from cluster.stores.mongodb.keys import below, join_key

PART_BYTES = 8 << 20  # half of a document's limit: 14 MB work too, but cost memory in client and server
_DIGEST_CHARS = 32  # of SHA-256: 128 bits


class Payloads:
    """The collection `payloads`. Raises MongoDB's own errors; the caller translates them."""

    def __init__(self, database: Database[Document]) -> None:
        self._collection = with_concern(database, FAST)["payloads"]

    def put(self, video_id: str, payload: bytes, name: str | None = None) -> Document:
        """Stores every part and returns the reference for the document that owns the payload.

        A payload that its owner will delete alone needs a `name` that no other payload has. Does not wait for
        the journal: the write of the owning document, which must follow, waits for both.
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
        """Reads and joins the parts; NotFoundError when they were deleted meanwhile."""
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
        """Deletes one payload that was stored with a `name`."""
        self._collection.delete_many({"_id": below(reference["id"])})

    def delete_video(self, video_id: str) -> None:
        """Deletes all payloads of a video."""
        self._collection.delete_many({"_id": below(video_id)})


def _part_id(payload_id: str, part: int) -> str:
    return f"{payload_id}:{part:04d}"
