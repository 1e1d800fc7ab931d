"""What can go wrong with one clip, apart from what is wrong with the whole video (`MediaError`)."""

from __future__ import annotations


class ClipError(Exception):
    """This clip cannot be made; trying again gives the same answer.

    `code` is stable: copy_impossible, codec_not_in_container, encoding_failed, nothing_decodes.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return self.message
