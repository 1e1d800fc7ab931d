"""Finds the settings with which the fusion comes nearest to what people have corrected.

One setting after the other takes the value of its ladder that gives the best mean agreement over all films;
this is repeated until nothing improves (coordinate ascent). Settings of shots come first, since scenes are
made of shots and chapters of scenes. A film is fused once for each set of settings that is tried. What one
film gains may be chance, so the same search is made without each film in turn, and tells how near the others
come to it. Knows settings and how a film is fused with them (a call); decodes nothing, stores nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from actors.segmentation.learning.agreement import Counts, Starts, agreement, f1_of
from actors.segmentation.settings import FusionSettings

_TENTHS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
LADDERS: Mapping[str, tuple[float | str, ...]] = {
    "shot_sensitivity": _TENTHS,
    "jump_cuts": ("split", "ignore"),
    "min_shot_s": (0.1, 0.2, 0.4, 0.8, 1.5),
    "scene_sensitivity": _TENTHS,
    "min_scene_s": (1.0, 3.0, 5.0, 8.0, 15.0, 30.0),
    "audio_weight": (0.2, 0.35, 0.5, 0.65, 0.8),
    "chapter_sensitivity": _TENTHS,
    "chapter_length_s": (60.0, 120.0, 180.0, 300.0, 480.0, 600.0, 900.0),
    "min_chapter_s": (10.0, 20.0, 30.0, 60.0, 120.0),
    "topic_weight": (0.0, 0.25, 0.5, 0.75, 1.0),
}
"""The settings that are learned, in this order, and the values that are tried: steps whose effect one sees.
The others belong to one video (its part, its number of scenes) or would need it decoded again."""
LEVEL_OF: Mapping[str, str] = {
    "shot_sensitivity": "shot",
    "jump_cuts": "shot",
    "min_shot_s": "shot",
    "scene_sensitivity": "scene",
    "min_scene_s": "scene",
    "audio_weight": "scene",
    "chapter_sensitivity": "chapter",
    "chapter_length_s": "chapter",
    "min_chapter_s": "chapter",
    "topic_weight": "chapter",
}
"""The level that a setting is for: it is not tried where that level is not judged."""
LEAST_GAIN = 0.005
"""Mean F1 by which another value must be better to be taken: less is a start or two in a long film. No
measurement."""
_OF_THE_PRESET = ("scene_length_s",)
ROUNDS = 3
"""Rounds over all settings at most. No measurement: the second rarely changes anything."""

Values = dict[str, Any]
"""A value for each of LADDERS."""


@dataclass(frozen=True, slots=True)
class Film:
    """One corrected video. `fuse(values)`: the starts that it gets with these settings and, for the rest,
    its own. `wanted`: those of its corrected result."""

    fuse: Callable[[Values], Starts]
    wanted: Starts


@dataclass(frozen=True, slots=True)
class Gain:
    """What became of one film: the counts of each level with the settings from which the search began
    (`before`), and with those that it found (`after`)."""

    before: dict[str, Counts]
    after: dict[str, Counts]


@dataclass(frozen=True, slots=True)
class Learned:
    """`changed`: the settings that differ from those of the beginning, with their new values. `before`,
    `after`: mean F1 over the films, 0..1, in sample. `held_out`: mean F1 of each film with the settings that
    the others give; None for one film, or when the time did not suffice. `complete`: False when the search
    was ended before nothing improved."""

    changed: Values
    before: float
    after: float
    held_out: float | None
    films: tuple[Gain, ...]
    complete: bool


def learn(films: Sequence[Film], base: Mapping[str, Any], go_on: Callable[[], bool]) -> Learned:
    """Search from `base`, a complete set of settings, as long as `go_on()` says so: asked before each fusion.

    `base` may have `scene_length_s`, which is not looked for, but is one of the preset's: every film is fused
    with it. ValueError without films, OutOfTimeError when each film could not even be fused once.
    """
    if not films:
        raise ValueError("there is nothing to learn from without corrected videos")
    tried = _Tried(films, go_on)
    start = {name: base[name] for name in (*LADDERS, *_OF_THE_PRESET)}
    for film in range(len(films)):
        tried.counts(film, start)
    everyone = range(len(films))
    found, complete = _search(tried, everyone, start)
    held_out = _held_out(tried, everyone, start) if complete else None
    gains = tuple(Gain(tried.counts(film, start), tried.counts(film, found)) for film in everyone)
    return Learned(
        {name: value for name, value in found.items() if value != start[name]},
        tried.mean(everyone, start),
        tried.mean(everyone, found),
        held_out,
        gains,
        complete,
    )


class OutOfTimeError(Exception):
    """The time did not suffice."""


class _Tried:
    """How near each film came with each set of settings; fuses a film where that is not known."""

    def __init__(self, films: Sequence[Film], go_on: Callable[[], bool]) -> None:
        self._films = films
        self._go_on = go_on
        self._known: dict[tuple[int, tuple[Any, ...]], dict[str, Counts]] = {}
        self.levels = frozenset(level for film in films for level in film.wanted)

    def counts(self, film: int, values: Values) -> dict[str, Counts]:
        """OutOfTimeError for a fusion that is not made any more."""
        key = film, tuple(values.values())
        if key not in self._known:
            if not self._go_on():
                raise OutOfTimeError
            one = self._films[film]
            self._known[key] = agreement(one.fuse(dict(values)), one.wanted)
        return self._known[key]

    def mean(self, films: Sequence[int], values: Values) -> float:
        return sum(f1_of(self.counts(film, values)) for film in films) / len(films)


def _search(tried: _Tried, films: Sequence[int], start: Values) -> tuple[Values, bool]:
    """The best values, and whether the search ended because nothing improved."""
    best, best_f1 = start, tried.mean(films, start)
    try:
        for _ in range(ROUNDS):
            begun_with = best
            for name, ladder in LADDERS.items():
                if LEVEL_OF[name] not in tried.levels:
                    continue
                # the nearest values first, so that of two that are as good the nearer is taken
                for value in _by_nearness(ladder, start[name]):
                    candidate = {**best, name: value}
                    if value == best[name] or not _is_valid(candidate):
                        continue
                    f1 = tried.mean(films, candidate)
                    if f1 >= best_f1 + LEAST_GAIN:
                        best, best_f1 = candidate, f1
            if best == begun_with:
                break
    except OutOfTimeError:
        return best, False
    return best, True


def _held_out(tried: _Tried, films: Sequence[int], start: Values) -> float | None:
    """Each film with the settings that the others give."""
    if len(films) < 2:
        return None
    f1 = []
    try:
        for film in films:
            found, complete = _search(tried, [one for one in films if one != film], start)
            if not complete:
                return None
            f1.append(f1_of(tried.counts(film, found)))
    except OutOfTimeError:
        return None
    return sum(f1) / len(f1)


def _by_nearness(ladder: Sequence[float | str], to: Any) -> list[float | str]:
    return sorted(ladder, key=lambda value: abs(value - to) if isinstance(value, float) else 0.0)


def _is_valid(values: Values) -> bool:
    try:
        FusionSettings(**values)
    except ValueError:
        return False
    return True
