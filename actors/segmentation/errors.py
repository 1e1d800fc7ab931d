"""What can go wrong with a video, as two exceptions.

Knows the stable codes and nothing else: not PyAV (that is `media`), not HTTP, not the cluster.
Both exceptions survive pickling, because they travel from an actor to its caller.
"""

from __future__ import annotations

from enum import StrEnum


class MediaErrorCode(StrEnum):
    """Stable reasons, for programs. The message beside one is for people and says what to do."""

    EMPTY_FILE = "empty_file"
    NOT_MEDIA = "not_media"
    NO_VIDEO = "no_video"
    NO_STREAM = "no_stream"
    NO_FRAMES = "no_frames"
    UNKNOWN_CODEC = "unknown_codec"
    ENCRYPTED = "encrypted"
    TRUNCATED = "truncated"
    LIMIT_EXCEEDED = "limit_exceeded"
    DECODE_FAILED = "decode_failed"


class MediaError(Exception):
    """The video itself is at fault; trying again with the same file gives the same answer."""

    def __init__(self, code: MediaErrorCode | str, message: str) -> None:
        self.code = MediaErrorCode(code)
        self.message = message
        super().__init__(self.code.value, message)

    def __str__(self) -> str:
        return self.message


class Cancelled(Exception):  # noqa: N818 - not an error: the caller asked for it
    """The caller's `should_stop` said yes; nothing was stored and nothing is broken."""
