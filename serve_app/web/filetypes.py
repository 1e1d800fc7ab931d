"""Detects the media type of a stored file by its first bytes, and makes file names safe to show.

The extension is not used. The type only labels the download: whether a file can be segmented is decided
where it is decoded.
"""

from __future__ import annotations

import unicodedata
from urllib.parse import quote

HEAD_BYTES = 512
"""Bytes from the start of a file that `content_type` needs."""
UNKNOWN_TYPE = "application/octet-stream"
CONTENT_TYPES = (
    "video/mp4", "video/quicktime", "video/webm", "video/x-matroska", "video/x-msvideo", "video/ogg",
    "video/x-flv", "video/x-ms-wmv", "video/mpeg", "video/mp2t", "audio/mp4", "audio/mpeg", "audio/aac",
    "audio/flac", "audio/wav", UNKNOWN_TYPE,
)  # fmt: skip
"""All values that `content_type` returns."""
MAX_NAME_CHARS = 200
_MAX_EXTENSION_CHARS = 16
"""A longer end after the last dot is no extension, but a sentence."""
_JOINERS = "\u200c\u200d"
"""Zero width non-joiner and joiner: format characters that are a part of words."""
_TS_PACKET_BYTES = 188


def content_type(head: bytes) -> str:
    """The media type of a file by its first HEAD_BYTES (ISO 14496-12, Matroska, RIFF, ISO 13818-1)."""
    if (sound := _sound_type(head)) is not None:
        return sound
    if head[4:8] == b"ftyp":
        return "video/quicktime" if head[8:12] == b"qt  " else "video/mp4"
    if head[4:8] in {b"moov", b"mdat", b"wide", b"free"}:
        return "video/quicktime"
    if head.startswith(b"\x1aE\xdf\xa3"):
        return "video/webm" if b"webm" in head[:64] else "video/x-matroska"
    if head.startswith(b"RIFF") and head[8:12] == b"AVI ":
        return "video/x-msvideo"
    if head.startswith(b"OggS"):
        return "video/ogg"
    if head.startswith(b"FLV\x01"):
        return "video/x-flv"
    if head.startswith(b"0&\xb2u\x8ef\xcf\x11"):
        return "video/x-ms-wmv"
    if head.startswith(b"\x00\x00\x01\xba"):
        return "video/mpeg"
    if head[:1] == b"G" and head[_TS_PACKET_BYTES : _TS_PACKET_BYTES + 1] == b"G":
        return "video/mp2t"
    return UNKNOWN_TYPE


def _sound_type(head: bytes) -> str | None:
    """The media type of a file for sound alone; None for others."""
    if head[4:12] in {b"ftypM4A ", b"ftypM4B "}:
        return "audio/mp4"
    if head.startswith(b"fLaC"):
        return "audio/flac"
    if head[:4] in {b"RIFF", b"RF64"} and head[8:12] == b"WAVE":
        return "audio/wav"
    if head.startswith((b"\xff\xf1", b"\xff\xf9")):
        return "audio/aac"
    if head.startswith((b"ID3", b"\xff\xfb", b"\xff\xfa", b"\xff\xf3", b"\xff\xf2")):
        return "audio/mpeg"
    return None


def display_name(given: str | None) -> str:
    """A name to show for an uploaded file: no path, no control or direction characters, MAX_NAME_CHARS long.

    What is too long is cut before the extension. Joiners stay: they are a part of Persian spelling and of
    emoji. Only ever shown; stored names are generated.
    """
    name = (given or "").replace("\\", "/").rsplit("/", 1)[-1]
    name = unicodedata.normalize("NFC", name)
    # Categories C*: control, format (which turns the reading direction), surrogate, private, unassigned;
    # Z*: every kind of space and line separator.
    kinds = ((char, unicodedata.category(char)[0]) for char in name)
    name = "".join(" " if kind == "Z" else char for char, kind in kinds if kind != "C" or char in _JOINERS)
    name = name.strip()
    if len(name) > MAX_NAME_CHARS:
        stem, dot, extension = name.rpartition(".")
        end = dot + extension if stem and len(extension) <= _MAX_EXTENSION_CHARS else ""
        name = name[: MAX_NAME_CHARS - len(end)].rstrip(_JOINERS + " ") + end
    return name if name.strip(_JOINERS) else "video"


def content_disposition(kind: str, name: str) -> str:
    """A Content-Disposition header (RFC 6266). `kind` is "inline" or "attachment"."""
    plain = "".join(char if char.isascii() and char not in '"\\%' else "_" for char in name)
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
