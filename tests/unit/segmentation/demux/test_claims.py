"""Headers that claim more than a file can have are refused before FFmpeg opens it; all others are not."""

from __future__ import annotations

import os
import struct
import zlib
from fractions import Fraction
from pathlib import Path

import av
import pytest

from actors.segmentation.demux.container import opened
from actors.segmentation.demux.iso import claims, walker
from actors.segmentation.demux.iso.claims import check_claims
from actors.segmentation.demux.iso.walker import BytesSource, walk
from actors.segmentation.errors import MediaError, MediaErrorCode
from tests.support.hostile.boxes import (
    VIDEO_ENTRY,
    Track,
    box,
    edit_list,
    full_box,
    large_box,
    movie,
    sound_entry,
    stsz,
    table,
)
from tests.support.media import Picture, Sound, make_media

MILLIONS = 5_000_000
BOMB = Track(
    stts=table(b"stts", [(MILLIONS, 1)]), stsc=table(b"stsc", [(1, MILLIONS, 1)]), sizes=stsz(1, MILLIONS)
)
"""Five million samples of a byte in a file of some hundred bytes."""
EMPTY = Track(
    stts=table(b"stts", []), stsc=table(b"stsc", []), sizes=stsz(0, 0), stco=table(b"stco", [])
)  # fmt: skip
"""A track whose samples come in fragments."""


def fragment(*boxes: bytes) -> bytes:
    head = full_box(b"tfhd", struct.pack(">I", 1), flags=0x20000)
    return box(b"moof", full_box(b"mfhd", bytes(4)), box(b"traf", head, *boxes)) + box(b"mdat", bytes(64))


def heif(*boxes: bytes) -> bytes:
    hdlr = full_box(b"hdlr", bytes(4), b"pict", bytes(13))
    return box(b"ftyp", b"heic", bytes(4), b"mif1heic") + full_box(b"meta", hdlr, *boxes)


def long_track(edits: bytes, times: list[tuple[int, int]], *more: bytes, sizes: bytes | None = None) -> Track:
    """A hundred thousand samples, each there."""
    count = sum(number for number, _ in times)
    return Track(
        stts=table(b"stts", times),
        stsc=table(b"stsc", [(1, count, 1)]),
        sizes=sizes or stsz(1, count),
        edits=edits,
        more=more,
    )


def compressed(movie_bytes: bytes, stated: int | None = None) -> bytes:
    """The file with its `moov` as QuickTime once compressed it."""
    at = movie_bytes.rindex(b"moov") - 4
    moov = movie_bytes[at:]
    size = struct.pack(">I", len(moov) if stated is None else stated)
    packed = box(b"cmov", box(b"dcom", b"zlib"), box(b"cmvd", size, zlib.compress(moov)))
    return movie_bytes[:at] + box(b"moov", packed)


def synchsafe(number: int) -> bytes:
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


SECOND_HANDLER = full_box(b"hdlr", bytes(4), b"vide", bytes(13))
PCM_PACKETS = box(
    b"sowt",
    *(bytes(6), struct.pack(">H", 1), struct.pack(">HHI", 1, 0, 0)),
    *(struct.pack(">HHHHI", 1, 16, 0, 0, 8000 << 16), struct.pack(">IIII", 160, 1, 1, 1)),
)
"""Sample entry of version 1 with packets of 160 samples."""


def pcm(
    chunks: int,
    lengths: list[tuple[int, int, int]],
    *more: bytes,
    samples: int = 2**31 - 1,
    entry: bytes | None = None,
    handler: bytes = b"soun",
    ticks: int = 1,
) -> bytes:
    """A film of a track of PCM. lengths: rows of `stsc`; more: boxes behind its tables."""
    return movie(
        Track(
            handler=handler,
            entry=sound_entry() if entry is None else entry,
            stts=table(b"stts", [(samples, ticks)]),
            stsc=table(b"stsc", lengths),
            sizes=stsz(1, samples),
            stco=table(b"stco", [(48,)] * chunks),
            more=more,
        )
    )


