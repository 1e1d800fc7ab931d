"""Small sound films in every kind of container, from which hostile ones are made.

A dozen frames and half a second of sound each, so that thousands can be analysed. Made by FFmpeg's muxers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from tests.support.media import Picture, Sound, make_media

SIZE_PX = (64, 48)
FRAMES = 12
_SECONDS = 0.5


_PIXELS = {"mjpeg": "yuvj420p", "gif": "rgb8"}
"""Formats of pixels of encoders that do not take the usual one."""


@dataclass(frozen=True)
class _Base:
    suffix: str
    video: str | None = "mpeg4"
    audio: str | None = "aac"
    options: Mapping[str, str] = field(default_factory=dict)
    size: tuple[int, int] = SIZE_PX

    def write(self, folder: Path, name: str) -> bytes:
        streams: list[Picture | Sound] = []
        if self.video is not None:
            encoder = {"preset": "ultrafast"} if self.video == "libx264" else {}
            pixels = _PIXELS.get(self.video, "yuv420p")
            rate, tick = Fraction(25), Fraction(1, 25)
            streams.append(
                Picture((FRAMES,), self.size, rate, self.video, encoder, pixels, tick, number=False, gop=6)
            )
        if self.audio is not None:
            streams.append(Sound(((440.0, _SECONDS),), codec=self.audio))
        return make_media(folder / f"{name}.{self.suffix}", *streams, options=self.options).read_bytes()


_BASES = {
    "mp4": _Base("mp4", "libx264"),
    "mp4 fast": _Base("mp4", options={"movflags": "faststart"}),
    "mp4 fragments": _Base("mp4", "libx264", options={"movflags": "frag_keyframe+empty_moov"}),
    "mp4 segments": _Base("mp4", options={"movflags": "dash+global_sidx+frag_keyframe"}),
    "mov": _Base("mov", "mjpeg", "pcm_s16le"),
    "m4a": _Base("m4a", None),
    "3gp": _Base("3gp", "h263", None, size=(128, 96)),
    "mkv": _Base("mkv", "libx264"),
    "webm": _Base("webm", "libvpx", "libopus"),
    "avi": _Base("avi", "mpeg4", "mp3"),
    "mpegts": _Base("ts", "libx264"),
    "mpeg": _Base("mpg", "mpeg2video", "mp2"),
    "flv": _Base("flv", "flv1", "aac"),
    "asf": _Base("wmv", "wmv2", "wmav2"),
    "mxf": _Base("mxf", "mpeg2video", "pcm_s16le"),
    "nut": _Base("nut", "mpeg4", "mp3"),
    "wtv": _Base("wtv", "mpeg2video", "mp2"),
    "gif": _Base("gif", "gif", None),
    "h264": _Base("h264", "libx264", None),
    "m4v": _Base("m4v", "mpeg4", None),
    "wav": _Base("wav", None, "pcm_s16le"),
    "mp3": _Base("mp3", None, "mp3"),
    "flac": _Base("flac", None, "flac"),
    "ogg": _Base("ogg", None, "libopus"),
    "caf": _Base("caf", None, "pcm_s16le"),
    "aiff": _Base("aiff", None, "pcm_s16be"),
}


def make_bases(folder: Path) -> dict[str, bytes]:
    """Whole files by the name of their kind; files with a suffix of their own are left in `folder`."""
    return {name: base.write(folder, name.replace(" ", "_")) for name, base in _BASES.items()}
