"""What both kinds of media store say when a file is not there."""

from __future__ import annotations

from cluster.errors import NotFoundError


def media_not_found(key: str) -> NotFoundError:
    """The error for a key without a file."""
    return NotFoundError(f"There is no media under {key}; it may have been deleted.")
