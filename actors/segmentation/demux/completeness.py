"""How a file's bytes end: whole, cut off, or in a structure that cannot be read further.

An upload or a recording that broke off leaves a file that opens and plays for a while. Knows what containers
say of their own length: MP4 and QuickTime in fragments (ISO/IEC 14496-12, boxes), Matroska and WebM (RFC 8794
and RFC 9559, sizes of Segment and Cluster), AVI (size of the list `movi`), WAV (size of the chunk `data`),
MPEG transport streams (packets of one size); `demux.sound_endings` knows more. An MP4 that is not in
fragments has its promise in tables that FFmpeg reads, so nothing is looked at here. Reads bytes itself;
imports no PyAV.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from actors.segmentation.demux.sound_endings import caf_breaks_off, mp3_breaks_off, ogg_breaks_off

_EBML_HEADER = bytes.fromhex("1A45DFA3")
"""Element ID of the EBML header (RFC 8794, 11.2.1), with which a Matroska file begins."""
_SEGMENT, _CLUSTER = bytes.fromhex("18538067"), bytes.fromhex("1F43B675")
"""Element IDs of Segment (RFC 9559, 5.1), which holds all the rest, and of Cluster, which holds blocks."""
_IN_SEGMENT = frozenset(
    bytes.fromhex(one)
    for one in (
        *("114D9B74", "1549A966", "1654AE6B", "1F43B675", "1C53BB6B", "1254C367", "1043A770", "1941A469"),
        *("EC", "BF", "E7", "A3", "A0", "AB", "A7", "AF", "5854"),
    )
)
"""Element IDs of what stands in a Segment, and in a Cluster (RFC 9559, 5.1). Others are damage."""
_HEAD_BYTES = 4096
"""Bytes read to find the first two: the EBML header is some 40 bytes long, and Segment follows it."""
_MAX_ELEMENTS = 1_000_000
"""Elements, boxes or chunks that are stepped over at most. No measurement; clusters last seconds, and a
second or two is the most that this takes."""
_TS_PACKET_BYTES = (188, 192, 204)
"""Sizes of packets of a transport stream: plain, with a timestamp (Blu-ray), with error correction (DVB)."""
_TS_MARK = 0x47
_TS_TAIL_BYTES = 16 * 204
"""Bytes at the end in which the packets' marks are looked for."""
_TS_MARKS = 8
"""Marks, each a packet after the other, that tell where packets begin."""
_WAV_UNKNOWN_BYTES = 0x7FFF_0000
"""Sizes of `data` from here on are written by programs that do not know it yet (ffmpeg and sox to a pipe)."""
_ZEROS_BYTES = 4096
"""A file that was given its size before its content came ends in zeros; as many are looked at."""


class Ending(StrEnum):
    """WHOLE also where the container promises nothing. ZEROS: the last bytes are all zero, as where a
    download was given its size first; some recorders do so on purpose. BROKEN: FFmpeg cannot read on."""

    WHOLE = "whole"
    CUT_OFF = "cut_off"
    ZEROS = "zeros"
    BROKEN = "broken"


_BREAKS_OFF = {"caf": caf_breaks_off, "ogg": ogg_breaks_off, "mp3": mp3_breaks_off}


def ending_of(path: Path, container: str) -> Ending:
    """How the file ends. `container`: FFmpeg's name of the demuxer. OSError when it cannot be read."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if container.startswith("mov"):
            found = _fragments_end(file, size)
        elif container.startswith("matroska"):
            found = _matroska_end(file, size)
        elif container == "avi":
            found = _avi_end(file, size)
        elif container == "mpegts":
            found = _transport_end(file, size)
        elif container == "wav":
            found = _wav_end(file, size)
        elif container in _BREAKS_OFF:
            found = Ending.CUT_OFF if _BREAKS_OFF[container](file, size) else Ending.WHOLE
        else:
            found = Ending.WHOLE
        if found is Ending.WHOLE and _ends_in_zeros(file, size):
            return Ending.ZEROS
        return found


def _ends_in_zeros(file: BinaryIO, size: int) -> bool:
    if size < _ZEROS_BYTES:
        return False
    file.seek(size - _ZEROS_BYTES)
    return not any(file.read(_ZEROS_BYTES))


def whole_boxes_end(path: Path) -> int | None:
    """Bytes of an MP4 in fragments up to the head of a fragment that is there in part; None for other
    files."""
    size = path.stat().st_size
    with path.open("rb") as file:
        boxes = list(_boxes(file, size))
    if len(boxes) > 1 and boxes[-1].kind == b"moof" and boxes[-1].end > size:
        return boxes[-1].start
    return None


@dataclass(frozen=True, slots=True)
class _Box:
    """A box of an MP4 file at the top. kind: its type; start, end: offsets. An end of 0: to the file's end,
    whatever that is; -1: it is none."""

    kind: bytes
    start: int
    end: int


def _boxes(file: BinaryIO, size: int) -> Iterator[_Box]:
    """Boxes up to the file's end, or to the first that is none."""
    at = 0
    for _ in range(_MAX_ELEMENTS):
        if at + 8 > size:
            return
        file.seek(at)
        head = file.read(16)
        length, kind = int.from_bytes(head[:4], "big"), head[4:8]
        if length == 1 and len(head) == 16:
            length = int.from_bytes(head[8:], "big")
        named = all(0x20 <= byte < 0x7F for byte in kind)
        if length == 0 and named:
            yield _Box(kind, at, 0)
            return
        if length < 8 or not named:
            yield _Box(kind, at, -1)
            return
        yield _Box(kind, at, at + length)
        at += length


