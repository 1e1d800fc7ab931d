"""File names of clips from a pattern: known fields only, safe characters only, all names different.

Names consist of ASCII letters, digits, '.', '_' and '-', begin with a letter or digit and are short enough
for every file system; other characters of the film's name or of a label are replaced. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from string import Formatter
from typing import Any

from cluster.errors import InvalidSettingsError

NUMBERS = ("index", "number", "start_frame", "end_frame")
WORDS = ("stem", "level", "start", "end", "label", "kind")

_MAX_STEM_CHARS = 120  # of the whole name, so that suffixes and "_2" fit into 255 bytes everywhere
_WIDTH = re.compile(r"0[1-9]")
_HARMFUL = re.compile(r"[^A-Za-z0-9._-]+")


def check_pattern(pattern: str) -> None:
    """InvalidSettingsError unless `file_names` can use the pattern; the message names what it may hold."""
    fields = ", ".join(f"{{{name}}}" for name in (*WORDS, *NUMBERS))
    try:
        parts = list(Formatter().parse(pattern))
    except ValueError as error:
        raise InvalidSettingsError(
            f"The pattern {pattern!r} cannot be read: {error}. Use {fields}."
        ) from None
    for literal, name, width, conversion in parts:
        if "/" in literal or "\\" in literal:
            raise InvalidSettingsError("A pattern names files, not folders: leave out slashes.")
        if name is None:
            continue
        if name not in (*WORDS, *NUMBERS) or conversion:
            raise InvalidSettingsError(f"The pattern has no field {{{name}}}; use {fields}.")
        if width and (name not in NUMBERS or not _WIDTH.fullmatch(width)):
            raise InvalidSettingsError(
                f"{{{name}:{width}}}: only numbers take a width, from 01 to 09, as in {{index:04}}."
            )


def file_names(pattern: str, filename: str, segments: Sequence[Mapping[str, Any]], suffix: str) -> list[str]:
    """One file name for each segment, with `suffix` (".mp4"); the same input gives the same names.

    Names that differ in letter case only count as the same: the later ones get "_2", "_3" and so on.
    """
    check_pattern(pattern)
    taken: set[str] = set()
    names = []
    for segment in segments:
        name = _harmless(pattern.format_map(_fields(filename, segment)))
        unique, count = name, 1
        while unique.casefold() in taken:
            count += 1
            unique = f"{name}_{count}"
        taken.add(unique.casefold())
        names.append(unique + suffix)
    return names


def _fields(filename: str, segment: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "stem": PurePath(filename).stem or "video",
        "level": segment["level"],
        "index": segment["index"],
        "number": segment["index"] + 1,
        "start": _clock(segment["start_s"]),
        "end": _clock(segment["end_s"]),
        "start_frame": segment["start_frame"],
        "end_frame": segment["end_frame"],
        "label": segment.get("label") or "none",
        "kind": (segment.get("start_boundary") or {}).get("kind") or "none",
    }


def _clock(time_s: float) -> str:
    """Formats seconds as h.mm.ss.mmm: without colons, sorting as text in films of less than ten hours."""
    ms = round(abs(time_s) * 1000)
    sign = "minus" if time_s < 0 and ms else ""
    return f"{sign}{ms // 3_600_000}.{ms // 60_000 % 60:02d}.{ms // 1000 % 60:02d}.{ms % 1000:03d}"


def _harmless(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return _HARMFUL.sub("_", plain)[:_MAX_STEM_CHARS].strip("._-") or "clip"
