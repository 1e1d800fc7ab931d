"""Words in MongoDB: what is said and what is shown in a video, the parts of each as they are recognised, the
whole.

A recogniser is a speech model or a reader of text on screen. It first finds where there is something to
recognise (the outline), then recognises that in groups, each stored by itself, and joins them. The key is
the content (`Video.tracks_key`), the analysis settings (tracks_hash) and the recogniser. What it finds is
deterministic, so a second writer of a key writes the same, and videos of one content share it. Does not know
what the bytes of an outline and the rows of a group mean.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from pymongo import ASCENDING
from pymongo.database import Database

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

_GROUP_DIGITS = 6
"""As text in a key, so that it sorts like the number."""


class Transcripts:
    """The collections `speech` (outlines), `spoken` (groups) and `transcripts` (wholes), named for what was
    recognised first; long bytes are in payloads.py.
    """

    def __init__(self, database: Database[Document], payloads: Payloads) -> None:
        self._outlines = with_concern(database, SURE)["speech"]
        self._groups = with_concern(database, SURE)["spoken"]
        self._wholes = with_concern(database, SURE)["transcripts"]
        self._payloads = payloads

    def _ensure_transcript_indexes(self) -> None:
        """Makes the unique index on the group's key; the others are read by _id."""
        self._groups.create_index([("key", ASCENDING)], unique=True, name="one_a_key")

    def put_outline(
        self,
        tracks_key: str,
        tracks_hash: str,
        recogniser: str,
        outline: bytes,
        groups: int,
        language: str | None = None,
    ) -> None:
        """Stores where there is something to recognise, in how many groups, and the language of speech."""
        with translated_errors():
            reference = self._payloads.put(tracks_key, outline)
            upsert(
                self._outlines,
                {
                    "_id": join_key(tracks_key, tracks_hash, recogniser),
                    "payload": reference,
                    "language": language,
                    "groups": groups,
                },
            )

    def get_outline(
        self, tracks_key: str, tracks_hash: str, recogniser: str
    ) -> tuple[bytes, int, str | None] | None:
        """What `put_outline` stored: (outline, groups, language); None if nothing is."""
        with translated_errors():
            found = self._outlines.find_one({"_id": join_key(tracks_key, tracks_hash, recogniser)})
            if found is None:
                return None
            return self._payloads.get(found["payload"]), int(found["groups"]), found["language"]

    def put_recognised(
        self,
        tracks_key: str,
        tracks_hash: str,
        recogniser: str,
        group: int,
        rows: Sequence[Mapping[str, Any]],
    ) -> None:
        """Stores what was recognised in a group, on disk when this returns."""
        check_finite(rows, "rows")
        key = join_key(tracks_key, tracks_hash, recogniser, f"{group:0{_GROUP_DIGITS}d}")
        with translated_errors():
            upsert(self._groups, {"_id": key, "key": key, "group": group, "windows": [*map(dict, rows)]})

    def recognised_groups(self, tracks_key: str, tracks_hash: str, recogniser: str) -> set[int]:
        """The numbers of the groups that are stored."""
        wanted = {"key": below(join_key(tracks_key, tracks_hash, recogniser))}
        with translated_errors():
            return {found["group"] for found in self._groups.find(wanted, {"group": 1})}

    def recognised(self, tracks_key: str, tracks_hash: str, recogniser: str) -> list[dict[str, Any]]:
        """The rows of all stored groups, in the order of the groups."""
        wanted = {"key": below(join_key(tracks_key, tracks_hash, recogniser))}
        with translated_errors():
            groups = {found["group"]: found["windows"] for found in self._groups.find(wanted)}
        return [row for group in sorted(groups) for row in groups[group]]

    def put_transcript(
        self, tracks_key: str, tracks_hash: str, model: str, document: Mapping[str, Any] | None
    ) -> None:
        """Stores the contract's transcript; None where nothing is said."""
        check_finite(document)
        self._put_whole(join_key(tracks_key, tracks_hash, model), tracks_key, document)

    def get_transcript(self, tracks_key: str, tracks_hash: str, model: str) -> dict[str, Any] | None:
        """What `put_transcript` stored; None where nothing is said, or nothing is stored."""
        document: dict[str, Any] | None = self._get_whole(join_key(tracks_key, tracks_hash, model))
        return document

    def put_screen_text(
        self, tracks_key: str, tracks_hash: str, reader: str, entries: Sequence[Mapping[str, Any]]
    ) -> None:
        """Stores the contract's screen_text."""
        check_finite(entries, "entries")
        self._put_whole(join_key(tracks_key, tracks_hash, reader), tracks_key, [*map(dict, entries)])

    def get_screen_text(self, tracks_key: str, tracks_hash: str, reader: str) -> list[dict[str, Any]] | None:
        """What `put_screen_text` stored; None where nothing is stored."""
        entries: list[dict[str, Any]] | None = self._get_whole(join_key(tracks_key, tracks_hash, reader))
        return entries

    def words_at(self, tracks_key: str, reference: Mapping[str, Any]) -> dict[str, Any]:
        """{"transcript", "screen_text"} where a reference (`TranscriptJob.reference`) says that they are;
        None for each that it leaves out or that is not stored."""
        model, reader = reference.get("model"), reference.get("reader")
        key = (tracks_key, str(reference.get("tracks_hash", "")))
        return {
            "transcript": None if model is None else self.get_transcript(*key, model),
            "screen_text": None if reader is None else self.get_screen_text(*key, reader),
        }

    def _put_whole(self, key: str, tracks_key: str, document: Any) -> None:
        packed = zlib.compress(json.dumps(document, ensure_ascii=False).encode())
        with translated_errors():
            reference = self._payloads.put(tracks_key, packed)
            upsert(self._wholes, {"_id": key, "payload": reference})

    def _get_whole(self, key: str) -> Any:
        with translated_errors():
            found = self._wholes.find_one({"_id": key})
            if found is None:
                return None
            packed = self._payloads.get(found["payload"])
        return json.loads(zlib.decompress(packed))

    def _delete_transcripts(self, tracks_key: str) -> None:
        """Deletes all of a video's words; the caller deletes the payloads."""
        for collection in (self._outlines, self._groups, self._wholes):
            collection.delete_many({"_id": below(tracks_key)})
