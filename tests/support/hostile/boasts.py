"""Small files that claim much: samples, tracks, fragments, edits, pixels, hours.

Each function makes a file of another size every time; `BOASTS` has them by name.
"""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Callable

from tests.support.hostile.boxes import Track, box, edit_list, full_box, movie, sound_entry, stsz, table

_EMPTY = {
    "stts": table(b"stts", []),
    "stsc": table(b"stsc", []),
    "sizes": stsz(0, 0),
    "stco": table(b"stco", []),
}
_TABLES = (b"stts", b"stsc", b"stco", b"co64", b"stss", b"stps", b"ctts", b"sdtp")


def _many(rng: random.Random) -> int:
    return int(10 ** rng.uniform(5.5, 9.3))


def _long(count: int, size: int = 1, **more: bytes) -> Track:
    tables = {"stts": table(b"stts", [(count, 1)]), "stsc": table(b"stsc", [(1, count, 1)]), **more}
    return Track(sizes=stsz(size, count), duration_ticks=count & 0xFFFF_FFFF, **tables)


def samples(rng: random.Random) -> bytes:
    """Samples of one size, of which none is there."""
    return movie(*[_long(_many(rng), rng.choice((1, 4, 1000)))] * rng.randrange(1, 20))


def pcm(rng: random.Random) -> bytes:
    """Hours of sound in one chunk."""
    count = _many(rng)
    tables = {"stts": table(b"stts", [(count, 1)]), "stsc": table(b"stsc", [(1, count, 1)])}
    chunks = table(b"stco", [(48,)] * rng.randrange(1, 200))
    return movie(Track(handler=b"soun", entry=sound_entry(), sizes=stsz(2, count), stco=chunks, **tables))


def rows(rng: random.Random) -> bytes:
    """A table that states more rows than it has."""
    return movie(Track(more=[table(rng.choice(_TABLES), [(1, 1, 1)], claimed=_many(rng))]))


def tracks(rng: random.Random) -> bytes:
    """Hundreds of tracks."""
    return movie(*[Track()] * int(10 ** rng.uniform(1.5, 3.5)))


def fragments(rng: random.Random) -> bytes:
    """Runs of samples that need no bytes."""
    tfhd = full_box(b"tfhd", struct.pack(">I", 1), flags=0x20000)
    runs = [full_box(b"trun", struct.pack(">I", _many(rng)), flags=rng.choice((0, 0x200)))] * rng.randrange(
        1, 9
    )
    moof = box(b"moof", full_box(b"mfhd", bytes(4)), box(b"traf", tfhd, *runs))
    trex = full_box(b"trex", struct.pack(">IIIII", 1, 1, 1, 4, 0))
    return movie(Track(**_EMPTY), more=[box(b"mvex", trex)]) + (
        moof + box(b"mdat", bytes(64))
    ) * rng.randrange(1, 9)


def edits(rng: random.Random) -> bytes:
    """The same samples again and again."""
    count = int(10 ** rng.uniform(0, 5))
    again = edit_list([(rng.choice((1, count)), 0)] * int(10 ** rng.uniform(1, 4)))
    return movie(_long(count, edits=again), media=bytes(count))


def hours(rng: random.Random) -> bytes:
    """One sample that lasts for days, or an edit list that begins after days."""
    ticks = _many(rng) & 0xFFFF_FFFF
    if rng.random() < 0.5:
        return movie(Track(stts=table(b"stts", [(1, ticks)]), duration_ticks=ticks))
    return movie(Track(edits=edit_list([(ticks, -1), (40, 0)]), duration_ticks=40))


def compressed(rng: random.Random) -> bytes:
    """A header that unpacks to much."""
    whole = samples(rng)
    at = whole.rindex(b"moov") - 4
    moov = whole[at:]
    stated = rng.choice((len(moov), 2**31 - 1))
    packed = zlib.compress(moov if rng.random() < 0.5 else moov + bytes(20_000_000))
    cmvd = box(b"cmvd", struct.pack(">I", stated), packed)
    return whole[:at] + box(b"moov", box(b"cmov", box(b"dcom", b"zlib"), cmvd))


def items(rng: random.Random) -> bytes:
    """A still picture of many parts."""
    version = rng.randrange(3)
    count = struct.pack(">I" if version == 2 else ">H", min(_many(rng), 2**32 - 1 if version == 2 else 65535))
    iloc = full_box(b"iloc", b"\x44\0", count, bytes(60), version=version)
    return box(b"ftyp", b"heic", bytes(4), b"mif1heic") + full_box(
        b"meta", full_box(b"hdlr", bytes(4), b"pict", bytes(13)), iloc
    )


def boxes(rng: random.Random) -> bytes:
    """Many boxes, or boxes in boxes in boxes."""
    if rng.random() < 0.5:
        return movie(Track(), more=[box(b"free")] * int(10 ** rng.uniform(2, 5)))
    nested = b""
    for _ in range(int(10 ** rng.uniform(1, 3))):
        nested = box(b"udta", nested)
    return movie(Track(), more=[nested])


def pixels(rng: random.Random) -> bytes:
    """A frame of absurd size, in formats that state it in plain."""
    width, height = rng.choice(((65535, 65535), (0, 0), (16384, 16384), (1, 65535), (8192, 8192)))
    gif = b"GIF89a" + struct.pack("<HH", width, height) + b"\xf7\0\0" + bytes(768)
    gif += b"," + struct.pack("<HHHHBB", 0, 0, width, height, 0, 8) + (b"\xff" + bytes(255)) * 4 + b"\0;"
    ivf = b"DKIF" + struct.pack("<HH4sHHIIII", 0, 32, b"VP80", width, height, 25, 1, _many(rng), 0)
    ivf += struct.pack("<IQ", _many(rng) & 0x7FFF_FFFF, 0) + bytes(100)
    y4m = f"YUV4MPEG2 W{width} H{height} F25:1 C444p16\nFRAME\n".encode() + bytes(1000)
    return rng.choice((gif, ivf, y4m))


BOASTS: dict[str, Callable[[random.Random], bytes]] = {
    one.__name__: one
    for one in (samples, pcm, rows, tracks, fragments, edits, hours, compressed, items, boxes, pixels)
}
