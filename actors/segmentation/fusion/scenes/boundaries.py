"""Chooses the boundaries of scenes: the likeliest ones, as many as pay, not nearer than the settings allow.

Where the picture alone decides, the evidence at each boundary is calibrated, so that the sum of the
probabilities is the number of scenes to be expected. A boundary is taken where its probability reaches half
of the F1 that the best choice can expect, which is the threshold that maximises F1 (Z. Lipton, C. Elkan, B.
Naryanaswamy, "Optimal thresholding of classifiers to maximize F1 measure", 2014). The length of a scene
counts only where the settings wish for one. Knows evidence; does not know tracks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from actors.segmentation.fusion.levels import CueWeights, GroupingRules, Groups, Pairs, group_units
from actors.segmentation.fusion.sounds import Sounds
from actors.segmentation.fusion.weights import FusionWeights
from actors.segmentation.settings import FusionSettings

Floats = npt.NDArray[np.float64]

SENSITIVITY_SPAN = 8.0
"""Log odds by which full sensitivity favours a boundary more than none does. Set by hand."""
REACH_S = 10.0
"""Seconds apart at which a pair of sounds says a third of what neighbours say about being one scene. Set by
hand."""
THRESHOLDS = 0.2, 0.5
"""Least and largest probability from which a boundary is taken, at neutral sensitivity: in a long video in
which none is likely the best of them is not taken for that alone."""
MAX_UNITS = 4096
"""Units of the longest scene that is looked for: as many as any film has; bounds the time."""


@dataclass(frozen=True, slots=True)
class Scenes:
    """groups: the scenes. probability: float64 (u,), 0..1, that one begins with each unit, before boundaries
    compete; the first unit's means nothing."""

    groups: Groups
    probability: Floats


def find_scenes(
    times_s: Floats,
    visual: Floats,
    audio: Floats,
    usual: float,
    sounds: Sounds | None,
    settings: FusionSettings,
    cues: CueWeights,
    weights: FusionWeights,
    count: int | None,
) -> Scenes:
    """Scenes of the units times_s[k] .. times_s[k + 1] (seconds).

    visual, audio: log odds of a scene before unit k. usual: what the picture says of a boundary of which
    nothing else is known; without a picture that is `weights.scene_bias`, and stretches that sound alike are
    held together. count: how many are wanted.
    """
    bias = cues.picture * usual + (1.0 - cues.picture) * weights.scene_bias
    probability = 1.0 / (1.0 + np.exp(-(bias + cues.picture * visual + cues.sound * audio)))
    least = threshold(probability[1:])
    rules = GroupingRules(
        bias=bias,
        wanted=SENSITIVITY_SPAN * (settings.scene_sensitivity - 0.5) - float(np.log(least / (1.0 - least))),
        usual_s=settings.scene_length_s,
        shortest_s=settings.min_scene_s,
        count=count,
        max_units=MAX_UNITS,
    )
    alone = replace(weights, sound_pairs=(1.0 - cues.picture) * weights.sound_pairs)
    pairs = Pairs(times_s, REACH_S, None, sounds, cues, alone)
    return Scenes(group_units(times_s, pairs, visual, audio, rules, cues), probability)


def threshold(probability: Floats) -> float:
    """Probability from which boundaries are taken, so that F1 is expected to be highest.

    Where it is likelier that there is none at all, only those are taken that are likelier than not.
    """
    likeliest = np.sort(probability)[::-1]
    taken = np.arange(1, len(likeliest) + 1)
    expected = 2.0 * np.cumsum(likeliest) / (taken + likeliest.sum())
    if np.prod(1.0 - likeliest) > expected.max(initial=0.0):
        return THRESHOLDS[1]
    return float(np.clip(0.5 * expected.max(initial=0.0), *THRESHOLDS))
