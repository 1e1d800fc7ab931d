"""What a check says: how it stands, in a sentence, and what to do. Knows no check."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """OK; WARNING: it works, but not well or not for long; PROBLEM: something does not work."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """`what` was looked at, `told` how it is, `advice` what to do (empty when nothing)."""

    what: str
    level: Level
    told: str
    advice: str = ""

    def __post_init__(self) -> None:
        if (self.level is Level.OK) != (not self.advice):
            raise ValueError("advice belongs to a warning or a problem, and to nothing else")


Check = Callable[[], Iterable[Finding]]
"""Looks at something and tells; may block for some seconds; changes nothing that it does not put back."""


def ok(what: str, told: str) -> Finding:
    """All is well."""
    return Finding(what, Level.OK, told)


def warning(what: str, told: str, advice: str) -> Finding:
    """It works, but."""
    return Finding(what, Level.WARNING, told, advice)


def problem(what: str, told: str, advice: str) -> Finding:
    """It does not work."""
    return Finding(what, Level.PROBLEM, told, advice)
