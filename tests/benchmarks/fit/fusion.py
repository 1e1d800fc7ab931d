"""Fits the numbers that decide where scenes begin and takes divide (`fusion/weights.json`).

The measure of a film is the mean of four F1: its scenes by picture alone, by sound alone and by both, and the
divisions of its long take that only the sound gives. Knows measured tracks, labels and weights; does not know
where films come from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from actors.segmentation import FusionSettings, Plan
from actors.segmentation.fusion.fuse import fuse_measured
from actors.segmentation.fusion.measured import Measured
from actors.segmentation.fusion.weights import FusionWeights
from tests.benchmarks.ablation import BOTH, WEIGHT_OF_SOUND
from tests.benchmarks.fit import search
from tests.benchmarks.fit.material import Entry
from tests.benchmarks.fit.recipe import Recipe
from tests.benchmarks.fit.search import Number, Search
from tests.benchmarks.fit.tracks import Shelf
from tests.benchmarks.scoring import score_scenes, score_sound_only

TAKE = "takes by sound alone"
METHOD = (
    f"{search.METHOD} Measure of a film: mean of four F1, its scenes by picture alone, by sound alone, by "
    "both, and the divisions of its long take that only the sound gives."
)
NOTES = (
    "The starts are the numbers that the library had before there was a recipe. They were chosen by "
    "programmes of the same generator.",
    "A number whose change by one step changes nothing is not decided by these films; it stands as it was "
    "set by hand.",
)

NUMBERS = {
    "scene_bias": Number(-1.2, 0.4),
    "fade": Number(3.0, 0.5),
    "soft_edge": Number(1.2, 0.4),
    "one_take": Number(-4.0, 0.5),
    "classes": Number(3.0, 0.5),
    "timbre": Number(3.5, 0.5),
    "loudness": Number(0.3, 0.1),
    "pause": Number(0.8, 0.2),
    "speaking": Number(-0.5, 0.25),
    "usual_sound": Number(2.5, 0.25),
    "sound_max": Number(4.0, 0.5),
    "picture_pairs": Number(2.2, 0.4),
    "sound_pairs": Number(0.5, 0.1),
    "take_alike": Number(1.0, 0.25),
    "embedding": Number(9.0, 1.0),
    "colour": Number(4.0, 0.5),
    "same_embedding": Number(0.75, 0.05),
    "unlike_embedding": Number(0.30, 0.05),
    "same_colour": Number(0.85, 0.05),
    "unlike_colour": Number(0.35, 0.05),
    "alike_max": Number(5.0, 0.5),
    "unlike_max": Number(1.5, 0.25),
    "heard_classes": Number(2.0, 0.25),
    "heard_timbre": Number(1.0, 0.25),
    "classes_middle": Number(0.4, 0.1),
    "timbre_middle": Number(1.0, 0.1),
    "heard_max": Number(1.5, 0.25),
    "break_strength": Number(0.7, 0.05),
    "without_pause": Number(0.7, 0.1),
    "pause_alone": Number(0.25, 0.05),
    "change_min": Number(0.15, 0.05),
}
"""Start and step of each number: see `fusion.weights`. The starts are those that the library had before there
was a recipe."""


@dataclass(frozen=True)
class Fusible:
    """A film with all that no setting and no weight of the fusion changes."""

    entry: Entry
    plan: Plan
    measured: Measured

    def scores(self, values: Mapping[str, float]) -> dict[str, float]:
        """F1 by what it is of."""
        weights = FusionWeights.of(values)
        labels, found = self.entry.film.labels, {}
        for cue, weight in WEIGHT_OF_SOUND.items():
            settings = replace(FusionSettings(), audio_weight=weight)
            timeline = fuse_measured(self.plan, self.measured, settings, weights=weights)
            starts = [scene.start_frame for scene in timeline.level("scene")[1:]]
            found[f"scenes, {cue}"] = score_scenes(labels, starts).f1
            if cue == BOTH:
                breaks = [shot for shot in timeline.level("shot") if shot.start_boundary.kind == "audio"]
                found[TAKE] = score_sound_only(labels, [shot.start_s for shot in breaks]).f1
        return found


def fit(
    recipe: Recipe, entries: Sequence[Entry], shelf: Shelf, say: Callable[[str], None]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Values of the file, and the figures they reached."""
    return search.fit(Search(NUMBERS, fusible(entries, shelf), recipe.penalty), say)


def measure(
    entries: Sequence[Entry], shelf: Shelf, values: Mapping[str, Any], _say: Callable[[str], None]
) -> dict[str, Any]:
    """Figures of values as the file has them."""
    return search.measure(fusible(entries, shelf), values)


def fusible(entries: Sequence[Entry], shelf: Shelf) -> list[Fusible]:
    """The films whose scenes are labelled."""
    found = []
    for entry in entries:
        if entry.film.labels.get("scenes"):
            analysed = shelf.analysed(entry.film.path)
            found.append(Fusible(entry, analysed.plan, Measured.of(analysed.plan, analysed.tracks)))
    return found
