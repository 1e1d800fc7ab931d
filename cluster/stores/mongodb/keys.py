"""Keys of documents: parts joined by ':', so that all that belongs to one thing is a range.

Every query but those by _id is such a range on an indexed `key`. MongoDB would be served as well by compound
indexes; nx-27017 uses an index for ranges and for _id only (it looks through the whole collection for an
equality), so this is what keeps both fast. Knows no collection.
"""

from __future__ import annotations

_SEPARATOR = ":"
_AFTER_SEPARATOR = ";"  # the next character: where the range of a prefix ends


def join_key(*parts: str) -> str:
    """One key; ValueError for a part that is empty or holds a ':', which would let it leave its range."""
    for part in parts:
        if not part or _SEPARATOR in part:
            raise ValueError(f"{part!r} cannot be part of a key")
    return _SEPARATOR.join(parts)


def below(prefix: str) -> dict[str, str]:
    """The condition for every key that begins with `prefix` and a further part."""
    return {"$gte": prefix + _SEPARATOR, "$lt": prefix + _AFTER_SEPARATOR}
