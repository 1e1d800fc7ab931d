"""What speaks for a scene boundary at a candidate: its transition, and the sound around it.

Log odds, picture and sound apart, so that their weights can be set and each boundary can tell which cue
spoke how loudly. What the pictures on both sides have in common is not told here: it belongs to the groups
(`fusion.places`, `fusion.grouping`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from actors.segmentation.shots.transitions import Transition
from actors.segmentation.sound.changes import SoundChanges
from actors.segmentation.tracks import STEPS_PER_SECOND

Floats = npt.NDArray[np.float64]

# Fitted to labelled programmes, then rounded towards each other: few labels deserve few digits.
FADE, SOFT_EDGE, ONE_TAKE = 3.0, 1.2, -4.0
CLASSES, TIMBRE, LOUDNESS, PAUSE, SPEAKING = 3.0, 3.5, 0.3, 0.8, -0.5
USUAL_SOUND = 2.5
"""Evidence of sound at a cut inside a scene, where words and notes go on changing: it is worth nothing."""
SOUND_MAX = 4.0
"""However much the sound changes, it may do so inside a scene: a song begins, a door is opened."""
LOUDNESS_FULL_DB = 20.0
LOUDNESS_UNIT_DB = 10.0

REACH_S = 1.2
"""Sound changes up to so much before or after the picture does (the editor's J and L cuts) count ..."""
REACH_LOSS_S = 2.4
"""... the less the further away: nothing at this distance."""
PAUSE_REACH_S = 0.6


@dataclass(frozen=True, slots=True)
class Moment:
    """A candidate boundary: first frame and time of what follows; the picture's transition there, or None
    for a break in the sound only, with its strength."""

    frame: int
    time_s: float
    transition: Transition | None
    strength: float = 0.0


def visual_evidence(moments: list[Moment]) -> Floats:
    """Log odds by the kind of transition: a fade ends a scene, a cut says nothing, a take that simply goes
    on speaks against it (and only length or very different sound overcomes that)."""
    gain = {"fade": FADE, "dissolve": SOFT_EDGE, "wipe": SOFT_EDGE}
    return np.array(
        [
            gain.get(m.transition.kind, 0.0) * m.transition.confidence if m.transition else ONE_TAKE
            for m in moments
        ]
    )


def audio_evidence(moments: list[Moment], changes: SoundChanges | None) -> Floats:
    """Log odds by the sound around each moment: a change of what is heard, of timbre, of loudness, a pause;
    against it, that someone is in the middle of a phrase."""
    if changes is None or not len(changes) or not moments:
        return np.zeros(len(moments))
    at = np.array([changes.step_at(m.time_s) for m in moments])
    loudness = np.minimum(np.abs(changes.loudness_db), LOUDNESS_FULL_DB) / LOUDNESS_UNIT_DB
    heard: Floats = (
        CLASSES * _nearby(changes.classes, at)
        + TIMBRE * np.log1p(_nearby(changes.timbre, at))
        + LOUDNESS * _nearby(loudness, at)
        + PAUSE * _around(changes.pause, at, round(PAUSE_REACH_S * STEPS_PER_SECOND)).max(axis=1)
        + SPEAKING * changes.speaking[at]
        - USUAL_SOUND
    )
    return np.minimum(heard, SOUND_MAX)


def loudness_of_cue(log_odds: float) -> float:
    """Evidence as 0..1: 0 where a cue is silent or against, towards 1 the more it says."""
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
