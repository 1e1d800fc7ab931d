"""The model of meaning that is installed, and small ones that are made: files of its form.

Where it is not installed, a test is skipped; under CI=true it fails. Knows nothing of the code under test.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cluster.models.folder import ModelsFolder
from cluster.settings import get_settings
from tests.support.spoken import missing

Array = npt.NDArray[np.float32]


def meaning_folder() -> Path:
    """The folder of the model of meaning that the settings name."""
    model = ModelsFolder.of(get_settings()).find(get_settings().models.embedding)
    if model is None:
        missing("the model of meaning")
    assert model is not None
    return model.folder


def packed(
    pieces: Sequence[tuple[str, float]],
    tensors: Mapping[str, tuple[int, bytes, int]],
    *,
    width: int = 32,
    replacements: Mapping[str, str] | None = None,
) -> bytes:
    """A file: pieces with scores (begin, pad, end, unknown first); tensors: (type, bytes, weights)."""
    texts = [text.encode() for text, _ in pieces]
    head = b"E5S1" + struct.pack("<I7ifi", 1, width, 0, 1, width, len(pieces), 8, 1, 1e-12, 32)
    head += struct.pack("<5iQ", len(pieces), 0, 2, 1, 3, sum(map(len, texts)))
    offsets = np.cumsum([0, *map(len, texts)]).astype("<u4").tobytes()
    scores = np.array([score for _, score in pieces], "<f4").tobytes()
    head += offsets + scores + b"".join(texts)
    table = b"".join(
        struct.pack("<IB", ord(char), len(into)) + np.array([ord(c) for c in into], "<u4").tobytes()
        for char, into in sorted((replacements or {}).items())
    )
    head += struct.pack("<iI", len(replacements or {}), len(table)) + table
    size = len(head) + 4 + sum(2 + len(name.encode()) + 21 for name in tensors)
    directory, data = struct.pack("<i", len(tensors)), b""
    for name, (kind, content, weights) in tensors.items():
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", kind, weights, size + len(data), len(content))
        data += content
    return head + directory + data


def four_bits(weights: Array) -> bytes:
    """float32[n * 32] in blocks with a scale each; exact for whole multiples, from -8 to 7, of the scale."""
    out = b""
    for block in weights.reshape(-1, 32):
        scale = np.float16(float(np.abs(block).max()) / 8 or 1.0)
        halves = np.clip(np.round(block / np.float32(scale)) + 8, 0, 15).astype(np.uint8)
        out += scale.tobytes() + (halves[:16] | halves[16:] << 4).tobytes()
    return out
