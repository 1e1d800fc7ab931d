"""The library's exceptions: the video cannot be analysed, the settings do not fit it, the caller stopped.

All can be pickled, because they travel from an actor to its caller. Knows the stable codes; imports no PyAV
(`demux.container` turns FFmpeg's errors into MediaError), no web framework and nothing of the cluster.
"""

from __future__ import annotations

from enum import StrEnum


class MediaErrorCode(StrEnum):
    """Stable reasons, for programs. `MediaError.message` is for people and says what to do."""

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
    """The video itself is at fault; trying again with the same file gives the same error."""

    def __init__(self, code: MediaErrorCode | str, message: str) -> None:
        self.code = MediaErrorCode(code)
        self.message = message
        super().__init__(self.code.value, message)

    def __str__(self) -> str:
        return self.message


class SettingsError(ValueError):
    """The settings are valid, but not for this video; the message says why and what would be."""


class Cancelled(Exception):  # noqa: N818 - not an error: the caller asked for it
    """The caller's `should_stop` was true: the work was stopped before its end, and nothing is broken."""