TOO_MUCH = {
    "PCM whose chunks are stated again": pcm(1000, [(1, 4_000_000, 1)], table(b"stco", [(48,)])),
    "PCM whose runs do not ascend": pcm(1000, [(1, 1, 1), (1000, 4_000_000, 1), (999, 4_000_000, 1)]),
    "PCM whose first run begins late": pcm(1000, [(999, 4_000_000, 1), (1000, 1, 1)]),
    "PCM in a track of text": pcm(1, [(1, 2**31 - 1, 1)], samples=1, handler=b"text"),
    "PCM of negative durations": pcm(1, [(1, 2**31 - 1, 1)], samples=1, ticks=2**32 - 1),
    "PCM in small packets": pcm(100, [(1, 5_000_000, 1)], entry=PCM_PACKETS),
    "pictures called sound before": pcm(1, [(1, MILLIONS, 1)], SECOND_HANDLER, samples=MILLIONS),
    "samples of one track": movie(BOMB),
    "samples of many tracks": movie(*[long_track(b"", [(100_000, 1)])] * 16),
    "runs of PCM": movie(
        Track(
            handler=b"soun",
            entry=sound_entry(),
            stts=table(b"stts", [(2**31 - 1, 1)]),
            stsc=table(b"stsc", [(1, 2**31 - 1, 1)]),
            sizes=stsz(1, 2**31 - 1),
            stco=table(b"stco", [(48,)] * 10),
        )
    ),
    "a fragment": movie(EMPTY) + fragment(full_box(b"trun", struct.pack(">I", MILLIONS))),
    "many fragments": movie(EMPTY) + fragment(full_box(b"trun", struct.pack(">I", 100_000))) * 10,
    "fragments of nothing in many tracks": movie(*[EMPTY] * 500) + box(b"moof") * 2000,
    "segments in many tracks": movie(*[EMPTY] * 500)
    + full_box(b"sidx", struct.pack(">IIIIHH", 1, 1000, 0, 0, 0, 2000), bytes(12 * 2000)),
    "vectors of no bytes": movie(EMPTY) + fragment(full_box(b"senc", struct.pack(">I", MILLIONS))),
    "vectors of one size": movie(Track(more=[full_box(b"saiz", b"\x08", struct.pack(">I", 2**30))])),
    "edits that repeat all": movie(long_track(edit_list([(100_000, 0)] * 200), [(100_000, 1)])),
    "edits over samples of no time": movie(
        long_track(edit_list([(1, 0)] * 200), [(99_999, 0), (1, 1_000_000)])
    ),
    "edits over more samples than have durations": movie(
        long_track(edit_list([(100_000, 0)] * 200), [(1, 1)], sizes=stsz(1, 100_000))
    ),
    "edits behind the only seek point": movie(
        long_track(edit_list([(1, 50_000)] * 200), [(100_000, 1)], table(b"stss", [(1,)]))
    ),
    "edits of one sample": movie(
        Track(edits=edit_list([(40, 0)] * 100_010), duration_ticks=40), media=bytes(100_000)
    ),
    "a compressed header": compressed(movie(BOMB)),
    "a compressed header that states gigabytes": compressed(movie(Track()), 2**31 - 1),
    "a movie in a box of another name": movie(BOMB).replace(b"moov", b"hoov"),
    "a movie in free": movie(BOMB).replace(b"moov", b"free"),
    "tables in a sample entry": movie(
        Track(entry=box(b"mp4v", VIDEO_ENTRY[8:86], BOMB.sizes, BOMB.stts, BOMB.stsc), sizes=b"", stts=b"")
    ),
    "behind tags": b"ID3\4\0\0" + synchsafe(100) + bytes(100) + movie(BOMB),
    "large sizes": large_box(b"moov", movie(BOMB)[movie(BOMB).rindex(b"moov") + 4 :]),
    "large sizes up to the end": large_box(b"moov", movie(BOMB)[movie(BOMB).rindex(b"moov") + 4 :], size=8),
    "sizes up to the end": box(b"moov", movie(BOMB)[movie(BOMB).rindex(b"moov") + 4 :], size=0),
    "sizes past the end": box(b"moov", movie(BOMB)[movie(BOMB).rindex(b"moov") + 4 :], size=2**31),
}
"""More entries than the file can have."""

