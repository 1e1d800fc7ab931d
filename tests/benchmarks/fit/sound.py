"""Fits the numbers that decide what is heard (`sound/weights.json`): share of 100 ms steps that get their
label.

Knows sound tracks, labels and weights; does not know where films come from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from actors.segmentation.sound.classes import LABELS, classify
from actors.segmentation.sound.weights import SoundWeights
from actors.segmentation.tracks import AUDIO_STEP_S, AudioTrack
from tests.benchmarks.fit import search
from tests.benchmarks.fit.material import Entry
from tests.benchmarks.fit.recipe import Recipe
from tests.benchmarks.fit.search import Search
from tests.benchmarks.fit.tracks import Shelf
from tests.benchmarks.scoring import score_sound

METHOD = f"{search.METHOD} Measure of a film: share of 100 ms steps that are given their labelled class."
NOTES = (
    "The starts are the numbers that the library had before there was a recipe. They were chosen by "
    "programmes with the recordings of all of these: what is held out is held out from the search, not from "
    "its starts.",
)
RIGHT = "steps right"

HEARD_AS: dict[str, dict[str, float]] = {
    "silence": {"silence": 1.0},
    "noise": {},
    "speech": {"speech": 1.0},
    "music": {"music": 1.0},
    "speech+music": {"speech": 1.0, "music": 1.0},
    "singing": {"music": 1.0, "singing": 1.0},
}
"""Shares of a stretch of one class, as the documents have them."""
_NOTHING = {"speech": 0.0, "music": 0.0, "singing": 0.0, "silence": 0.0}


@dataclass(frozen=True)
class SoundFilm:
    """A film with its sound track."""

    entry: Entry
    track: AudioTrack

    def scores(self, values: Mapping[str, float]) -> dict[str, float]:
        """Share of the labelled steps whose class is the label."""
        classes = classify(self.track, SoundWeights.of(nested(values)))
        told = [
            {
                "start_s": classes.start_s + start * AUDIO_STEP_S,
                "end_s": classes.start_s + stop * AUDIO_STEP_S,
                "audio": {**_NOTHING, **HEARD_AS[LABELS[label]]},
            }
            for start, stop, label in classes.runs()
        ]
        return {RIGHT: score_sound(self.entry.film.labels, told)}


def fit(
    recipe: Recipe, entries: Sequence[Entry], shelf: Shelf, say: Callable[[str], None]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Values of the file, and the figures they reached."""
    values, told = search.fit(Search(recipe.numbers, heard(entries, shelf), recipe.penalty), say)
    return nested(values), told


def measure(
    entries: Sequence[Entry], shelf: Shelf, values: Mapping[str, Any], _say: Callable[[str], None]
) -> dict[str, Any]:
    """Figures of values as the file has them."""
    return search.measure(heard(entries, shelf), flat(values))


def heard(entries: Sequence[Entry], shelf: Shelf) -> list[SoundFilm]:
    """The films that have sound and labels of it."""
    found = []
    for entry in entries:
        if entry.film.labels.get("audio"):
            track = shelf.analysed(entry.film.path).tracks[0].audio
            if track is not None and len(track):
                found.append(SoundFilm(entry, track))
    return found


def flat(values: Mapping[str, Any]) -> dict[str, float]:
    """Values of the file by dotted names."""
    out: dict[str, float] = {}
    for name, value in values.items():
        inner = (
            {f"{name}.{key}": one for key, one in value.items()}
            if isinstance(value, Mapping)
            else {name: value}
        )
        out |= inner
    return out


def nested(values: Mapping[str, float]) -> dict[str, Any]:
    """The reverse of `flat`."""
    out: dict[str, Any] = {}
    for name, value in values.items():
        group, _, key = name.rpartition(".")
        if group:
            out.setdefault(group, {})[key] = value
        else:
            out[name] = value
    return out
