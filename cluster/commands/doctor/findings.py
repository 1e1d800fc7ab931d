"""The result of a check: severity, a sentence, and advice. Knows no particular check."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """OK. WARNING: it works, but not well or not for long. PROBLEM: something does not work."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """`what`: the thing checked. `told`: the result, as a sentence. `advice`: what to do; empty if OK."""

    what: str
    level: Severity
    told: str
    advice: str = ""

    def __post_init__(self) -> None:
        if (self.level is Severity.OK) != (not self.advice):
            raise ValueError("advice belongs to a warning or a problem, and to nothing else")


Check = Callable[[], Iterable[Finding]]
"""A check. It may block for some seconds; it undoes every change that it makes."""


def ok(what: str, told: str) -> Finding:
    """A finding without a problem."""
    return Finding(what, Severity.OK, told)


def warning(what: str, told: str, advice: str) -> Finding:
    """A finding of something that works, but not well or not for long."""
    return Finding(what, Severity.WARNING, told, advice)


def problem(what: str, told: str, advice: str) -> Finding:
    """A finding of something that does not work."""
    return Finding(what, Severity.PROBLEM, told, advice)
