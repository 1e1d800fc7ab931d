"""One page of a listing and the opaque cursor that leads to the next.

A cursor carries the sort key of the last item seen (keyset paging), so pages neither repeat nor skip items
while others insert. Knows nothing of what is listed.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from cluster.contract.pages import MAX_PAGE_ITEMS
from cluster.errors import UsageError

T = TypeVar("T")

_LARGEST = 2**63 - 1  # what the stores' own numbers hold
_MAX_CURSOR_CHARS = 512  # a cursor of ours is far shorter; longer ones are not worth decoding


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Items in order; `next_cursor` is None on the last page."""

    items: tuple[T, ...]
    next_cursor: str | None = None


def page_of(found: Sequence[T], limit: int, place: Callable[[T], tuple[str | int, ...]]) -> Page[T]:
    """The first `limit` items of `found`, which a store was asked for one more than that.

    Where that one came, the cursor leads on from the last item's `place` in the order of the listing.
    """
    items = tuple(found[:limit])
    return Page(items, encode_cursor(*place(items[-1])) if len(found) > limit else None)


def check_limit(limit: int) -> int:
    """`limit` itself, if a page may be so long; UsageError otherwise."""
    if not 1 <= limit <= MAX_PAGE_ITEMS:
        raise UsageError(f"limit must be between 1 and {MAX_PAGE_ITEMS}, not {limit}.", code="bad_limit")
    return limit


def bad_cursor() -> UsageError:
    """The error for a cursor that cannot be one of ours."""
    return UsageError(
        "The cursor is not of this list as it is now (any more); start again without it.", code="bad_cursor"
    )


def encode_cursor(*key: str | int) -> str:
    """The sort key of the last item of a page as URL-safe text."""
    raw = json.dumps(key, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode_cursor(cursor: str, *types: type[str] | type[int]) -> tuple[str | int, ...]:
    """The sort key inside a cursor; UsageError when it is not one that `encode_cursor` made for `types`.

    Numbers are places and ids: from 0 to 2^63 - 1.
    """
    key: object = None
    if len(cursor) <= _MAX_CURSOR_CHARS:
        try:
            key = json.loads(
                base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
            )
        except (binascii.Error, UnicodeError, ValueError, RecursionError):
            key = None
    if not isinstance(key, list) or [type(part) for part in key] != list(types):
        raise bad_cursor()
    if any(isinstance(part, int) and not 0 <= part <= _LARGEST for part in key):
        raise bad_cursor()
    return tuple(key)


def time_place(created_at: datetime, id_: str) -> tuple[str, str]:
    """The place of an item in a listing by time, for a cursor that `decode_time_cursor` reads."""
    return created_at.isoformat(), id_


def decode_time_cursor(cursor: str) -> tuple[datetime, str]:
    """Time and id of the last item seen; UsageError when the cursor is not of a listing by time."""
    created_at, id_ = decode_cursor(cursor, str, str)
    if not str(id_).isprintable():  # NUL and surrogates, which PostgreSQL's text cannot hold
        raise bad_cursor()
    try:
        return datetime.fromisoformat(str(created_at)), str(id_)
    except ValueError:
        raise bad_cursor() from None
