"""A file as a listing of the media store tells of it. Knows no backend."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StoredFile:
    """`key`: its key, or the place of a temporary file, which no key names. `changed_at`: seconds since 1970
    by the store's clock, of the last write or rename.
    """

    key: str
    bytes: int
    changed_at: float
    temporary: bool = False
