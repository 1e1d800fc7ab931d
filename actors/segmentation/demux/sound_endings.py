"""Whether a file of sound alone breaks off: what CAF, Ogg and MP3 say of their own length.

Of CAF (Apple, Core Audio Format), the size of its chunk `data`; of Ogg (RFC 3533), the size of the last page,
which may hold a picture, too; of MP3, the bytes that the tag of its first frame counts (Xing, Info). Reads
bytes itself; imports no PyAV.
"""

from __future__ import annotations

from typing import BinaryIO

_OGG_MARK = b"OggS"
_OGG_HEAD_BYTES = 27
"""Head of a page; its last byte is the number of segments, whose lengths follow (RFC 3533, 6)."""
_OGG_PAGE_BYTES = 65_307
"""The longest page: head, 255 lengths, 255 segments of 255 bytes."""
_CAF_HEAD_BYTES, _CAF_CHUNK_HEAD = 8, 12
_CAF_MAX_CHUNKS = 1000
"""Chunks that are stepped over at most. No measurement; usual files have five."""
_ID3_HEAD_BYTES = 10
_MP3_TAG_REACH = 256
"""Bytes from the first frame's start in which its tag stands: behind a head and side information of at most
36 bytes."""
_MP3_COUNTS_FRAMES, _MP3_COUNTS_BYTES = 1, 2
"""Flags of the tag: which counts follow, 4 bytes each."""
_MP3_MISCOUNTED_BYTES = 4096
"""Bytes by which encoders count too many: a frame or two have up to 2880. No measurement."""


def caf_breaks_off(file: BinaryIO, size: int) -> bool:
    """False where the size of `data` is -1: it was not known when it was written."""
    at = _CAF_HEAD_BYTES
    for _ in range(_CAF_MAX_CHUNKS):
        file.seek(at)
        head = file.read(_CAF_CHUNK_HEAD)
        length = int.from_bytes(head[4:], "big", signed=True)
        if len(head) < _CAF_CHUNK_HEAD or length < 0:
            return False
        at += _CAF_CHUNK_HEAD + length
        if head[:4] == b"data":
            return at > size
    return False


def ogg_breaks_off(file: BinaryIO, size: int) -> bool:
    """Whether of the last page only a part is there."""
    file.seek(max(0, size - _OGG_PAGE_BYTES))
    tail = file.read(_OGG_PAGE_BYTES)
    at = tail.rfind(_OGG_MARK)
    if at < 0:
        return False
    page = tail[at:]
    if len(page) < _OGG_HEAD_BYTES:
        return True
    segments = page[_OGG_HEAD_BYTES - 1]
    lengths = page[_OGG_HEAD_BYTES : _OGG_HEAD_BYTES + segments]
    return len(page) < _OGG_HEAD_BYTES + segments + sum(lengths)


def mp3_breaks_off(file: BinaryIO, size: int) -> bool:
    """False for a file without a tag that counts its bytes."""
    file.seek(0)
    head = file.read(_ID3_HEAD_BYTES)
    start = 0
    if head[:3] == b"ID3":
        for byte in head[6:]:
            start = start << 7 | byte & 0x7F  # of the tag's size, each byte has 7 bits (ID3v2, 3.1)
        start += _ID3_HEAD_BYTES
    file.seek(start)
    frame = file.read(_MP3_TAG_REACH)
    at = max(frame.find(b"Xing"), frame.find(b"Info"))
    if at < 0:
        return False
    flags = int.from_bytes(frame[at + 4 : at + 8], "big")
    count = frame[at + 12 : at + 16] if flags & _MP3_COUNTS_FRAMES else frame[at + 8 : at + 12]
    counted = int.from_bytes(count, "big") if flags & _MP3_COUNTS_BYTES else 0
    return start + counted > size + _MP3_MISCOUNTED_BYTES
