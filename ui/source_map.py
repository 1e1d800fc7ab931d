"""Source map (version 3) of linked modules, by which a browser's tools show the modules as they were written.

Lines are mapped to lines, columns are not: the linker leaves code in its column. Knows no module's content.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def source_map(file: str, origins: Sequence[tuple[str, int] | None]) -> str:
    """The map of `file` as JSON. `origins`: for each line, source and line counted from 0, or None.

    Sources are addresses relative to the map's own; a browser loads them when somebody looks at them.
    """
    sources = list(dict.fromkeys(origin[0] for origin in origins if origin))
    number = {name: place for place, name in enumerate(sources)}
    mappings = []
    last_source = last_line = 0
    for origin in origins:
        if origin is None:
            mappings.append("")
            continue
        source, line = number[origin[0]], origin[1]
        mappings.append("".join(map(_vlq, (0, source - last_source, line - last_line, 0))))
        last_source, last_line = source, line
    made = {"version": 3, "file": file, "sources": sources, "names": [], "mappings": ";".join(mappings)}
    return json.dumps(made)


def _vlq(value: int) -> str:
    """A signed number in base 64, five bits a digit, the lowest first; the lowest bit of all is the sign."""
    rest = abs(value) << 1 | (value < 0)
    digits = ""
    while True:
        digit, rest = rest & 31, rest >> 5
        digits += _DIGITS[digit | 32 if rest else digit]
        if not rest:
            return digits