def _fragments_end(file: BinaryIO, size: int) -> Ending:
    """Of an MP4 in fragments; WHOLE for another, where the last box says nothing of the samples."""
    fragmented, last = False, None
    for last in _boxes(file, size):
        fragmented = fragmented or last.kind == b"moof"
    if last is None or not fragmented or last.end == 0:
        return Ending.WHOLE
    if last.end < 0:
        return Ending.WHOLE if _ends_in_zeros(file, size) else Ending.BROKEN
    return Ending.WHOLE if last.end == size else Ending.CUT_OFF


def _matroska_end(file: BinaryIO, size: int) -> Ending:
    head = file.read(_HEAD_BYTES)
    header = _element_size(head, len(_EBML_HEADER)) if head.startswith(_EBML_HEADER) else None
    if header is None or header[0] is None:
        return Ending.WHOLE
    start = header[1] + header[0]
    segment = _element_size(head, start + len(_SEGMENT))
    if segment is None or head[start : start + len(_SEGMENT)] != _SEGMENT:
        return Ending.WHOLE
    length, inside = segment
    if length is not None:
        return Ending.CUT_OFF if inside + length > size else Ending.WHOLE
    return Ending.CUT_OFF if _last_element_end(file, inside, size) > size else Ending.WHOLE


def _last_element_end(file: BinaryIO, at: int, size: int) -> int:
    """Where the last element in a Segment of unknown length (recorded live) says it ends.

    A Cluster of unknown length is gone through block by block. Where the chain of elements is broken inside
    the file, the end of the last one before that.
    """
    end = at
    for _ in range(_MAX_ELEMENTS):
        if at >= size:
            return end
        file.seek(at)
        head = file.read(12)
        id_bytes = 9 - head[0].bit_length()
        known = head[:id_bytes] in _IN_SEGMENT
        found = _element_size(head, id_bytes) if known else None
        if found is None:
            cut = at + len(head) == size and (known or len(head) < id_bytes)
            return size + 1 if cut else end
        length, past_head = found
        if length is None:
            if head[:id_bytes] != _CLUSTER:
                return end
            at += past_head  # its blocks are stepped over as if they stood in the Segment
        else:
            at += past_head + length
        end = at
    return end


def _element_size(data: bytes, at: int) -> tuple[int | None, int] | None:
    """(value, offset after it) of the variable-length integer at an offset (RFC 8794, 4).

    The value is None where it says "unknown" (all bits set). None where there is no such integer.
    """
    if at >= len(data) or data[at] == 0:
        return None
    length = 9 - data[at].bit_length()
    if at + length > len(data):
        return None
    marker = 1 << (7 * length)
    size = int.from_bytes(data[at : at + length], "big") - marker
    return None if size < 0 else (None if size == marker - 1 else size, at + length)


def _avi_end(file: BinaryIO, size: int) -> Ending:
    """By the last list of pictures and sound. An AVI of 1 GB and more has several RIFF chunks with one
    each."""
    at = 0
    while at + 12 <= size:
        file.seek(at)
        head = file.read(12)
        if head[:4] != b"RIFF":
            break
        length = int.from_bytes(head[4:8], "little")
        for kind, end in _chunks(file, at + 12, min(size, at + 8 + length)):
            if kind == b"movi" and end > size:
                return Ending.CUT_OFF
        if length == 0:
            break
        at += 8 + length + length % 2
    return Ending.WHOLE


def _wav_end(file: BinaryIO, size: int) -> Ending:
    """WHOLE also where the size was not known. RF64 and BW64, of more than 4 GB, have it in the chunk `ds64`
    (EBU Tech 3306)."""
    head = file.read(36)
    large = head[:4] in (b"RF64", b"BW64") and head[12:16] == b"ds64"
    at = 12
    for kind, end in _chunks(file, at, size) if large or head[:4] == b"RIFF" else ():
        if kind == b"data":
            data_bytes = int.from_bytes(head[28:36], "little") if large else end - at - 8
            known = large or data_bytes < _WAV_UNKNOWN_BYTES
            # the byte that makes an odd size even may be missing
            return Ending.CUT_OFF if known and at + 8 + data_bytes > size + 1 else Ending.WHOLE
        at = end
    return Ending.WHOLE


def _chunks(file: BinaryIO, at: int, end: int) -> Iterator[tuple[bytes, int]]:
    """(identifier, of a list its kind; offset after it) of the chunks up to an offset."""
    for _ in range(_MAX_ELEMENTS):
        if at + 8 > end:
            return
        file.seek(at)
        head = file.read(12)
        length = int.from_bytes(head[4:8], "little")
        at += 8 + length + length % 2
        yield (head[8:12] if head[:4] == b"LIST" else head[:4]), at


def _transport_end(file: BinaryIO, size: int) -> Ending:
    """CUT_OFF where the file ends inside a packet."""
    file.seek(max(0, size - _TS_TAIL_BYTES))
    tail = file.read(_TS_TAIL_BYTES)
    for packet in _TS_PACKET_BYTES:
        span = packet * _TS_MARKS
        front = 4 if packet == 192 else 0  # the timestamp stands in front of the mark
        for beyond in range(min(packet, len(tail) - span + 1)):  # bytes after the last of these packets
            first = len(tail) - span - beyond
            if all(tail[first + k * packet] == _TS_MARK for k in range(_TS_MARKS)):
                return Ending.CUT_OFF if (beyond + front) % packet else Ending.WHOLE
    return Ending.WHOLE
