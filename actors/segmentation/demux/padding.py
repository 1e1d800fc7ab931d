"""Counts the padding of a transport stream: null packets, which fill a broadcast up to its constant rate.

While the picture stands still, most of such a file is padding; it is no damage. Reads bytes itself; imports
no PyAV.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

_PACKET_BYTES = (188, 192, 204)
"""Sizes of packets: plain, with a timestamp (Blu-ray), with error correction (DVB)."""
_MARK = 0x47
_NULL_PID = 0x1FFF
"""Identifier of null packets (ISO/IEC 13818-1, table 2-3)."""
_SAMPLE_PACKETS = 32
"""Packets by whose marks the size is told. No measurement."""
_BLOCK_PACKETS = 8192
"""Packets read at a time, 1.5 MB."""


def padding_bytes(path: Path, start: int, end: int) -> int:
    """Bytes of the null packets between two offsets; a packet begins at `start`. OSError."""
    total = 0
    with path.open("rb") as file:
        file.seek(start)
        size = _packet_size(file.read(max(_PACKET_BYTES) * _SAMPLE_PACKETS))
        at = start
        while at < end:
            file.seek(at)
            data = np.frombuffer(file.read(min(size * _BLOCK_PACKETS, end - at)), np.uint8)
            packets = data[: len(data) // size * size].reshape(-1, size)
            if len(packets) == 0:
                break
            pid = (packets[:, 1].astype(np.int64) & 0x1F) << 8 | packets[:, 2]
            total += size * int(np.sum((packets[:, 0] == _MARK) & (pid == _NULL_PID)))
            at += packets.size
    return total


def _packet_size(data: bytes) -> int:
    """The size at which most marks are found."""
    return max(_PACKET_BYTES, key=lambda size: data[: size * _SAMPLE_PACKETS : size].count(_MARK))
