"""Reads a cut list of any known format as the body of a correction. The end of the file's name says which."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cluster.contract.vocabulary import Level
from cluster.cut_lists.documents import read_json
from cluster.cut_lists.edl import read_edl
from cluster.cut_lists.film import Film
from cluster.cut_lists.starts import Starts
from cluster.cut_lists.tables import read_table
from cluster.errors import UsageError

FORMATS = (".csv", ".txt", ".edl", ".json")


@dataclass(frozen=True, slots=True)
class CutList:
    """`lists`: shots, scenes, chapters, those that the file has, as in the body of a correction. `is_body`:
    the file is such a body."""

    lists: dict[str, list[dict[str, Any]]]
    note: str | None
    is_body: bool = False


def read_cut_list(path: Path, film: Film, level: Level | None) -> CutList:
    """The starts in the file at `path`. `level`: the one that is corrected; None for all that the file names,
    and for shots where it names none.

    UsageError, with the file and the line, for what cannot be read.
    """
    if path.suffix.lower() not in FORMATS:
        raise UsageError(f"{path}: cut lists are {', '.join(FORMATS)}.")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is no text in UTF-8.") from error
    starts, note, is_body = Starts(path), None, False
    if path.suffix.lower() == ".json":
        is_body, note = read_json(text, starts, level)
    elif path.suffix.lower() == ".edl":
        read_edl(text, starts, film, level or "shot")
    else:
        read_table(text, starts, film, level)
    if not starts.lists:
        raise UsageError(f"{path}: there is no start in it{f' of a {level}' if level else ''}.")
    return CutList(starts.lists, note, is_body)
