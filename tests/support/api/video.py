"""One video of the fake API: its document and what else is told of it. Knows no route."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tests.support.api.shapes import Json


@dataclass
class FakeVideo:
    """One video: the contract's document, its file, and what has been found."""

    document: Json
    file: Path
    segments: dict[str, list[Json]] = field(default_factory=dict)
    signals: Json | None = None
    frames: Json | None = None
    """The answer for the times of its frames; without one they are not stored any more."""
    corrected: list[Json] = field(default_factory=list)
    """What it was corrected by; its segments stay."""
    proxy: Path | None = None
    """The file of its proxy, once that is ready; the test says how far it is in the document."""
    words: Json | None = None
    """The answer for its transcript; without one there is none."""
    found: int = 0
    """How many of the shots are shown while it is not done."""
    events: list[tuple[str, Json]] = field(default_factory=list)

    def tell(self, type_: str, data: Json) -> None:
        """Append to the event stream."""
        self.events.append((type_, data))
