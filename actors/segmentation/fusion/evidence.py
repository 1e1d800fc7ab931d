"""Weighs what speaks for a scene boundary at a candidate: its transition, and the sound around it.

The result is log odds, of picture and sound apart, so that a setting can weigh the two cues and each boundary
can tell how loudly either spoke. The weights are data: `fusion.weights`. Does not know what the pictures on
both sides have in common (`fusion.scenes.odds`; for chapters `fusion.locations`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from actors.segmentation.fusion.weights import FusionWeights
from actors.segmentation.shots.transitions import Transition
from actors.segmentation.sound.changes import SoundChanges
from actors.segmentation.tracks import STEPS_PER_SECOND

Floats = npt.NDArray[np.float64]

LOUDNESS_FULL_DB = 20.0
"""Difference of levels (dB) beyond which a larger one says no more: four times as loud to the ear."""
LOUDNESS_UNIT_DB = 10.0
"""Difference of levels (dB) that `weights.loudness` is for: twice as loud to the ear."""

REACH_S = 1.2
"""Seconds before or after the picture up to which a change of sound counts: the editor's J and L cuts."""
REACH_LOSS_S = 2.4
"""Seconds at which such a change would count for nothing; it loses evenly with distance, to half at
REACH_S."""
PAUSE_REACH_S = 0.6
"""Seconds from the picture's change up to which a pause counts: less than for other changes, as films are cut
in pauses."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A candidate boundary: first frame and time of what follows; the picture's transition there, or None
    for a break in the sound only, with its strength, or for a sentence with which a topic may begin, with the
    log odds of that."""

    frame: int
    time_s: float
    transition: Transition | None
    strength: float = 0.0
    topic: float | None = None


def visual_evidence(moments: list[Moment], weights: FusionWeights) -> Floats:
    """float64 (m,): log odds by the kind of transition. A fade ends a scene, a cut says nothing, a take that
    simply goes on speaks against it (and only very different sound overcomes that)."""
    gain = {"fade": weights.fade, "dissolve": weights.soft_edge, "wipe": weights.soft_edge}
    return np.array(
        [
            gain.get(m.transition.kind, 0.0) * m.transition.confidence if m.transition else weights.one_take
            for m in moments
        ]
    )


def audio_evidence(moments: list[Moment], changes: SoundChanges | None, weights: FusionWeights) -> Floats:
    """float64 (m,): log odds by the sound around each moment. For a boundary speak a change of what is heard,
    of timbre, of loudness, and a pause; against it, that someone is in the middle of a phrase."""
    if changes is None or not len(changes) or not moments:
        return np.zeros(len(moments))
    at = np.array([changes.step_at(m.time_s) for m in moments])
    loudness = np.minimum(np.abs(changes.loudness_db), LOUDNESS_FULL_DB) / LOUDNESS_UNIT_DB
    heard: Floats = (
        weights.classes * _nearby(changes.classes, at)
        + weights.timbre * np.log1p(_nearby(changes.timbre, at))
        + weights.loudness * _nearby(loudness, at)
        + weights.pause * _around(changes.pause, at, round(PAUSE_REACH_S * STEPS_PER_SECOND)).max(axis=1)
        + weights.speaking * changes.speaking[at]
        - weights.usual_sound
    )
    return np.minimum(heard, weights.sound_max)


def loudness_of_cue(log_odds: float) -> float:
    """Evidence (log odds) as 0..1: 0 where a cue is silent or against, towards 1 the more it says."""
    return round(float(np.clip(2.0 / (1.0 + np.exp(-max(0.0, log_odds))) - 1.0, 0, 1)), 4)


def _nearby(curve: Floats, at: npt.NDArray[np.int64]) -> Floats:
    reach = round(REACH_S * STEPS_PER_SECOND)
    distance_s = np.abs(np.arange(-reach, reach + 1)) / STEPS_PER_SECOND
    out: Floats = (_around(curve, at, reach) * (1.0 - distance_s / REACH_LOSS_S)).max(axis=1)
    return out


def _around(curve: Floats, at: npt.NDArray[np.int64], reach: int) -> Floats:
    padded = np.pad(curve, reach)
    out: Floats = padded[at[:, None] + np.arange(2 * reach + 1)]
    return out
