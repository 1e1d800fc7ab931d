"""What all kinds of media store say when a file, or a part of one, is not there."""

from __future__ import annotations

from cluster.errors import NotFoundError, UsageError


def media_not_found(key: str) -> NotFoundError:
    """The error for a key without a file."""
    return NotFoundError(f"There is no media under {key}; it may have been deleted.")


def parts_missing(at: int, total: int) -> UsageError:
    """The error for parts that make no whole: the first byte that is not there, and of how many."""
    return UsageError(f"The bytes from {at} on (of {total}) are missing.", code="parts_missing")
