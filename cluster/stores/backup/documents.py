"""Documents of MongoDB into a backup and back: what a snapshot of PostgreSQL names, and nothing else.

A timeline that was made after the snapshot must not be in it: the next lease would find its own number taken,
and keep a result that was made with other settings. Knows MongoDB; rows are handed in.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import bson

from cluster.stores.backup.manifest import StoredPart, documents_path, open_private
from cluster.stores.mongodb.inventory import COLLECTIONS, Inventory

_OF_TRACKS = ("plans", "chunks", "speech", "spoken", "transcripts")
_BATCH_BYTES = 8 << 20
"""Of documents in one request; MongoDB takes 48 MB."""
_BATCH_DOCUMENTS = 500
_IDS = 200
"""Ids whose tracks are read by one request to a collection: nx-27017 goes through all of it for each."""


class _Output:
    """A file of documents that is being written."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: BinaryIO = open_private(path)
        self._digest = hashlib.sha256()
        self._bytes = 0

    def write(self, raw: bytes) -> None:
        self._file.write(raw)
        self._digest.update(raw)
        self._bytes += len(raw)

    def close(self) -> StoredPart:
        with self._file:
            self._file.flush()
            os.fsync(self._file.fileno())
        return StoredPart(bytes=self._bytes, sha256=self._digest.hexdigest())


def save_documents(
    inventory: Inventory,
    folder: Path,
    videos: Mapping[str, str],
    timelines: Mapping[str, Collection[str]],
) -> tuple[dict[str, StoredPart], list[str]]:
    """Writes a file for each collection; returns these, and the timelines that were not there whole.

    `videos`: the key of the tracks by id. `timelines`: those to copy, by video.
    """
    outputs = {name: _Output(documents_path(folder, name)) for name in COLLECTIONS}
    lost: list[str] = []
    try:
        ids = sorted(videos.keys() | set(videos.values()))
        for at in range(0, len(ids), _IDS):
            some = ids[at : at + _IDS]
            payloads = _save_tracks(inventory, outputs, some)
            for id_ in some:
                lost += _save_timelines(inventory, outputs, id_, timelines.get(id_, ()), payloads)
            for document in inventory.documents("payloads", some[0], some[-1]):
                if document["_id"].rpartition(":")[0] in payloads:
                    outputs["payloads"].write(bytes(document.raw))
    finally:
        parts = {name: output.close() for name, output in outputs.items()}
    return parts, lost


def load_documents(inventory: Inventory, folder: Path) -> None:
    """Stores the documents of a backup, those that are named before those that name them."""
    for collection in COLLECTIONS:
        batch: list[dict[str, Any]] = []
        size = 0
        with documents_path(folder, collection).open("rb") as file:
            for raw in _raw_documents(file):
                batch.append(bson.decode(raw))
                size += len(raw)
                if size >= _BATCH_BYTES or len(batch) >= _BATCH_DOCUMENTS:
                    inventory.insert(collection, batch)
                    batch, size = [], 0
        if batch:
            inventory.insert(collection, batch)


def _save_tracks(inventory: Inventory, outputs: Mapping[str, _Output], ids: list[str]) -> set[str]:
    """Writes plans, chunks and words of these ids, in order; returns the payloads that they name."""
    payloads: set[str] = set()
    wanted = set(ids)
    for name in _OF_TRACKS:
        for document in inventory.documents(name, ids[0], ids[-1]):
            if document["_id"].partition(":")[0] not in wanted:
                continue
            outputs[name].write(bytes(document.raw))
            if "payload" in document:
                payloads.add(document["payload"]["id"])
    return payloads


def _save_timelines(
    inventory: Inventory,
    outputs: Mapping[str, _Output],
    video_id: str,
    wanted: Collection[str],
    payloads: set[str],
) -> list[str]:
    """Writes the wanted timelines, adds the payloads they name; returns those that are not there whole."""
    found: set[str] = set()
    for document in inventory.documents("timelines", video_id, video_id):
        if document["_id"] not in wanted:
            continue
        written, key = 0, document["segments_key"]
        for segment in inventory.documents("segments", key, key):
            outputs["segments"].write(bytes(segment.raw))
            written += 1
        outputs["timelines"].write(bytes(document.raw))
        if "payload" in document:
            payloads.add(document["payload"]["id"])
        if written == document["segment_count"]:
            found.add(document["_id"])
    return sorted(set(wanted) - found)


def _raw_documents(file: BinaryIO) -> Iterator[bytes]:
    """A document of BSON begins with its length in four bytes, least significant first."""
    while head := file.read(4):
        yield head + file.read(int.from_bytes(head, "little") - 4)
