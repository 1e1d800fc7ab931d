"""Errors that both media backends raise for a missing file, or a missing part of one."""

from __future__ import annotations

from cluster.errors import NotFoundError, UsageError


def media_not_found(key: str) -> NotFoundError:
    """The error for a key without a file."""
    return NotFoundError(f"There is no media under {key}; it may have been deleted.")


def parts_missing(at: int, total: int) -> UsageError:
    """The error for parts with a gap: the offset of the first missing byte, and the total."""
    return UsageError(f"The bytes from {at} on (of {total}) are missing.", code="parts_missing")
