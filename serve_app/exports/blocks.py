"""Text that is made piece by piece, as blocks of bytes to send. Knows no format."""

from __future__ import annotations

from collections.abc import Iterator

BLOCK_BYTES = 64 << 10


def in_blocks(pieces: Iterator[str]) -> Iterator[bytes]:
    """UTF-8 in blocks of about BLOCK_BYTES: neither one for every piece nor all at once."""
    block = bytearray()
    for piece in pieces:
        block += piece.encode()
        if len(block) >= BLOCK_BYTES:
            yield bytes(block)
            block.clear()
    if block:
        yield bytes(block)