TOO_SHORT = {
    **{
        kind.decode(): movie(Track(more=[table(kind, [(1,)], claimed=2**27)]))
        for kind in (b"stts", b"stsc", b"stco", b"co64", b"stss", b"stps", b"ctts")
    },
    "stsz": movie(Track(sizes=stsz(0, 2**27))),
    "stz2": movie(Track(sizes=full_box(b"stz2", struct.pack(">II", 4, 2**29)))),
    "elst": movie(Track(edits=edit_list([(40, 0)], claimed=2**26))),
    "sbgp": movie(Track(more=[full_box(b"sbgp", b"rap ", struct.pack(">I", 2**27))])),
    "saiz": movie(Track(more=[full_box(b"saiz", b"\0", struct.pack(">I", 2**30))])),
    "saio": movie(Track(more=[full_box(b"saio", struct.pack(">I", 2**28))])),
    "pssh": movie(Track(), more=[full_box(b"pssh", bytes(16), struct.pack(">I", 2**27), version=1)]),
    "trun": movie(EMPTY) + fragment(full_box(b"trun", struct.pack(">I", MILLIONS), flags=0x200)),
    "sidx": movie(EMPTY) + full_box(b"sidx", struct.pack(">IIIIHH", 1, 1000, 0, 0, 0, 65535)),
    "iloc": heif(full_box(b"iloc", struct.pack(">HI", 0x4400, 2**24), bytes(60), version=2)),
    "iinf": heif(full_box(b"iinf", struct.pack(">I", 2**28), version=1)),
    "keys": movie(
        Track(),
        more=[
            box(b"meta", full_box(b"hdlr", bytes(4), b"mdta", bytes(13)), table(b"keys", [], claimed=2**26))
        ],
    ),
}
"""Tables that state more rows than their box holds, by the box."""


@pytest.mark.parametrize("name", TOO_MUCH)
def test_more_samples_than_the_file_can_have_are_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(TOO_MUCH[name])

    with pytest.raises(MediaError) as caught, opened(path):
        pass

    assert caught.value.code is MediaErrorCode.LIMIT_EXCEEDED
    assert "made to take memory" in caught.value.message


@pytest.mark.parametrize("name", TOO_SHORT)
def test_a_table_that_states_more_than_its_box_holds_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(TOO_SHORT[name])

    with pytest.raises(MediaError) as caught, opened(path):
        pass

    assert caught.value.code is MediaErrorCode.TRUNCATED
    assert repr(name) in caught.value.message


def test_the_crafted_film_itself_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(movie(Track(), Track(handler=b"soun", entry=sound_entry())))

    with opened(path) as container:
        assert [stream.type for stream in container.streams] == ["video", "audio"]


BOMB_TABLES = BOMB.stts + BOMB.sizes
HDLR = full_box(b"hdlr", bytes(4), b"mdir", bytes(13))


@pytest.mark.parametrize(
    "decoy",
    [
        box(b"free", BOMB_TABLES),
        box(b"skip", BOMB.to_box()),
        box(b"uuid", bytes(16), BOMB_TABLES),
        box(b"udta", box(b"\xa9cmt", b"a film about a trunk, stts and stsz", BOMB_TABLES)),
        box(b"udta", full_box(b"meta", HDLR, box(b"free", BOMB_TABLES))),
        box(b"udta", BOMB.to_box()),  # FFmpeg leaves a container at a track that does not belong there
        full_box(b"meta", BOMB_TABLES),  # no hdlr, so FFmpeg looks at nothing in it
    ],
    ids=["free", "skip", "uuid", "comment", "in meta", "track in udta", "meta without hdlr"],
)  # fmt: skip
def test_what_ffmpeg_does_not_read_says_nothing(tmp_path: Path, decoy: bytes) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(movie(Track(), more=[decoy]) + box(b"mdat", BOMB_TABLES))

    with opened(path) as container:
        assert len(container.streams) == 1


@pytest.mark.parametrize("name", ["film.mp4", "film.mov"])
@pytest.mark.parametrize("flags", ["", "faststart", "frag_keyframe+empty_moov"])
def test_films_of_encoders_pass_whole_and_cut_off(tmp_path: Path, name: str, flags: str) -> None:
    sound = Sound((("noise", 4.0),), codec="pcm_s16le" if name.endswith("mov") else "aac")
    plain = make_media(tmp_path / f"plain_{name}", Picture((100,), (64, 48), fps=Fraction(25)), sound)
    path = tmp_path / name
    options = {"movflags": flags} if flags else {}
    with av.open(str(plain)) as old, av.open(str(path), "w", options=options) as new:
        new.metadata["comment"] = "trunk stsz moov stts"
        streams = {stream.index: new.add_stream_from_template(stream) for stream in old.streams}
        for packet in old.demux():
            if packet.size:
                packet.stream = streams[packet.stream_index]
                new.mux(packet)
    content = path.read_bytes()

    for share in (1.0, 0.9, 0.5, 0.2, 0.05):
        part = tmp_path / f"{share}_{name}"
        part.write_bytes(content[: int(share * len(content))])
        check_claims(part)


