"""The exception for one clip that cannot be made. Errors of the whole video are `MediaError`."""

from __future__ import annotations


class ClipError(Exception):
    """This clip cannot be made; trying again gives the same result.

    `code`, for programs, is stable: copy_impossible, codec_not_in_container, encoding_failed,
    no_picture, nothing_decodes. `message`, for people, says what to do.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return self.message
