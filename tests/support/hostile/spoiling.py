"""Spoils files: cuts them off, flips bits, writes absurd numbers, repeats and exchanges parts.

Pure functions of the bytes and a random generator; `SPOILERS` has them by name.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable

ABSURD = (
    0,
    1,
    0x7F,
    0xFF,
    0x7FFF,
    0xFFFF,
    0x10000,
    0x7FFF_FFFF,
    0x8000_0000,
    0xFFFF_FFFF,
    1_000_000,
    30_000_000,
)
"""Numbers at which sizes, counts and times overflow, or take memory."""
_NAMES = (
    *(
        b"moov",
        b"trak",
        b"mdia",
        b"stbl",
        b"stts",
        b"stsz",
        b"stsc",
        b"stco",
        b"ctts",
        b"stss",
        b"elst",
        b"mvhd",
    ),
    *(
        b"tkhd",
        b"mdhd",
        b"hdlr",
        b"stsd",
        b"trun",
        b"tfhd",
        b"tfdt",
        b"sidx",
        b"mdat",
        b"moof",
        b"avcC",
        b"esds",
    ),
    *(
        b"avih",
        b"strh",
        b"strf",
        b"idx1",
        b"movi",
        b"fmt ",
        b"data",
        b"COMM",
        b"SSND",
        b"pakt",
        b"desc",
        b"OggS",
    ),
    *(
        b"\x15\x49\xa9\x66",
        b"\x16\x54\xae\x6b",
        b"\x1f\x43\xb6\x75",
        b"\x1c\x53\xbb\x6b",
        b"\x00\x00\x01\xb3",
    ),
    b"\x00\x00\x01\x67",
)
"""Names of parts of files whose first bytes are counts, sizes and times."""


def cut_off(content: bytes, rng: random.Random) -> bytes:
    """The file up to anywhere."""
    return content[: rng.randrange(1, len(content))]


def cut_off_at_a_part(content: bytes, rng: random.Random) -> bytes:
    """The file up to some bytes behind the name of one of its parts."""
    places = [at for name in _NAMES for at in _places(content, name)]
    return content[: rng.choice(places) + rng.randrange(-4, 24)] if places else cut_off(content, rng)


def flip_bits(content: bytes, rng: random.Random) -> bytes:
    """One to a hundred bits anywhere."""
    spoilt = bytearray(content)
    for _ in range(int(10 ** rng.uniform(0, 2))):
        spoilt[rng.randrange(len(spoilt))] ^= 1 << rng.randrange(8)
    return bytes(spoilt)


def flip_bits_of_the_head(content: bytes, rng: random.Random) -> bytes:
    """A few bits in the first 600 bytes, where formats describe themselves."""
    spoilt = bytearray(content)
    for _ in range(rng.randrange(1, 6)):
        spoilt[rng.randrange(min(len(spoilt), 600))] ^= 1 << rng.randrange(8)
    return bytes(spoilt)


def absurd_number(content: bytes, rng: random.Random) -> bytes:
    """A number of two, four or eight bytes, anywhere behind the name of a part."""
    spoilt = bytearray(content)
    for _ in range(rng.randrange(1, 4)):
        places = _places(content, rng.choice(_NAMES)) or [rng.randrange(len(content))]
        at = rng.choice(places) + 4 + rng.randrange(32)
        wide, order = rng.choice("HIQ"), rng.choice("<>")
        bits = 8 * struct.calcsize(wide)
        number = struct.pack(order + wide, rng.choice(ABSURD) & (1 << bits) - 1)
        spoilt[at : at + len(number)] = number
    return bytes(spoilt)


def absurd_size(content: bytes, rng: random.Random) -> bytes:
    """The stated size of a part, in front of its name or behind it."""
    places = [at for name in _NAMES for at in _places(content, name)]
    if not places:
        return absurd_number(content, rng)
    at, number = rng.choice(places), rng.choice(ABSURD)
    big, little = struct.pack(">I", number), struct.pack("<I", number)
    if rng.random() < 0.5 and at >= 4:
        return content[: at - 4] + big + content[at:]
    return content[: at + 4] + little + content[at + 8 :]


def repeated_part(content: bytes, rng: random.Random) -> bytes:
    """A stretch many times in a row: a thousand streams, index entries, packets."""
    start = rng.randrange(len(content))
    stretch = content[start : start + int(10 ** rng.uniform(0.5, 3.5))]
    times = min(int(10 ** rng.uniform(0, 3.3)), 2_000_000 // max(1, len(stretch)))
    return content[:start] + stretch * times + content[start:]


def exchanged_parts(content: bytes, rng: random.Random) -> bytes:
    """Two stretches in each other's place."""
    a, b, c = sorted(rng.randrange(len(content)) for _ in range(3))
    return content[:a] + content[b:c] + content[a:b] + content[c:]


def zeroed_part(content: bytes, rng: random.Random) -> bytes:
    """A stretch of zeros, as a drive leaves it."""
    start = rng.randrange(len(content))
    length = min(int(10 ** rng.uniform(0.5, 4)), len(content) - start)
    return content[:start] + bytes(length) + content[start + length :]


def noise_in_front(content: bytes, rng: random.Random) -> bytes:
    """Bytes before the file, among them tags that FFmpeg passes over."""
    length = rng.randrange(4000)
    tag = b"ID3\4\0\0" + bytes(length >> shift & 0x7F for shift in (21, 14, 7, 0))
    return (tag if rng.random() < 0.5 else b"") + rng.randbytes(length) + content


SPOILERS: dict[str, Callable[[bytes, random.Random], bytes]] = {
    one.__name__.replace("_", " "): one
    for one in (
        *(cut_off, cut_off_at_a_part, flip_bits, flip_bits_of_the_head, absurd_number, absurd_size),
        *(repeated_part, exchanged_parts, zeroed_part, noise_in_front),
    )
}


def _places(content: bytes, name: bytes) -> list[int]:
    found, at = [], content.find(name)
    while at >= 0 and len(found) < 50:
        found.append(at)
        at = content.find(name, at + 1)
    return found
