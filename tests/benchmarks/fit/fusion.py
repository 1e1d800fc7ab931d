"""Fits the numbers that decide where scenes begin and takes divide (`fusion/weights.json`).

The measure of a film is the mean of five F1: its scenes by picture alone, by sound alone, by both, by both
with the sound of another film, which like the music of a film changes anywhere; and the divisions of its long
take that only the sound gives. Knows measured tracks, labels and weights; does not know
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
from actors.segmentation.timeline import Timeline
from tests.benchmarks.ablation import BOTH, WEIGHT_OF_SOUND
from tests.benchmarks.fit import search
from tests.benchmarks.fit.material import Entry
from tests.benchmarks.fit.recipe import Recipe
from tests.benchmarks.fit.search import Search
from tests.benchmarks.fit.tracks import Shelf
from tests.benchmarks.scoring import score_scenes, score_sound_only

TAKE = "takes by sound alone"
STRANGE = "scenes, both, with the sound of another film"
METHOD = (
    f"{search.METHOD} Measure of a film: mean of five F1, its scenes by picture alone, by sound alone, by "
    "both, by both with the sound of another film, and the divisions of its long take that only the sound "
    "gives."
)
NOTES = (
    "The starts are the numbers that the library had before there was a recipe, but one_take, which was set "
    "when the picture got weights of its own. They were chosen by programmes of the same generator.",
    "The picture's weights (scenes/odds.json) know the fitted programmes, too.",
    "A number whose change by one step changes nothing is not decided by these films; it stands as it was "
    "set by hand.",
)


@dataclass(frozen=True)
class Fusible:
    """A film with all that no setting and no weight of the fusion changes. strange: the same with the sound
    of another film of its role; None where there is none."""

    entry: Entry
    plan: Plan
    measured: Measured
    strange: Measured | None

    def scores(self, values: Mapping[str, float]) -> dict[str, float]:
        """F1 by what it is of."""
        weights = FusionWeights.of(values)
        labels, found = self.entry.film.labels, {}
        for cue, weight in WEIGHT_OF_SOUND.items():
            timeline = self._fused(self.measured, weight, weights)
            found[f"scenes, {cue}"] = score_scenes(labels, _scenes(timeline)).f1
            if cue == BOTH:
                breaks = [shot for shot in timeline.level("shot") if shot.start_boundary.kind == "audio"]
                found[TAKE] = score_sound_only(labels, [shot.start_s for shot in breaks]).f1
        if self.strange is None:
            return found
        timeline = self._fused(self.strange, WEIGHT_OF_SOUND[BOTH], weights)
        return {**found, STRANGE: score_scenes(labels, _scenes(timeline)).f1}

    def _fused(self, measured: Measured, audio_weight: float, weights: FusionWeights) -> Timeline:
        settings = replace(FusionSettings(), audio_weight=audio_weight)
        return fuse_measured(self.plan, measured, settings, weights=weights)


def _scenes(timeline: Timeline) -> list[int]:
    return [scene.start_frame for scene in timeline.level("scene")[1:]]


def fit(
    recipe: Recipe, entries: Sequence[Entry], shelf: Shelf, say: Callable[[str], None]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Values of the file, and the figures they reached."""
    return search.fit(Search(recipe.numbers, fusible(entries, shelf), recipe.penalty), say)


def measure(
    entries: Sequence[Entry], shelf: Shelf, values: Mapping[str, Any], _say: Callable[[str], None]
) -> dict[str, Any]:
    """Figures of values as the file has them."""
    return search.measure(fusible(entries, shelf), values)


def fusible(entries: Sequence[Entry], shelf: Shelf) -> list[Fusible]:
    """The films whose scenes are labelled."""
    entries = [entry for entry in entries if entry.film.labels.get("scenes")]
    analysed = [shelf.analysed(entry.film.path) for entry in entries]
    measured = [Measured.of(one.plan, one.tracks) for one in analysed]
    found = []
    for k, entry in enumerate(entries):
        mine = [j for j, other in enumerate(entries) if other.role == entry.role]
        other = mine[(mine.index(k) + 1) % len(mine)]
        strange = replace(measured[k], sound=measured[other].sound) if other != k else None
        found.append(Fusible(entry, analysed[k].plan, measured[k], strange))
    return found
