"""Expands the arguments of `scenestream submit` to videos: files, URLs, glob patterns, folders.

Checks a file's magic bytes, never its name, to leave out files that are neither videos nor sound; the server
examines the rest. Knows no server.
"""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cluster.errors import UsageError

HEAD_BYTES = 4096
"""Read from each file: an MXF header may begin late, and an MPEG transport stream needs several packets."""

_TS_SYNC = 0x47
_TS_PACKET_BYTES = (188, 192, 204)
"""Packets of MPEG transport streams: plain, with time codes (Blu-ray), with error correction."""

_MAGIC = (
    b"\x1aE\xdf\xa3",  # Matroska, WebM
    b"OggS",
    b"FLV\x01",
    b"0&\xb2u",  # ASF, WMV
    b"\x00\x00\x01\xba",  # MPEG program stream
    b"\x00\x00\x01\xb3",  # MPEG-1 and MPEG-2 video
    b"\x00\x00\x01\xb0",  # MPEG-4 visual
    b"\x00\x00\x00\x01",  # H.264, HEVC, VVC byte streams
    b".RMF",
    b"DKIF",
    b"YUV4MPEG2",
    b"GIF8",
    b"nut/multimedia container",
    b"\x1f\x07\x00",  # DV
    b"\xb7\xd8\x00\x20\x37\x49\xda\x11\xa6\x4e\x00\x07\xe9\x5e\xad\x8d",  # WTV
    b"\x00\x00\x00\x00\x01\xbc",  # GXF
    b"ID3",  # MP3 and others behind a tag
    b"fLaC",
    b"caff",
    b"#!AMR",
    b"wvpk",
    b"MAC ",  # Monkey's Audio
)
_MPEG_SOUND_MARKS = (b"\xff\xfb", b"\xff\xfa", b"\xff\xf3", b"\xff\xf2", b"\xff\xf1", b"\xff\xf9")
"""First bytes of MP3 and AAC (ADTS) without a tag."""
_IN_FORM, _IN_RIFF = (b"AIFF", b"AIFC"), (b"AVI ", b"WAVE")
_MXF = b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02"  # may follow a run-in
_ISO_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"moof", b"styp", b"free", b"skip", b"wide"})
_ISO_NOT_VIDEO = frozenset({b"heic", b"heix", b"mif1", b"avif", b"avis"})


@dataclass(frozen=True, slots=True)
class Source:
    """One video to submit: an address, or a file on this machine (`path`)."""

    name: str
    path: Path | None = None


@dataclass(slots=True)
class Found:
    """The videos to submit, and a sentence for each file that was left out."""

    sources: list[Source] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


def find(words: Sequence[str], *, recursive: bool = False) -> Found:
    """Expand `words` to sources, in their order, each file once.

    A word is a URL, a file, a glob pattern (`*`, `?`, `[…]`, `**` for any folders), or with `recursive` a
    folder. UsageError for a word that matches no file.
    """
    found = Found()
    seen: set[Path] = set()
    for word in words:
        if "://" in word:
            found.sources.append(Source(word))
            continue
        for path in _files(word, recursive):
            if (real := path.resolve()) in seen:
                continue
            seen.add(real)
            reason = _why_not(path)
            if reason is None:
                found.sources.append(Source(str(path), path))
            else:
                found.skipped.append(f"{path}: {reason}")
    return found


def may_be_video(head: bytes) -> bool:
    """Whether a file with these first HEAD_BYTES is in a container format for videos or sound."""
    if head[4:8] in _ISO_BOXES:
        return head[8:12] not in _ISO_NOT_VIDEO
    if head.startswith((b"RIFF", b"RF64", b"FORM")):
        return head[8:12] in (_IN_FORM if head.startswith(b"FORM") else _IN_RIFF)
    if head.startswith(_MPEG_SOUND_MARKS):
        return True
    return head.startswith(_MAGIC) or _MXF in head or _is_transport_stream(head)


def _files(word: str, recursive: bool) -> list[Path]:
    path = Path(word).expanduser()
    if path.is_file():
        return [path]
    if path.is_dir():
        if not recursive:
            raise UsageError(f"{word} is a folder; --recursive takes the videos in it.")
        return list(_below(path))
    if glob.has_magic(word):
        matches = [Path(match) for match in sorted(glob.glob(str(path), recursive=True))]
        files = [file for match in matches for file in (_below(match) if recursive else [match])]
        if files := [file for file in files if file.is_file()]:
            return files
        raise UsageError(f"No file matches {word}.")
    if word == "-" or path.exists():
        raise UsageError(
            f"{word} is a pipe or a device. An upload that breaks off is read again, which takes a file: "
            "write to one first."
        )
    raise UsageError(f"No such file: {word}")


def _below(path: Path) -> Iterator[Path]:
    """Every file below a folder, sorted by name; for a file, the file itself."""
    if not path.is_dir():
        yield path
        return
    for folder, names, files in os.walk(path):
        names.sort()
        yield from (Path(folder, file) for file in sorted(files))


def _why_not(path: Path) -> str | None:
    """The reason why a file is left out; None if it is submitted."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # opening a named pipe would block
            return "it is not a file"
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError:
        return None  # the upload will fail with the reason
    if not head:
        return "it is empty"
    return None if may_be_video(head) else "it is neither a video nor sound"


def _is_transport_stream(head: bytes) -> bool:
    """MPEG transport stream (ISO 13818-1): a sync byte a packet, from any offset in the first packet."""
    return any(
        all(head[at : at + 1] == bytes([_TS_SYNC]) for at in range(start, start + 4 * step, step))
        for step in _TS_PACKET_BYTES
        for start in range(step)
    )
