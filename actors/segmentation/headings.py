"""Headings on screen: the stretches of time for which each is shown, with equal ones told apart from others.

Made of the contract's `screen_text`. Lines of one kind that come and go together are one heading. Does not
know how text is read (`screen`), nor what a heading means for titles (`naming`) and chapters (`fusion`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

import numpy as np
import numpy.typing as npt

TITLE_CARD, HEADING = "title_card", "heading"
"""Kinds of screen text that name what is shown."""
LONGEST_CHARS = 100
"""Characters of a heading; of longer texts the upper line is taken."""
AT_ONCE_S = 0.5
"""Seconds within which lines appear, and disappear, that are one text."""
_GOES_ON_S = 10.0
"""Seconds for which a heading may be away and go on after: a picture between two slides."""
_SAME = 0.8
"""Share of equal letters (Ratcliff and Obershelp) from which two headings are one: letters are misread."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Headings:
    """Stretches in order of time. ValueError if they are not.

    starts_s, ends_s: float64[n], seconds on the container's clock. Neighbours have different headings.
    """

    starts_s: Floats
    ends_s: Floats

    def __post_init__(self) -> None:
        if len(self.starts_s) != len(self.ends_s) or np.any(self.ends_s < self.starts_s):
            raise ValueError("a heading is shown from its start to its end")
        if np.any(np.diff(self.starts_s) < 0):
            raise ValueError("headings must be in order of time")

    def __repr__(self) -> str:
        return f"Headings({len(self)})"

    def __len__(self) -> int:
        return len(self.starts_s)

    def share_of(self, start_s: float, end_s: float) -> float:
        """Share, 0..1, of a time range in which a heading is shown; too large where two are at once."""
        shown_s = np.clip(
            np.minimum(self.ends_s, end_s) - np.maximum(self.starts_s, start_s), 0.0, None
        ).sum()
        return float(min(1.0, shown_s / max(end_s - start_s, 1e-9)))

    @classmethod
    def of_document(cls, entries: Sequence[Mapping[str, Any]] | None) -> Headings | None:
        """Of the contract's screen_text; None where it is not known, or has no headings of slides: title
        cards alone are those of a film, which come as credits do."""
        found = together(entries or ())
        if not any(entry["kind"] == HEADING for entry in found):
            return None
        stretches: list[tuple[float, float, str]] = []
        for entry in found:
            text = entry["text"].casefold()
            if stretches:
                start_s, end_s, last = stretches[-1]
                near = entry["start_s"] - end_s <= _GOES_ON_S
                if near and SequenceMatcher(None, last, text, autojunk=False).ratio() >= _SAME:
                    stretches[-1] = start_s, max(end_s, entry["end_s"]), last
                    continue
            stretches.append((entry["start_s"], entry["end_s"], text))
        return cls(
            np.array([start_s for start_s, _, _ in stretches], np.float64),
            np.array([end_s for _, end_s, _ in stretches], np.float64),
        )


def together(entries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Headings and title cards in order of time; lines of one kind that come and go at once are one text,
    from top to bottom. As in the contract but for the box, which is that of the upper line."""
    found: list[dict[str, Any]] = []
    chosen = [entry for entry in entries if entry["kind"] in (TITLE_CARD, HEADING)]
    for entry in sorted(chosen, key=lambda one: (one["start_s"], one["box"][1], one["box"][0])):
        last = found[-1] if found else None
        text = " ".join(str(entry["text"]).split())
        if (
            last is not None
            and last["kind"] == entry["kind"]
            and entry["start_s"] - last["start_s"] <= AT_ONCE_S
            and abs(entry["end_s"] - last["end_s"]) <= AT_ONCE_S
        ):
            joined = f"{last['text']} {text}"
            # where there is no room for both, the upper line is the name
            last["text"] = joined if len(joined) <= LONGEST_CHARS else last["text"]
        else:
            found.append({**entry, "text": text})
    return found