def test_pcm_has_an_entry_for_each_1024_samples(tmp_path: Path) -> None:
    """An hour of sound of which only the head is there: 172,800,000 samples, 168,751 entries."""
    count = 48_000 * 3600
    path = tmp_path / "film.mov"
    path.write_bytes(pcm(count // 24_000, [(1, 24_000, 1)], samples=count))

    check_claims(path)


def test_handlers_of_metadata_do_not_change_what_a_track_is(tmp_path: Path) -> None:
    count = 48_000 * 3600
    meta = full_box(b"meta", full_box(b"hdlr", bytes(4), b"mdta", bytes(13)))
    track = Track(
        handler=b"soun",
        entry=sound_entry(),
        stts=table(b"stts", [(count, 1)]),
        stsc=table(b"stsc", [(1, count, 1)]),
        sizes=stsz(1, count),
        edits=meta,  # in front of `mdia`
    )
    path = tmp_path / "film.mov"
    path.write_bytes(movie(track))

    check_claims(path)


def test_heads_that_lie_side_by_side_are_read_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pool tells by bytes read that a task gets on; see `WorkState`."""
    path = tmp_path / "film.mp4"
    path.write_bytes(movie(EMPTY) + box(b"free", bytes(1 << 20)) + fragment())
    asked: list[int] = []
    pread = os.pread
    monkeypatch.setattr(os, "pread", lambda file, count, at: asked.append(count) or pread(file, count, at))

    check_claims(path)

    assert len(asked) <= 5
    assert min(asked) >= 4096


def test_an_edit_list_of_many_passages_passes(tmp_path: Path) -> None:
    """A film that was cut in place: a thousand passages of a hundred samples, a seek point every fifty."""
    edits = edit_list([(100, start) for start in range(0, 100_000, 100)])
    points = table(b"stss", [(number,) for number in range(1, 100_000, 50)])
    path = tmp_path / "film.mp4"
    path.write_bytes(movie(long_track(edits, [(100_000, 1)], points), media=bytes(100_000)))

    check_claims(path)


def test_damage_of_a_few_rows_is_left_to_ffmpeg(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(movie(Track(stco=table(b"stco", [(48,)], claimed=100))))

    with opened(path) as container:
        assert len(container.streams) == 1


def test_endless_boxes_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walker, "MAX_BOXES", 1000)
    path = tmp_path / "film.mp4"
    path.write_bytes(movie(Track(), more=[box(b"free")] * 1000))

    with pytest.raises(MediaError, match="more parts"):
        check_claims(path)


def sidx(first_offset: int, rows: int, size: int = 100) -> bytes:
    """Segments of `size` bytes, the first so far behind the box."""
    head = struct.pack(">IIIIHH", 1, 1000, 0, first_offset, 0, rows)
    return full_box(b"sidx", head, struct.pack(">III", size, 1000, 0) * rows)


def test_endless_segments_in_no_order_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "MOST_SEGMENTS", 20)
    path = tmp_path / "film.mp4"
    path.write_bytes(movie(EMPTY) + sidx(2000, 7) + sidx(1500, 7) + sidx(1000, 7) + sidx(0, 7))

    with pytest.raises(MediaError, match="20 segments"):
        check_claims(path)


def test_segments_that_are_listed_one_by_one_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A recording for streaming: each fragment has a list of its own in front of it."""
    monkeypatch.setattr(claims, "MOST_SEGMENTS", 20)
    piece = fragment()
    path = tmp_path / "film.mp4"
    path.write_bytes(movie(EMPTY, EMPTY) + (sidx(0, 1, len(piece)) + piece) * 100)

    check_claims(path)


def test_endless_headers_of_copy_protection_are_refused(tmp_path: Path) -> None:
    pssh = full_box(b"pssh", bytes(16), bytes(4))
    path = tmp_path / "film.mp4"
    path.write_bytes(movie(Track(), more=[pssh] * 1000))
    check_claims(path)
    path.write_bytes(movie(Track(), more=[pssh] * 1001))

    with pytest.raises(MediaError, match="copy protection"):
        check_claims(path)


def test_nesting_ends(tmp_path: Path) -> None:
    content = b""
    for _ in range(5000):
        content = box(b"udta", content)

    assert sum(not found.leaving for found in walk(BytesSource(content))) < 30


def test_a_file_that_has_changed_is_looked_at_again(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(movie(Track()))
    check_claims(path)
    path.write_bytes(movie(BOMB))

    with pytest.raises(MediaError):
        check_claims(path)
