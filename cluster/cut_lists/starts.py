"""Collects the starts that a cut list has, and refuses what cannot be in order. Knows no format."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from cluster.contract.vocabulary import Level
from cluster.errors import UsageError

LISTS: dict[Level, str] = {"shot": "shots", "scene": "scenes", "chapter": "chapters"}
"""Level → its name in the body of a correction."""

MAX_DIGITS = 10
"""Of a frame number in a file: more than any film has, and few enough to be read as a number."""


@dataclass(slots=True)
class Starts:
    """The starts that were read from the file at `path`, by level, as the body of a correction has them."""

    path: Path
    lists: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    _last: dict[Level, tuple[int, int]] = field(default_factory=dict)

    def add(self, level: Level, frame: int, line: int, **more: Any) -> None:
        """A start that stands in `line`. UsageError unless it comes after the one before it."""
        if level in self._last:
            last, last_line = self._last[level]
            if frame <= last:
                how = "is there twice" if frame == last else f"stands after {last}"
                self.refuse(line, f"frame {frame} {how} (line {last_line}); starts must ascend")
        self._last[level] = frame, line
        given = {name: value for name, value in more.items() if value is not None}
        self.lists.setdefault(LISTS[level], []).append({"start_frame": frame, **given})

    def refuse(self, line: int, why: str) -> NoReturn:
        """UsageError with the file and the line."""
        raise UsageError(f"{self.path}:{line}: {why}.")


def is_by_hand(title_source: object) -> bool:
    """Whether the title beside this `title_source` was given by hand. Exports have automatic ones as well,
    which would replace those that the video has by now."""
    return title_source in (None, "", "human")
