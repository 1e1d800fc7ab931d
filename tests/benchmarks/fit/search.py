"""Searches numbers by trying one step up or down at a time; a number moves only if that is worth it.

The measure is a mean over films of something in 0..1 that has steps itself (shares, F1), so there is no slope
to follow. A number moves only if the mean rises by more than the penalty a step, and all stay at the start if
what was found does not serve films that were left out. Knows numbers by name and a measure; does not know
what they mean.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any, Protocol

from tests.benchmarks.fit.material import Entry
from tests.benchmarks.fit.recipe import CROSS_VALIDATED, FITTED, IN_SAMPLE, Number

METHOD = (
    "Search by single steps: every number starts at what the library had and goes a step up or down as long "
    "as the mean of the fitted films rises by more than the penalty for each step away from the start. What "
    "is found is taken only if, each film left out in turn, it serves that film better than the start."
)
Values = Mapping[str, float]

ROUNDS_MAX = 10
"""Times that all numbers are tried; a search that still moves then is stopped."""
DIGITS = 6
"""Decimals kept of a number, so that steps up and down again lead back to the same one."""
FIGURE_DIGITS = 5
"""Decimals told of a mean."""
RESPONSE = "change of the fitted films' mean measure by one step down, up"
"""Key of the figures that tell which numbers the films decide."""


class Scored(Protocol):
    """A film that can be measured."""

    @property
    def entry(self) -> Entry:
        """The film and its role."""

    def scores(self, values: Values) -> dict[str, float]:
        """What the values reach on it, 0..1 each, by what it is of. Their mean is the measure."""


@dataclass(frozen=True)
class Search:
    """penalty: what each step away from the start must add to the mean measure of the films. known: measures
    that were taken, by film and values: searches that leave out one film ask mostly the same."""

    numbers: Mapping[str, Number]
    films: Sequence[Scored]
    penalty: float
    known: dict[tuple[int, tuple[float, ...]], float] = field(default_factory=dict, repr=False)

    @property
    def start(self) -> dict[str, float]:
        """The numbers before the search."""
        return {name: number.start for name, number in self.numbers.items()}

    @property
    def searched(self) -> list[str]:
        """Names of the numbers that may move."""
        return [name for name, number in self.numbers.items() if number.step > 0]

    def best(self, films: Sequence[Scored]) -> dict[str, float]:
        """The values that serve these films best; the start where nothing is worth moving."""
        values = self.start
        score = self._score(values, films)
        for _ in range(ROUNDS_MAX):
            before = values
            for name in self.searched:
                for way in (1, -1):
                    while True:
                        trial = self.stepped(values, name, way)
                        found = self._score(trial, films)
                        if found <= score + 1e-12:
                            break
                        values, score = trial, found
            if values == before:
                break
        return values

    def stepped(self, values: Values, name: str, way: int) -> dict[str, float]:
        """The values with one of them a step up (1) or down (-1)."""
        return {**values, name: round(values[name] + way * self.numbers[name].step, DIGITS)}

    def _score(self, values: Values, films: Sequence[Scored]) -> float:
        away = sum(abs(values[k] - self.numbers[k].start) / self.numbers[k].step for k in self.searched)
        return fmean(self._measure(film, values) for film in films) - self.penalty * away

    def _measure(self, film: Scored, values: Values) -> float:
        place = next(k for k, one in enumerate(self.films) if one is film)
        key = place, tuple(values[name] for name in self.numbers)
        if key not in self.known:
            self.known[key] = mean([film], values)
        return self.known[key]


def mean(films: Sequence[Scored], values: Values) -> float:
    """Of the measure of films, 0..1."""
    return fmean(fmean(film.scores(values).values()) for film in films)


def fit(search: Search, say: Callable[[str], None]) -> tuple[dict[str, float], dict[str, Any]]:
    """The values that are taken, and the figures that the films reach."""
    mine = [film for film in search.films if film.entry.role == FITTED]
    found = search.best(mine)
    say(f"found {_changes(search.start, found)}")
    left_out = []
    for film in mine:
        values = search.best([other for other in mine if other is not film])
        left_out.append(mean([film], values))
        say(f"without {film.entry.film.title}: {_changes(search.start, values)}")
    start = mean(mine, search.start)
    taken = found if fmean(left_out) > start else search.start
    told: dict[str, Any] = {
        "found": _changes(search.start, found) or "nothing better than the start",
        "kept": "what was found" if taken is found else "the start",
        **_by_role(search.films, taken),
        CROSS_VALIDATED: {
            "mean measure of the start": round(start, FIGURE_DIGITS),
            "of what was found, in sample": round(mean(mine, found), FIGURE_DIGITS),
            "of what was found without the film": round(fmean(left_out), FIGURE_DIGITS),
        },
        "of the start": _by_role(search.films, search.start),
        RESPONSE: _response(search, taken, mine),
    }
    return taken, told


def measure(films: Sequence[Scored], values: Values) -> dict[str, Any]:
    """The figures of values that were made before."""
    return _by_role(films, values)


def _changes(start: Values, values: Values) -> dict[str, str]:
    return {name: f"{start[name]:g} to {value:g}" for name, value in values.items() if value != start[name]}


def _response(search: Search, values: Values, films: Sequence[Scored]) -> dict[str, list[float]]:
    """Zeros: the films say nothing about the number."""
    here = mean(films, values)
    return {
        name: [
            round(mean(films, search.stepped(values, name, way)) - here, FIGURE_DIGITS) + 0.0
            for way in (-1, 1)
        ]
        for name in search.searched
    }


def _by_role(films: Sequence[Scored], values: Values) -> dict[str, Any]:
    """Role -> folder -> what is measured -> mean over its films."""
    groups: dict[str, dict[str, list[dict[str, float]]]] = {}
    for film in films:
        role = IN_SAMPLE if film.entry.role == FITTED else film.entry.role
        scores = film.scores(values)
        groups.setdefault(role, {}).setdefault(film.entry.film.group, []).append(scores)
    return {
        role: {
            group: {what: round(fmean(one[what] for one in scores), 4) for what in scores[0]}
            for group, scores in of.items()
        }
        for role, of in groups.items()
    }
