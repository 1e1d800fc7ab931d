"""Files of the media store into a backup and back: those that a snapshot of PostgreSQL names.

A file is never changed under its key, so one that an earlier pass has copied stays. Bytes of an unfinished
upload are copied up to the offset that the snapshot has: what is behind it was never acknowledged. Knows the
media store; rows are handed in.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cluster.errors import NotFoundError, UsageError
from cluster.stores.backup.manifest import (
    MEDIA_DIR,
    MEDIA_LIST,
    StoredPart,
    digest_of,
    media_lines,
    read_part,
    write_part,
)
from cluster.stores.media.keys import all_of, source_key, upload_key
from cluster.stores.media.store import MediaStore


@dataclass(frozen=True, slots=True)
class Named:
    """What PostgreSQL names: `sources` and `uploads` with their bytes, `ids` of videos and of tracks,
    `orders` of clips, and the keys that these have `made`.
    """

    ids: frozenset[str]
    sources: Mapping[str, int]
    uploads: Mapping[str, int]
    orders: frozenset[str]
    made: frozenset[str]


@dataclass(slots=True)
class Copied:
    """The result of a copy: totals, the list, and what was not there: keys of files, ids of uploads."""

    media: StoredPart
    files: int = 0
    bytes: int = 0
    lost_files: list[str] = field(default_factory=list)
    lost_uploads: list[str] = field(default_factory=list)


def save_files(media: MediaStore, folder: Path, named: Named) -> Copied:
    """Copies all files that are named, and writes the list of them."""
    copied = Copied(StoredPart(bytes=0, sha256=""))
    left = set(named.made)

    def lines() -> Iterator[bytes]:
        for key, part in _all(media, folder / MEDIA_DIR, named, copied):
            left.discard(key)
            copied.files += 1
            copied.bytes += part.bytes
            yield json.dumps({"key": key, "bytes": part.bytes, "sha256": part.sha256}).encode() + b"\n"

    copied.media = write_part(folder / MEDIA_LIST, lines())
    copied.lost_files += sorted(left)
    return copied


def load_files(media: MediaStore, folder: Path) -> None:
    """Stores the files of a backup."""
    for line in media_lines(folder):
        media.put_stream(line["key"], read_part(folder / MEDIA_DIR / line["key"]))


def unload_files(media: MediaStore, folder: Path) -> None:
    """Removes the files of a backup that is not restored after all, and no others."""
    for line in media_lines(folder):
        media.delete(line["key"])


def _all(media: MediaStore, target: Path, named: Named, copied: Copied) -> Iterator[tuple[str, StoredPart]]:
    for key, size in named.sources.items():
        part = _copy(media, target, key, size)
        if part is None:
            copied.lost_files.append(key)
        else:
            yield key, part
    for upload_id, size in named.uploads.items():
        # complete ones get the name of their video's file before the video has a row
        for key in (upload_key(upload_id), source_key(upload_id)):
            if (part := _copy(media, target, key, size)) is not None:
                yield key, part
                break
        else:
            if size:
                copied.lost_uploads.append(upload_id)
    for id_ in sorted(named.ids):
        for key in _derived(media, id_, named.orders):
            if (part := _copy(media, target, key)) is not None:
                yield key, part


def _derived(media: MediaStore, id_: str, orders: Iterable[str]) -> Iterator[str]:
    """Keyframes, and what the orders have made; not the video's file, nor unfinished ones."""
    for file in media.files(all_of(id_)):
        _, _, part, *rest = file.key.split("/")
        made = part == "clips" and len(rest) > 1 and rest[0] in orders
        if not file.temporary and (part == "keyframes" or made):
            yield file.key


def _copy(media: MediaStore, target: Path, key: str, size: int | None = None) -> StoredPart | None:
    """Copies the file, or its first `size` bytes; None where it is not there, or shorter."""
    path = target / key
    try:
        wanted = media.size(key) if size is None else size
        if path.is_file() and path.stat().st_size == wanted:
            return digest_of(path)
        return write_part(path, media.read_range(key, 0, wanted))
    except (NotFoundError, UsageError):
        path.unlink(missing_ok=True)
        return None
