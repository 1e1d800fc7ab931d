"""Findings of a check, and which of them two looks agree on.

Work goes on while a check reads one store after the other, so a video that is deleted in between looks like
an orphan. A finding counts when a second look, a while later, has the same one. Knows no store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

MOST_A_KIND = 10_000
"""Findings kept of each kind, so that memory is bounded; what is beyond is found when these are gone."""


class Invariant(StrEnum):
    """What holds in an installation at rest."""

    ENDS = "I1"
    """Every video that was accepted ends, or goes on."""
    ONE_RESULT = "I2"
    """Every revision has its result, whole, and nothing else is stored."""
    FENCED = "I3"
    """Nothing was written under a lease that was not the video's."""
    BOUNDED = "I4"
    """Attempts are bounded, and every failure has its reason."""
    NOTHING_LEFT = "I5"
    """Every row has its file, and no file, message, upload or lease is left behind."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`kind`: what is wrong, one word for programs. `what`: id or key. `told`: the sentence for people.

    `mark` differs when what is wrong has changed since. `remove` deletes it; None where nothing may be
    deleted.
    """

    invariant: Invariant
    kind: str
    what: str
    told: str = field(compare=False)
    mark: str = ""
    remove: Callable[[], object] | None = field(default=None, compare=False, repr=False)


def bounded(findings: Iterable[Finding]) -> list[Finding]:
    """At most MOST_A_KIND findings of each kind, in their order."""
    counts: dict[str, int] = {}
    kept: list[Finding] = []
    for finding in findings:
        counts[finding.kind] = counts.get(finding.kind, 0) + 1
        if counts[finding.kind] <= MOST_A_KIND:
            kept.append(finding)
    return kept


def agreed(first: Iterable[Finding], second: Iterable[Finding]) -> list[Finding]:
    """The findings of the second look that the first one had as well."""
    before = set(first)
    return [finding for finding in second if finding in before]


def span(seconds: float) -> str:
    """A length of time for people: 40 s, 12 min, 5 h, 3 days."""
    for unit, length_s, most in (("s", 1.0, 120.0), ("min", 60.0, 120.0), ("h", 3600.0, 48.0)):
        if seconds / length_s < most:
            return f"{seconds / length_s:.0f} {unit}"
    return f"{seconds / 86_400:.0f} days"
