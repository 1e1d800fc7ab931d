"""Reads JSON: the body of a correction, the document of `scenestream segment --json` or of the json export,
or the list that `scenestream segments --json` prints.

Entries are named by their place: a document of JSON has no lines that mean anything.
"""

from __future__ import annotations

import json
from typing import Any

from cluster.contract.vocabulary import LEVELS, VIDEO_START, Level
from cluster.cut_lists.starts import LISTS, MAX_DIGITS, Starts, is_by_hand
from cluster.errors import UsageError

_LONGEST_NUMBER = 20
"""Characters of a whole number: segments have timestamps of 64 bits."""


def read_json(text: str, starts: Starts, level: Level | None) -> tuple[bool, str | None]:
    """Fills `starts`. `level`: this one alone. Returns whether the file is the body of a correction, and its
    note, if it has one.

    UsageError with the file, and the line or the entry that is wrong.
    """
    document = _document(text, starts)
    segments = document.get("segments") if isinstance(document, dict) else document
    if isinstance(segments, list):
        for index, segment in enumerate(segments):
            _add_segment(segment, index, starts, level)
        return False, None
    names = [LISTS[one] for one in LEVELS if level in (None, one)]
    body = document if isinstance(document, dict) else {}
    lists = {name: body[name] for name in names if body.get(name) is not None}
    if not lists:
        raise UsageError(
            f"{starts.path}: expected an object with {', '.join(names)}, or with the segments of an export."
        )
    for name, entries in lists.items():
        _check_entries(name, entries, starts)
    starts.lists = lists
    note = body.get("note")
    return True, None if note is None else str(note)


def _document(text: str, starts: Starts) -> Any:
    """What the text says, if a request can say it too: Python's JSON knows more numbers and texts."""
    try:
        document = json.loads(text, parse_int=_whole)
        json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
    except json.JSONDecodeError as error:
        starts.refuse(error.lineno, f"this is no JSON: {error.msg}")
    except UnicodeEncodeError:
        raise UsageError(f"{starts.path}: it has half a surrogate pair, which is no character.") from None
    except ValueError as error:
        raise UsageError(f"{starts.path}: {error}.") from None
    except RecursionError:
        raise UsageError(f"{starts.path}: it is nested too deeply.") from None
    return document


def _whole(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER:
        raise ValueError(f"a number has {len(digits)} digits, which no frame and no time has")
    return int(digits)


def _check_entries(name: str, entries: Any, starts: Starts) -> None:
    """UsageError unless it is a list of objects. What they say, the API checks."""
    if not isinstance(entries, list):
        raise UsageError(f"{starts.path}: {name} is not a list of starts.")
    for index, entry in enumerate(entries):
        if not isinstance(entry, dict):
            raise UsageError(f'{starts.path}: {name}[{index}] is not an object; write {{"start_frame": N}}.')


def _add_segment(segment: Any, index: int, starts: Starts, level: Level | None) -> None:
    where = f"{starts.path}: segments[{index}]"
    needed = ("level", "start_frame", "start_boundary")
    if not isinstance(segment, dict) or any(segment.get(name) is None for name in needed):
        raise UsageError(f"{where} lacks level, start_frame or start_boundary.")
    of, boundary = segment["level"], segment["start_boundary"]
    if of not in LEVELS:
        raise UsageError(f"{where}.level is one of {', '.join(LEVELS)}.")
    if not isinstance(boundary, dict) or not isinstance(boundary.get("kind"), str):
        raise UsageError(f"{where}.start_boundary is not an object with a kind.")
    if level not in (None, of):
        return
    entry: dict[str, Any] = {"start_frame": _frame(segment["start_frame"], f"{where}.start_frame")}
    if boundary.get("locked"):
        entry["locked"] = True
    if of == "shot" and boundary["kind"] != VIDEO_START:
        entry["kind"] = boundary["kind"]
        for name in ("from_frame", "to_frame"):
            if boundary.get(name) is not None:
                entry[name] = _frame(boundary[name], f"{where}.start_boundary.{name}")
    elif of != "shot" and segment.get("title") and is_by_hand(segment.get("title_source")):
        entry["title"] = segment["title"]
    starts.lists.setdefault(LISTS[of], []).append(entry)


def _frame(value: Any, where: str) -> int:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or value != int(value) or not 0 <= value < 10**MAX_DIGITS:
        raise UsageError(f"{where} is not a frame number.")
    return int(value)
