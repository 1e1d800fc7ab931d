"""Documents for people, as tests read them: sections, tables, code blocks, links and headings of Markdown.

Knows the few forms of Markdown that are used here; not what a document is about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOP_FOLDERS = ("cluster", "actors", "serve_app", "ui", "configs", "tests")

_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_CELL_END = re.compile(r"(?<!\\)\|")  # a bar inside a cell is written \|


def documents() -> list[Path]:
    """Every Markdown file of the project."""
    below = (path for folder in TOP_FOLDERS for path in (ROOT / folder).rglob("*.md"))
    return sorted((*ROOT.glob("*.md"), *below))


def read(name: str) -> str:
    """A document by its path from the top folder."""
    return (ROOT / name).read_text(encoding="utf-8")


def prose(text: str) -> str:
    """The document without its fenced blocks."""
    return _FENCED.sub("", text)


def code_blocks(text: str, language: str) -> list[str]:
    """The contents of the fenced blocks of a language, in order."""
    return [content for found, content in _FENCED.findall(text) if found == language]


def section(text: str, heading: str) -> str:
    """What stands under a heading, up to the next one of its level or above. Fails when there is none."""
    plain = _FENCED.sub(lambda block: re.sub(r"^#", " ", block[0], flags=re.MULTILINE), text)
    headings = list(_HEADING.finditer(plain))
    for number, found in enumerate(headings):
        if found[2] == heading:
            ends = (one.start() for one in headings[number + 1 :] if len(one[1]) <= len(found[1]))
            return text[found.end() : next(ends, len(text))]
    raise AssertionError(f"there is no heading {heading!r}")


def tables(text: str) -> list[list[list[str]]]:
    """Every table: its rows without the head, each a list of cells."""
    found: list[list[list[str]]] = []
    lines = prose(text).splitlines()
    for number, line in enumerate(lines):
        if not line.startswith("|"):
            continue
        if not lines[number - 1].startswith("|"):
            found.append([])
        found[-1].append([cell.strip() for cell in _CELL_END.split(line)[1:-1]])
    return [rows[2:] for rows in found]


def table(text: str) -> list[list[str]]:
    """The rows of the only table."""
    (rows,) = tables(text)
    return rows


def codes(text: str) -> list[str]:
    """What stands in backticks, in order."""
    return re.findall(r"`([^`]+)`", text)


def links(text: str) -> Iterator[str]:
    """The targets of links and images."""
    yield from _LINK.findall(prose(text))


def anchors(text: str) -> set[str]:
    """The names that links may give its headings, as GitHub makes them."""
    plain = prose(text)
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
        for _, heading in _HEADING.findall(plain)
    }
