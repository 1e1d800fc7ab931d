"""The manifest of a backup: what is in it, with sizes and digests, and what could not be in it.

It is written last, so a directory without one is no backup. Knows no store.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import BaseModel, ValidationError

from cluster.errors import UsageError

FORMAT = 1
NAME = "manifest.json"
MEDIA_LIST = "media.jsonl"
MEDIA_DIR = "media"
_PIECE_BYTES = 1 << 20


class StoredPart(BaseModel):
    """A file of the backup itself."""

    bytes: int
    sha256: str


class Table(StoredPart):
    """The rows of one table, in the text format of COPY."""

    columns: list[str]


class Missing(BaseModel):
    """What PostgreSQL named at that moment, and what was gone when it was to be copied.

    `videos` were deleted meanwhile. `timelines`, `files` and `uploads` were lost before, or replaced.
    """

    videos: list[str] = []
    timelines: list[str] = []
    files: list[str] = []
    uploads: list[str] = []


class Manifest(BaseModel):
    """`schema_version`: number of the last migration. `documents`: parts by collection."""

    format: int = FORMAT
    version: str
    schema_version: int
    created_at: str
    tables: dict[str, Table]
    documents: dict[str, StoredPart]
    media: StoredPart
    media_files: int
    media_bytes: int
    missing: Missing


def write(folder: Path, manifest: Manifest) -> None:
    """Writes it, whole or not at all."""
    temporary = folder / f".{NAME}"
    with open_private(temporary) as file:
        file.write(manifest.model_dump_json(indent=1).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(folder / NAME)


def read(folder: Path) -> Manifest:
    """Reads it; UsageError (`not_a_backup`) where there is none of this format."""
    try:
        text = (folder / NAME).read_text(encoding="utf-8")
        found = Manifest.model_validate_json(text)
    except (OSError, UnicodeError, ValidationError) as error:
        raise UsageError(
            f"{folder} is no finished backup: {NAME} is missing or not of this format.", code="not_a_backup"
        ) from error
    if found.format != FORMAT:
        raise UsageError(
            f"{folder} has the format {found.format}, and this version reads {FORMAT}. Update it first.",
            code="not_a_backup",
        )
    return found


def open_private(path: Path) -> BinaryIO:
    """Opens a new file that this account alone can read: there are secrets of webhooks and links in it."""
    return open(path, "wb", opener=lambda name, flags: os.open(name, flags, 0o600))


def write_part(path: Path, pieces: Iterable[bytes]) -> StoredPart:
    """Writes a file of the backup, on disk when this returns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with open_private(path) as file:
        for piece in pieces:
            file.write(piece)
            digest.update(piece)
            size += len(piece)
        file.flush()
        os.fsync(file.fileno())
    return StoredPart(bytes=size, sha256=digest.hexdigest())


def read_part(path: Path) -> Iterator[bytes]:
    """Yields the bytes of a file of the backup."""
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            yield piece


def digest_of(path: Path) -> StoredPart:
    """Size and digest of a file as it is now."""
    digest, size = hashlib.sha256(), 0
    for piece in read_part(path):
        digest.update(piece)
        size += len(piece)
    return StoredPart(bytes=size, sha256=digest.hexdigest())


def media_lines(folder: Path) -> Iterator[dict[str, Any]]:
    """Yields {"key", "bytes", "sha256"} of every file of the media store."""
    with (folder / MEDIA_LIST).open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def verify(folder: Path, manifest: Manifest) -> None:
    """Compares every file with its digest; UsageError (`backup_damaged`) names the first that differs."""
    for path, part in _parts(folder, manifest):
        _compare(path, part)
    for line in media_lines(folder):
        _compare(folder / MEDIA_DIR / line["key"], StoredPart(bytes=line["bytes"], sha256=line["sha256"]))


def table_path(folder: Path, table: str) -> Path:
    """Where the rows of a table are."""
    return folder / "postgres" / f"{table}.copy"


def documents_path(folder: Path, collection: str) -> Path:
    """Where the documents of a collection are."""
    return folder / "mongodb" / f"{collection}.bson"


def _parts(folder: Path, manifest: Manifest) -> Iterator[tuple[Path, StoredPart]]:
    yield folder / MEDIA_LIST, manifest.media
    for name, table in manifest.tables.items():
        yield table_path(folder, name), table
    for name, part in manifest.documents.items():
        yield documents_path(folder, name), part


def _compare(path: Path, part: StoredPart) -> None:
    try:
        found = digest_of(path)
    except FileNotFoundError:
        found = None
    if found is None or (found.bytes, found.sha256) != (part.bytes, part.sha256):
        raise UsageError(
            f"{path} is not what was stored: the backup is damaged, and nothing of it was restored.",
            code="backup_damaged",
        )
