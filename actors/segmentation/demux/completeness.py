"""Refuses files that are cut off: compares what a file's own tables promise with what could be read.

An upload that broke off leaves a file that opens and plays for a while; its segments would be taken for those
of the whole video. Knows two promises: the number of frames of an MP4 or QuickTime file (ISO/IEC 14496-12,
sample tables) and the length of a Matroska or WebM file (RFC 8794 and RFC 9559, size of the Segment element).
Other containers promise nothing that can be relied on. Reads bytes itself; imports no PyAV.
"""

from __future__ import annotations

from pathlib import Path

from actors.segmentation.errors import MediaError, MediaErrorCode

_EBML_HEADER = bytes.fromhex("1A45DFA3")
"""Element ID of the EBML header (RFC 8794, 11.2.1), with which a Matroska file begins."""
_SEGMENT = bytes.fromhex("18538067")
"""Element ID of Segment (RFC 9559, 5.1), which holds all the rest."""
_HEAD_BYTES = 4096
"""Bytes read to find both: the EBML header is some 40 bytes long, and Segment follows it."""


def require_whole(
    path: Path, container: str, *, promised_frames: int, read_frames: int, read_s: float
) -> None:
    """MediaError truncated when part of the file is missing.

    `container`: FFmpeg's name of the demuxer. `promised_frames`: 0 where the container does not say.
    `read_frames`: packets of the video stream that could be read; `read_s`: seconds that they cover.
    """
    if container.startswith("mov"):
        missing = read_frames < promised_frames
    elif container.startswith("matroska"):
        missing = (end := _segment_end(path)) is not None and end > path.stat().st_size
    else:
        missing = False
    if missing:
        raise MediaError(
            MediaErrorCode.TRUNCATED,
            f"The file is cut off: its picture ends after {read_s:.1f} s, although more is announced. It was "
            "probably not copied or uploaded to its end; upload the whole file again.",
        )


def _segment_end(path: Path) -> int | None:
    """Offset of the byte after a Matroska file's Segment; None where its size is unknown (recorded live)."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if not head.startswith(_EBML_HEADER):
        return None
    header = _element_size(head, len(_EBML_HEADER))
    if header is None:
        return None
    start = header[1] + header[0]
    if head[start : start + len(_SEGMENT)] != _SEGMENT:
        return None
    segment = _element_size(head, start + len(_SEGMENT))
    return None if segment is None else segment[1] + segment[0]


def _element_size(data: bytes, at: int) -> tuple[int, int] | None:
    """(value, offset after it) of the variable-length integer at an offset (RFC 8794, 4).

    None if it is missing or says "unknown" (all bits set).
    """
    if at >= len(data) or data[at] == 0:
        return None
    length = 9 - data[at].bit_length()
    raw = int.from_bytes(data[at : at + length], "big")
    marker = 1 << (7 * length)
    size = raw - marker
    return None if size == marker - 1 else (size, at + length)
