"""Parses byte ranges and conditional headers of one file (RFC 9110 sections 13 and 14). Pure functions."""

from __future__ import annotations

import re
from dataclasses import dataclass

from serve_app.web.problems import Problem

_ONE_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Span:
    """Byte range of a file, `end` exclusive. `open_ended`: the client named no end."""

    start: int
    end: int
    open_ended: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError(f"a span has 0 <= start < end, not {self.start}..{self.end}")

    def content_range(self, size: int) -> str:
        """The Content-Range header of a 206."""
        return f"bytes {self.start}-{self.end - 1}/{size}"


def parse_range(header: str | None, size: int) -> Span | None:
    """The one span a Range header asks for, or None for the whole file.

    Several ranges, other units and malformed headers are ignored, as RFC 9110 section 14.2 allows.
    Raises Problem `range_not_satisfiable` when the range lies outside the file.
    """
    match = _ONE_RANGE.fullmatch(header.replace(" ", "")) if header else None
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if first:
        start = int(first)
        end = min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return None
    else:
        start, end = max(size - int(last), 0), size
    if start >= size or start >= end:
        raise Problem(
            "range_not_satisfiable",
            f"The file has {size} bytes.",
            headers={"Content-Range": f"bytes */{size}"},
        )
    return Span(start, end, open_ended=bool(first) and not last)


def etag_matches(header: str | None, etag: str) -> bool:
    """Whether an If-None-Match header names this entity tag (weak comparison, RFC 9110 section 13.1.2)."""
    if not header:
        return False
    if header.strip() == "*":
        return True
    return any(part.strip().removeprefix("W/") == etag for part in header.split(","))


def range_applies(if_range: str | None, etag: str) -> bool:
    """Whether a Range header applies: there is no If-Range, or it names exactly this entity tag.

    A date in If-Range never matches, since no response has a Last-Modified.
    """
    return if_range is None or if_range.strip() == etag
