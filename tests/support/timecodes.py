"""Films with a timecode, in every way in which containers tell one: one list for all tests of timecode.

Each says what file to write and which timecode a reader has to find. Needs PyAV only; knows nothing of the
code under test.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from tests.support.media import Picture, Sound, make_media

NTSC_FILM = Fraction(24_000, 1001)
NTSC = Fraction(30_000, 1001)
_H264 = {"preset": "ultrafast"}


@dataclass(frozen=True)
class Labelled:
    """A film of `frames` frames at `rate` whose first frame has the timecode `told`.

    suffix: chooses the container. written: what is told to the muxer, where that differs. header: in the
    picture's own headers, not by the container.
    """

    suffix: str
    rate: Fraction
    told: str
    codec: str = "libx264"
    frames: int = 6
    size: tuple[int, int] = (96, 64)
    header: bool = False
    written: str | None = None
    b_frames: int = 0

    def __str__(self) -> str:
        return f"{self.suffix}-{self.codec}-{float(self.rate):.5g}-{self.written or self.told}"

    @property
    def drop(self) -> bool:
        return ";" in self.told

    def write(self, folder: Path) -> Path:
        """The file, in `folder`."""
        text = self.written or self.told
        options = dict(_H264) if self.codec == "libx264" else {}
        if self.header:
            options |= {"gop_timecode": text, "drop_frame_timecode": str(int(self.drop))}
        if self.b_frames:
            options["bf"] = str(self.b_frames)
        tags = {} if self.header else {"timecode": text}
        of_file = tags if self.suffix == "avi" else {}
        of_stream = {} if of_file else tags
        picture = Picture((self.frames,), self.size, self.rate, self.codec, options, tags=of_stream, gop=12)
        return make_media(folder / f"film.{self.suffix}", picture, tags=of_file)


LABELLED: list[Labelled] = [
    # timecode tracks
    Labelled("mov", Fraction(25), "10:00:00:00"),
    Labelled("mov", NTSC, "01:00:00:00"),
    Labelled("mov", NTSC, "01:00:00;02"),
    Labelled("mov", NTSC_FILM, "23:59:59:20"),
    Labelled("mov", Fraction(50), "09:59:58:49", "mpeg4"),
    Labelled("mov", 2 * NTSC, "00:59:59;59"),
    Labelled("mov", Fraction(24), "00:00:00:01"),
    Labelled("mp4", Fraction(25), "23:59:59:24", frames=40),
    Labelled("mp4", 2 * NTSC, "12:00:00:30"),
    Labelled("mp4", Fraction(30), "05:06:07:08"),
    Labelled("mp4", Fraction(60), "05:06:07:59"),
    Labelled("mp4", Fraction(25), "00:00:00:00"),
    # tags
    Labelled("mkv", Fraction(25), "10:00:00:00"),
    Labelled("mkv", NTSC, "00:10:00;00", frames=30),
    Labelled("mkv", NTSC, "00:11:00;02", frames=30),
    Labelled("mkv", 2 * NTSC, "03:00:00:00", frames=30),
    Labelled("mkv", Fraction(24), "01:02:03:04", written="01:02:03;04"),  # 24 never drops
    Labelled("mkv", NTSC_FILM, "01:02:03:04", written="01:02:03;04"),
    Labelled("mxf", Fraction(25), "10:00:00:00", "mpeg2video"),
    Labelled("mxf", NTSC, "01:00:00;28", "mpeg2video"),
    Labelled("mxf", NTSC, "01:00:00:28", "mpeg2video"),
    Labelled("avi", Fraction(25), "07:08:09:10", "mpeg4"),
    Labelled("nut", NTSC_FILM, "07:08:09:10", "mpeg4"),
    Labelled("dv", Fraction(25), "09:08:07:06", "dvvideo", size=(720, 576)),
    # headers of groups of pictures
    Labelled("mpg", Fraction(25), "10:11:12:13", "mpeg2video", header=True),
    Labelled("mpg", NTSC, "10:11:12;13", "mpeg2video", header=True),
    Labelled("ts", NTSC, "10:11:12:13", "mpeg2video", header=True, b_frames=2),
    Labelled("ts", Fraction(50), "10:11:12:49", "mpeg2video", header=True),
    Labelled("mpg", Fraction(25), "22:11:12:13", "mpeg1video", header=True),
    Labelled("mkv", Fraction(24), "10:11:12:13", "mpeg2video", header=True, b_frames=2),
]


def late_picture(folder: Path, suffix: str, *, late_s: int, timecode: str | None = None) -> Path:
    """A film of 25 frames/s: sound from 0 on, pictures with numbers `late_s` seconds later."""
    tags = {} if timecode is None else {"timecode": timecode}
    picture = Picture((30, 20), time_of=lambda frame: late_s + Fraction(frame, 25), tags=tags)
    return make_media(folder / f"late.{suffix}", picture, Sound(((440.0, late_s + 2.0),)))


def recount(path: Path, base: int, number: int) -> Path:
    """A QuickTime file whose timecode track counts `base` frames a second and begins with frame `number`.

    FFmpeg's muxer lets it count those of the picture. QuickTime File Format, timecode sample description:
    flags, time scale, frame duration, number of frames; the sample is the frame's number.
    """
    data = bytearray(path.read_bytes())
    at = data.index(b"stsd", data.index(b"gmhd"))
    while data[at + 16 : at + 20] != b"tmcd":
        at = data.index(b"stsd", at + 4)
    entry = at + 16 + 4 + 8
    flags, scale, duration, counted = struct.unpack_from(">4xIIIB", data, entry)
    sample = _sample_of(data, at)
    struct.pack_into(">4xIIIB", data, entry, flags, scale, duration * counted // base, base)
    struct.pack_into(">I", data, sample, number)
    path.write_bytes(data)
    return path


def _sample_of(data: bytearray, at: int) -> int:
    """Place in the file of the first sample of the track whose description is at `at`."""
    table = data.index(b"stco", at)
    return int(struct.unpack_from(">I", data, table + 12)[0])
