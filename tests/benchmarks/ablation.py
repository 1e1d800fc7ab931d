"""What the picture alone, the sound alone and both together make of the same tracks.

Only the weight of the sound in the fusion differs; nothing is decoded or analysed anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from actors.segmentation import FusionSettings, fuse
from tests.benchmarks.analysis import Analysed
from tests.benchmarks.films import Film
from tests.benchmarks.quality import mean_of
from tests.benchmarks.scoring import Score, score_scenes

PICTURE, SOUND, BOTH = "picture alone", "sound alone", "both"
WEIGHT_OF_SOUND = {PICTURE: 0.0, SOUND: 1.0, BOTH: FusionSettings().audio_weight}


@dataclass(frozen=True)
class Row:
    """Scenes of one film by what they were made from."""

    film: str
    scenes: dict[str, Score]


@dataclass(frozen=True)
class Ablation:
    """Scenes by cue: of each film, and the mean F1 (empty without films with labelled scenes)."""

    films: tuple[Row, ...]
    mean_f1: dict[str, float]

    @classmethod
    def of(cls, films: Sequence[Row]) -> Ablation:
        """With the means."""
        found = {cue: mean_of([row.scenes[cue] for row in films], lambda s: s.f1) for cue in WEIGHT_OF_SOUND}
        return cls(tuple(films), {cue: f1 for cue, f1 in found.items() if f1 is not None})


def ablated(film: Film, analysed: Analysed, settings: FusionSettings) -> Row:
    """The film's scenes from each cue; its labels must have scenes."""
    scenes = {}
    for cue, weight in WEIGHT_OF_SOUND.items():
        timeline = fuse(analysed.plan, analysed.tracks, replace(settings, audio_weight=weight))
        scenes[cue] = score_scenes(film.labels, [s.start_frame for s in timeline.level("scene")[1:]])
    return Row(film.title, scenes)
