"""Refuses MP4, QuickTime and HEIF files whose headers claim more than the file can have.

A header of a few hundred bytes may claim millions of samples; FFmpeg's demuxer makes an index entry for
each of them while it opens the file, 35 to 80 bytes. So claims are added up before: entries of all tracks,
in `moov` and in fragments, after edit lists. A few are allowed that no byte stands for, so that a file that
was cut off can still be analysed. Looks at every file, since other formats have none of these boxes.
Imports no PyAV.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np

from actors.segmentation.demux.iso.edits import SampleTimes
from actors.segmentation.demux.iso.tables import MOST_ROWS_READ, claimed_rows, rows_of, segments_of
from actors.segmentation.demux.iso.walker import (
    Box,
    BytesSource,
    FileSource,
    HeaderTooLargeError,
    TooManyBoxesError,
    walk,
)
from actors.segmentation.errors import MediaError, MediaErrorCode

MOST_ENTRIES = 20_000_000
"""Index entries of a file. A day at 120 frames/s has 10.4 million frames, and 4 million packets of AAC for
each of two audio streams. FFmpeg takes 0.7 to 1.6 GB for so many."""
SPARE_ENTRIES = 500_000
"""Entries for which the file need not have a byte each, because the rest of a file may be missing. 20 to 40
MB."""
REPEATS = 4
"""How often an edit list may show each sample on average, those not counted that only lead up to a seek
point. Lists that are made by hand repeat a passage, not a film."""
SPARE_REPEATED = 100_000
"""Samples that may be shown again however short the file is: a loop of an hour at 25 frames/s, or of half an
hour of AAC. Without networks on a GPU so many frames take about a quarter of an hour."""
MOST_SEGMENTS = 200_000
"""Rows of all `sidx` together that are not in the order of the file, as where each track has one for the
whole film: segments of half a second in a day. FFmpeg keeps them sorted by inserting, so time grows with the
square."""
MOST_KEY_HEADERS = 1000
"""Boxes `pssh`, one for each system of copy protection. FFmpeg copies all before for each: 300,000 take more
than a minute."""
_OTHER_HANDLERS = frozenset((b"vide", b"subp", b"clcp"))
"""Those that make a track something other than sound for FFmpeg. Boxes of metadata and of data references
have handlers too, which change nothing."""
_PCM_SAMPLES = 1024
"""Samples of PCM for one index entry."""
_FEWEST_PACKET_SAMPLES = 160
"""So many samples of a packet, or more, that a sample entry states, FFmpeg believes."""
_PACKET_SAMPLES_AT = {1: 36, 2: 68}
"""Where they stand in a sample entry of sound, by its version."""
_ENTRY_HEAD_BYTES = 72
_ID3 = b"ID3"
_ID3_HEAD_BYTES = 10


def check_claims(file: Path) -> None:
    """Raise MediaError (truncated, limit_exceeded) if the file's headers claim what it cannot have.

    A file that was looked at before, and has the same size and time of change, is not looked at again.
    OSError.
    """
    status = file.stat()
    _checked(str(file), status.st_size, status.st_mtime_ns, status.st_ino)


@lru_cache(maxsize=64)
def _checked(file: str, _size: int, _mtime_ns: int, _inode: int) -> None:
    descriptor = os.open(file, os.O_RDONLY)
    try:
        source = FileSource(descriptor)
        _Claims(source.size).add_all(source)
    finally:
        os.close(descriptor)


class _Claims:
    """What a file claims, added up. MediaError as soon as it is too much."""

    def __init__(self, file_bytes: int) -> None:
        self._most = min(MOST_ENTRIES, SPARE_ENTRIES + file_bytes)
        self._file_bytes = file_bytes
        self._entries = 0
        self._tracks = 0
        self._segments = 0
        self._segments_end = 0
        self._key_headers = 0
        self._ticks_per_s = 1
        self._track = _Track()

    def add_all(self, source: FileSource) -> None:
        """Go through the whole file."""
        try:
            for box in walk(source, _behind_tags(source)):
                self._add(box)
        except TooManyBoxesError:
            raise _too_much("The file consists of more parts (boxes) than can be looked at.") from None
        except HeaderTooLargeError:
            raise _too_much(
                "The compressed index of the file states more bytes than can be unpacked."
            ) from None

    def _add(self, box: Box) -> None:
        kind = box.kind
        if box.leaving:
            if kind == b"trak":
                self._leave_track()
            return
        rows = claimed_rows(box)
        if kind == b"trak":
            self._track = _Track()
            self._tracks += 1
        elif kind == b"moof":
            self._count(self._tracks)  # FFmpeg notes of each fragment where each track is in it
        elif kind == b"mvhd":
            self._ticks_per_s = _ticks_per_s(box)
        elif kind in (b"trun", b"senc", b"saiz"):
            self._count(rows)
        elif kind == b"sidx":
            self._add_segments(box, rows)
        elif kind == b"pssh":
            self._key_headers += 1
            if self._key_headers > MOST_KEY_HEADERS:
                raise _too_much(f"The file has more than {MOST_KEY_HEADERS} headers of copy protection.")
        else:
            self._track.add(box, rows)

    def _add_segments(self, box: Box, rows: int) -> None:
        self._count(rows * self._tracks)
        begin, sizes = segments_of(box)
        if begin < self._segments_end:
            self._segments += rows
        if self._segments > MOST_SEGMENTS:
            raise _too_much(f"The file lists more than {MOST_SEGMENTS} segments in no order.")
        self._segments_end = max(self._segments_end, begin + sizes)

    def _leave_track(self) -> None:
        samples = self._track.entries()
        self._count(samples)
        entries, shown = self._track.edited(self._ticks_per_s, samples)
        if entries > samples:
            self._count(entries - samples)
        if shown > REPEATS * samples + SPARE_REPEATED:
            raise _too_much(f"The file's edit list shows {shown} samples, but only {samples} are there.")

    def _count(self, entries: int) -> None:
        self._entries += entries
        if self._entries > self._most:
            raise _too_much(
                f"The file has {self._file_bytes} bytes and claims {self._entries} samples or more; at most "
                f"{self._most} are allowed for a file of this size."
            )


@dataclass(slots=True)
class _Track:
    """The tables of one track as far as they have come; the last of a kind counts, as in FFmpeg, but of
    `stco` the first with rows, so here the longest."""

    handlers: set[bytes] = field(default_factory=set)
    packet_samples: int = _PCM_SAMPLES
    ticks_per_s: int = 1
    samples: int = 0
    chunks: int = 0
    times: Box | None = None
    chunk_lengths: Box | None = None
    seek_points: Box | None = None
    edits: Box | None = None

    def add(self, box: Box, rows: int) -> None:
        """Note a box of this track; others are passed over."""
        match box.kind:
            case b"hdlr":
                self.handlers.add(box.read(4, 8))
            case b"mdhd":
                self.ticks_per_s = _ticks_per_s(box)
            case b"stsz" | b"stz2":
                self.samples = rows
            case b"stco" | b"co64":
                self.chunks = max(self.chunks, rows)
            case b"stsd":
                self.packet_samples = min(self.packet_samples, _packet_samples(box))
            case b"stts":
                self.times = box
            case b"stsc":
                self.chunk_lengths = box
            case b"stss":
                self.seek_points = box
            case b"elst":
                self.edits = box

    def entries(self) -> int:
        """Index entries that FFmpeg makes of the tables: one for each sample, but of PCM for each 1024
        samples, or as many as a packet is said to have. The larger number where it is not certainly PCM: a
        sample entry makes sound of a track whose handler says nothing."""
        return self._packets() if self._is_pcm() else max(self.samples, self._packets())

    def _is_pcm(self) -> bool:
        if self.times is None or b"soun" not in self.handlers or self.handlers & _OTHER_HANDLERS:
            return False
        times = rows_of(self.times, 2)
        return len(times) == 1 and bool(times[0, 1] == 1)

    def _packets(self) -> int:
        """Packets of PCM in all chunks."""
        lengths = np.empty((0, 3), np.int64) if self.chunk_lengths is None else rows_of(self.chunk_lengths, 3)
        if len(lengths) == 0:
            return 0
        if len(lengths) == MOST_ROWS_READ:
            return MOST_ENTRIES + 1
        packets = np.ceil(lengths[:, 1] / self.packet_samples)
        if (np.diff(lengths[:, 0]) <= 0).any():  # FFmpeg puts such rows right, in a way that may be to any
            return int(self.chunks * packets.max())
        begins = np.append(1, lengths[1:, 0])  # where the first row says that it begins is not looked at
        chunks = np.maximum(np.minimum(np.append(begins[1:], self.chunks + 1), self.chunks + 1) - begins, 0)
        return int((chunks.astype(np.float64) * packets).sum())

    def edited(self, movie_ticks_per_s: int, samples: int) -> tuple[int, int]:
        """(entries, samples shown) after the edit list: `samples` twice where it is certain that it does not
        repeat many. Entries are more where edits begin far behind a seek point, as those of a time-lapse do.
        """
        if self.edits is None or self.times is None:
            return samples, samples
        wide = self.edits.read(1) == b"\1"
        rows = rows_of(self.edits, 5 if wide else 3)
        if len(rows) * samples <= REPEATS * samples + SPARE_REPEATED:
            return samples, samples
        durations, starts = (
            ((rows[:, 0] << 32) + rows[:, 1], (rows[:, 2] << 32) + rows[:, 3])
            if wide
            else (rows[:, 0], rows[:, 1])
        )
        empty = starts >= (1 << 63 if wide else 1 << 31)  # a pause: a time of -1
        scale = self.ticks_per_s / movie_ticks_per_s
        ticks = np.minimum(durations[~empty] * scale, float(1 << 61)).astype(np.int64)
        runs = rows_of(self.times, 2)
        if samples > self.samples or self._is_pcm():
            runs = np.array([[samples, self.packet_samples]])
        if len(runs) == 0:
            return samples, samples
        runs[-1, 0] = max(runs[-1, 0], samples)  # FFmpeg goes on with the last duration
        times = SampleTimes(runs, samples, self._seek_points())
        return times.counted(np.minimum(starts[~empty], 1 << 61), ticks)

    def _seek_points(self) -> np.ndarray[tuple[int], np.dtype[np.int64]] | None:
        """Samples from 0 on; those behind the first that does not ascend are none for FFmpeg."""
        if self.seek_points is None:
            return None
        points = rows_of(self.seek_points, 1)[:, 0] - 1
        fallen = np.flatnonzero(np.diff(points) <= 0)
        return points[: fallen[0] + 1] if len(fallen) else points


def _ticks_per_s(box: Box) -> int:
    """Of `mvhd` or `mdhd`; 1 where it is not stated."""
    wide = box.read(1) == b"\1"
    return int.from_bytes(box.read(4, 20 if wide else 12), "big") or 1


def _packet_samples(box: Box) -> int:
    """The fewest samples for one index entry that a sample entry in `stsd` asks for."""
    fewest, at = _PCM_SAMPLES, 8
    while len(head := box.read(_ENTRY_HEAD_BYTES, at)) >= 18:
        stated = _PACKET_SAMPLES_AT.get(int.from_bytes(head[16:18], "big"))
        samples = 0 if stated is None else int.from_bytes(head[stated : stated + 4], "big")
        if head[4:8] == b"agsm":
            samples = _FEWEST_PACKET_SAMPLES
        if samples >= _FEWEST_PACKET_SAMPLES:
            fewest = min(fewest, samples)
        length = int.from_bytes(head[:4], "big")
        if length < 16:
            break
        at += length
    return fewest


def _behind_tags(source: FileSource | BytesSource) -> int:
    """Where the file begins behind ID3v2 tags, which FFmpeg passes over in front of any format."""
    at = 0
    while (head := source.read(at, _ID3_HEAD_BYTES))[:3] == _ID3 and len(head) == _ID3_HEAD_BYTES:
        length = 0
        for byte in head[6:]:
            length = length << 7 | byte & 0x7F
        at += _ID3_HEAD_BYTES * (2 if head[5] & 0x10 else 1) + length
    return at


def _too_much(what: str) -> MediaError:
    return MediaError(
        MediaErrorCode.LIMIT_EXCEEDED,
        f"{what} It is damaged, or made to take memory or time. Export it again.",
    )
