"""Keys of documents: components joined by ':', so that all documents of one video are one range of keys.

Every query except those by _id is a range on the indexed `key`. mongod could use compound indexes instead;
but nx-27017 uses an index for ranges and for _id only (an equality scans the whole collection), so ranges are
fast on both. Knows no collection.
"""

from __future__ import annotations

_SEPARATOR = ":"
_AFTER_SEPARATOR = ";"  # the character after ':', which ends the range of a prefix


def join_key(*parts: str) -> str:
    """Joins components to a key; ValueError for an empty one or one with a ':', which would leave its
    range.
    """
    for part in parts:
        if not part or _SEPARATOR in part:
            raise ValueError(f"{part!r} cannot be part of a key")
    return _SEPARATOR.join(parts)


def below(prefix: str) -> dict[str, str]:
    """The query condition for every key that consists of `prefix` and further components."""
    return {"$gte": prefix + _SEPARATOR, "$lt": prefix + _AFTER_SEPARATOR}
