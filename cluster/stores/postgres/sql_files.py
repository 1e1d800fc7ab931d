"""Named SQL statements from the files in sql/.

A file holds blocks: a line `-- name --`, comment lines that say what the statement is for, the statement.
Knows no database; the text goes to psycopg as it stands, with %(named)s parameters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

_SQL_DIR = Path(__file__).parent / "sql"
_HEADING = re.compile(r"^-- (\w+) --$", re.MULTILINE)


def load_statements(file_name: str) -> Mapping[str, bytes]:
    """Name → statement (UTF-8), read once at import; ValueError for a file without named statements."""
    _, *parts = _HEADING.split((_SQL_DIR / file_name).read_text(encoding="utf-8"))
    if not parts:
        raise ValueError(f"{file_name} holds no statement under a heading '-- name --'")
    pairs = zip(parts[::2], parts[1::2], strict=True)
    return MappingProxyType({name: statement.strip().encode() for name, statement in pairs})
