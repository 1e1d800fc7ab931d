"""Short ways for tests to look into a media store."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from cluster.stores.media.store import MediaStore


def stored_bytes(store: MediaStore, key: str) -> bytes:
    """The whole file; NotFoundError when it is not there."""
    return b"".join(store.read_range(key, 0, store.size(key)))


def media_folder(media_url: str) -> Path:
    """Where a store of this file:// URL has its files."""
    parts = urlsplit(media_url)
    assert parts.scheme == "file"
    return Path(unquote(parts.path))
