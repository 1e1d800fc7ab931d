"""Keyset pagination: one page of a listing, and the opaque cursor that leads to the next page.

A cursor holds the sort key of the last item of its page, so pages neither repeat nor skip items while others
are inserted. Knows no particular listing.
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

_LARGEST = 2**63 - 1  # the largest integer of PostgreSQL (bigint) and MongoDB (int64)
_MAX_CURSOR_CHARS = 512  # our cursors are far shorter; longer ones are refused without decoding


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Items in order; `next_cursor` is None on the last page."""

    items: tuple[T, ...]
    next_cursor: str | None = None


def page_of(found: Sequence[T], limit: int, place: Callable[[T], tuple[str | int, ...]]) -> Page[T]:
    """Makes a page of the first `limit` items of `found`; the store was asked for one more than `limit`.

    If that one came, the page gets a cursor with the last item's `place`, its sort key.
    """
    items = tuple(found[:limit])
    return Page(items, encode_cursor(*place(items[-1])) if len(found) > limit else None)


def check_limit(limit: int) -> int:
    """Returns `limit` if a page may have so many items; UsageError otherwise."""
    if not 1 <= limit <= MAX_PAGE_ITEMS:
        raise UsageError(f"limit must be between 1 and {MAX_PAGE_ITEMS}, not {limit}.", code="bad_limit")
    return limit


def bad_cursor() -> UsageError:
    """The error for a cursor that this API did not make."""
    return UsageError(
        "The cursor is not of this list as it is now (any more); start again without it.", code="bad_cursor"
    )


def encode_cursor(*key: str | int) -> str:
    """Encodes the sort key of the last item of a page as URL-safe text."""
    raw = json.dumps(key, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode_cursor(cursor: str, *types: type[str] | type[int]) -> tuple[str | int, ...]:
    """Decodes a cursor to its sort key; UsageError when `encode_cursor` did not make it for `types`.

    Numbers must be from 0 to 2^63 - 1.
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
    """The sort key of an item in a listing by time; `decode_time_cursor` reads it from a cursor."""
    return created_at.isoformat(), id_


def decode_time_cursor(cursor: str) -> tuple[datetime, str]:
    """Decodes a cursor to time and id of the last item; UsageError when it is not of a listing by time."""
    created_at, id_ = decode_cursor(cursor, str, str)
    if not str(id_).isprintable():  # NUL and surrogates, which PostgreSQL's text cannot hold
        raise bad_cursor()
    try:
        return datetime.fromisoformat(str(created_at)), str(id_)
    except ValueError:
        raise bad_cursor() from None
