"""Joins pieces of text to blocks of bytes for a streamed response. Knows no format."""

from __future__ import annotations

from collections.abc import Iterator

BLOCK_BYTES = 64 << 10


def in_blocks(pieces: Iterator[str]) -> Iterator[bytes]:
    """The text as UTF-8 in blocks of at least BLOCK_BYTES, the last one excepted.

    A block for each piece would cost a message each; one block for all would hold the whole text in memory.
    """
    block = bytearray()
    for piece in pieces:
        block += piece.encode()
        if len(block) >= BLOCK_BYTES:
            yield bytes(block)
            block.clear()
    if block:
        yield bytes(block)
