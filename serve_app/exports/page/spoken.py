"""Formats durations, shares and kinds of boundaries for people. Knows numbers and words only."""

from __future__ import annotations

from cluster.contract.vocabulary import BoundaryKind

KIND_NAMES: dict[BoundaryKind, str] = {"jump": "jump cut", "audio": "sound change"}
"""Kinds that people call otherwise than the contract does, as in ui/static/video/names.js."""


def length(duration_s: float) -> str:
    """A duration as "2.4 s", "3 min 20 s" or "1 h 5 min"."""
    if duration_s < 59.95:
        return f"{duration_s:.1f} s"
    minutes, seconds = divmod(round(duration_s), 60)
    if minutes < 60:
        return f"{minutes} min {seconds} s"
    return f"{minutes // 60} h {minutes % 60} min"


def share(value: float) -> str:
    """A share of 0..1 as a percentage, such as "45 %"."""
    return f"{100 * value:.0f} %"


def kind_name(kind: BoundaryKind) -> str:
    """A boundary's kind, such as "jump cut"."""
    return KIND_NAMES.get(kind, kind)
