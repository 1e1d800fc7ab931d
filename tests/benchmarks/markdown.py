"""Tables and numbers as Markdown; knows nothing of what they say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

NOTHING = ""


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; bars in cells are escaped."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(
        f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in line)} |" for line in lines
    )


def number(value: float | None, digits: int = 4) -> str:
    """Rounded; nothing for None."""
    return NOTHING if value is None else f"{value:.{digits}f}"
