"""Findings in the media store: files that no row names, and rows whose file is gone or has another size.

A file counts as left behind when it has not changed for the grace period: the file of an upload gets its
final name before its video has a row. Knows PostgreSQL and the media store; not MongoDB.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from cluster.errors import NotFoundError
from cluster.stores.checking.batches import batches
from cluster.stores.checking.findings import Finding, Invariant, span
from cluster.stores.checking.limits import Limits
from cluster.stores.media.keys import clips_prefix, proxy_key
from cluster.stores.media.store import MediaStore
from cluster.stores.media.stored_file import StoredFile
from cluster.stores.postgres.upkeep.inspection import PAGE, Inspection

_FOREIGN = "a file that Scenestream does not make"
"""What another program has in the same place; it is told, and never removed."""
_UNFINISHED = re.compile(r"/\.[^/]+\.[0-9a-f]{16}$")
"""How `DirectoryMedia` names a file that it has not finished."""


def check_files(inspection: Inspection, media: MediaStore, limits: Limits) -> Iterator[Finding]:
    """All findings; UnavailableError while PostgreSQL or the media store is away."""
    yield from _missing(inspection, media)
    for found in batches(media.files(), PAGE):
        now = time.time()
        old = [file for file in found if now - file.changed_at >= limits.grace_s]
        known = inspection.known_files(sorted({_id_of(file.key) for file in old}))
        orders = inspection.known_orders(sorted({_order_of(file.key) for file in old}))
        for file in old:
            reason = _unnamed(file, known[_id_of(file.key)], orders)
            if reason is not None:
                told = f"{reason}; {file.bytes} bytes, unchanged for {span(now - file.changed_at)}"
                yield _left(file, reason, told, partial(media.remove, file))


def _left(file: StoredFile, reason: str, told: str, remove: Any) -> Finding:
    kind = "temporary_file" if file.temporary else "orphan_file"
    mark = f"{file.bytes} {file.changed_at}"
    if reason == _FOREIGN or not file.key.startswith(("videos/", "uploads/")):
        return Finding(Invariant.NOTHING_LEFT, "foreign_file", file.key, told, mark=mark)
    return Finding(Invariant.NOTHING_LEFT, kind, file.key, told, mark=mark, remove=remove)


def _unnamed(file: StoredFile, known: Mapping[str, Any], orders: set[str]) -> str | None:
    """Why nothing names the file; None if something does."""
    if file.temporary:
        return "a file that its writer has not finished" if _UNFINISHED.search(file.key) else _FOREIGN
    kind, _, rest = file.key.partition("/")
    part, _, name = rest.partition("/")[2].partition("/")
    if kind == "uploads":
        # on S3 a small part of an upload has a name that goes on after the upload's id
        return None if known["is_upload"] else "bytes of an upload that there is not"
    if kind != "videos":
        return _FOREIGN
    if part == "source":
        expected = known["is_video"] or known["is_upload"]
        return None if expected else "the file of a video that there is not"
    if part.startswith("fetched-"):
        wanted = known["fetching"] and part.partition(".part-")[0] == f"fetched-{known['generation']}"
        return None if wanted else "bytes of an import that does not go on with them"
    if part == "keyframes":
        return None if known["has_tracks"] else "a keyframe of tracks that no video uses"
    if part == "clips":
        return None if name.partition("/")[0] in orders else "a file of an order of clips that there is not"
    return _FOREIGN


def _id_of(key: str) -> str:
    """The id that a key is below; the empty text has none."""
    return f"{key}/".split("/")[1].partition(".part-")[0].lstrip(".").partition(".")[0]


def _order_of(key: str) -> str:
    parts = key.split("/")
    return parts[3] if len(parts) > 4 and parts[2] == "clips" else ""


def _missing(inspection: Inspection, media: MediaStore) -> Iterator[Finding]:
    for videos in inspection.videos():
        for row in videos:
            if not row["fetching"]:
                yield from _compared(media, row["media_key"], row["bytes"])
    for clips in inspection.made_clips():
        for row in clips:
            key = f"{clips_prefix(row['video_id'], row['job_id'])}/{row['name']}"
            yield from _compared(media, key, row["bytes"])
    for proxies in inspection.proxies():
        for row in proxies:
            yield from _compared(media, proxy_key(row["video_id"], row["id"]), row["bytes"])


def _compared(media: MediaStore, key: str, bytes_: int | None) -> Iterator[Finding]:
    try:
        stored = media.size(key)
    except NotFoundError:
        yield Finding(Invariant.NOTHING_LEFT, "lost_file", key, "a row names this file, and it is not there")
        return
    if bytes_ is not None and stored != bytes_:
        told = f"has {stored} bytes where {bytes_} were stored"
        yield Finding(Invariant.NOTHING_LEFT, "wrong_size", key, told, mark=str(stored))
