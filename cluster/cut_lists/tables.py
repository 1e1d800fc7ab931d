"""Reads CSV as the csv export writes it, and bare lists of frames or timecodes, one a line."""

from __future__ import annotations

import csv
import io
from typing import Any, get_args

from cluster.contract.vocabulary import LEVELS, VIDEO_START, BoundaryKind, Level
from cluster.cut_lists.film import Film
from cluster.cut_lists.starts import MAX_DIGITS, Starts, is_by_hand

_FORMULA_GUARD = "'"
"""Written by the export before a text that a spreadsheet would run as a formula."""
_GUARDED = ("=", "+", "-", "@", "\t", "\r", "\n")


def read_table(text: str, starts: Starts, film: Film, level: Level | None) -> None:
    """Adds the rows to `starts`. `level`: only rows of this one, and that of rows that name none (shot, if
    None). UsageError with file and line for what cannot be read."""
    first = text.partition("\n")[0]
    if not any(letter.isalpha() for letter in first):
        _read_list(text, starts, film, level or "shot")
        return
    delimiter = max(",;\t", key=first.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        if "start_frame" not in (reader.fieldnames or ()):
            starts.refuse(1, "there is no column start_frame, which the csv export has")
        for row in reader:
            _add_row({name: (value or "").strip() for name, value in row.items() if isinstance(value, str)},
                     reader.line_num, starts, level)  # fmt: skip
    except csv.Error as error:
        starts.refuse(max(1, reader.line_num), f"this is no CSV: {error}")


def _add_row(row: dict[str, str], line: int, starts: Starts, level: Level | None) -> None:
    if not any(row.values()):
        return
    of = row.get("level") or level or "shot"
    if of not in LEVELS:
        starts.refuse(line, f"{of!r} is no level; use {', '.join(LEVELS)}")
    if level is not None and of != level:
        return
    frame = _number(row.get("start_frame", ""), "start_frame", line, starts)
    more: dict[str, Any] = {}
    if row.get("boundary_locked", "").lower() == "true":
        more["locked"] = True
    if of == "shot":
        more |= _transition(row, line, starts)
    elif row.get("title") and is_by_hand(row.get("title_source")):
        more["title"] = _text(row["title"])
    starts.add(of, frame, line, **more)


def _transition(row: dict[str, str], line: int, starts: Starts) -> dict[str, Any]:
    kind = row.get("boundary_kind", "")
    if kind in ("", VIDEO_START):
        return {}
    if kind not in get_args(BoundaryKind):
        starts.refuse(line, f"{kind!r} is no kind of boundary; use {', '.join(get_args(BoundaryKind)[1:])}")
    names = ("from_frame", "to_frame")
    extent = {name: row.get(f"boundary_{name}", "") for name in names}
    if not all(extent.values()):
        return {"kind": kind}
    return {"kind": kind, **{name: _number(extent[name], f"boundary_{name}", line, starts) for name in names}}


def _read_list(text: str, starts: Starts, film: Film, level: Level) -> None:
    for line, word in enumerate(text.splitlines(), start=1):
        one = word.strip()
        if not one:
            continue
        if one.isascii() and one.isdecimal():
            starts.add(level, _number(one, "start_frame", line, starts), line)
            continue
        try:
            frame = film.frame_of_timecode(one)
        except ValueError as error:
            starts.refuse(line, f"{error}; write a frame number or a timecode in each line")
        starts.add(level, frame, line)


def _number(cell: str, name: str, line: int, starts: Starts) -> int:
    if not (cell.isascii() and cell.isdecimal()):
        starts.refuse(line, f"{name} is a frame number, not {cell!r}")
    if len(cell) > MAX_DIGITS:
        starts.refuse(line, f"{name} has {len(cell)} digits; frame numbers have up to {MAX_DIGITS}")
    return int(cell)


def _text(cell: str) -> str:
    guarded = cell.startswith(_FORMULA_GUARD) and cell[1:].startswith(_GUARDED)
    return cell[1:] if guarded else cell
