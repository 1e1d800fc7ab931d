"""Compares what is heard in two stretches of video: log odds that they belong to one scene.

Every unit gets the shares of the classes heard and its mean timbre; two units are compared by both. Units in
which little is heard say little. The weights are data: `fusion.weights`. Knows the sound track; does not know
pictures.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from actors.segmentation.fusion.weights import FusionWeights
from actors.segmentation.runs import true_runs
from actors.segmentation.sound.changes import LONG_SILENCE_S, cepstra
from actors.segmentation.sound.classes import SoundClasses, step_range
from actors.segmentation.tracks import STEPS_PER_SECOND, AudioTrack

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

HEARD_FULL_S = 2.0
"""Seconds of sound needed in a unit for its evidence to count fully: a sentence."""


@dataclass(frozen=True, slots=True, repr=False)
class Sounds:
    """Of each unit: shares of speech, music, silence, noise (u, 4); mean cepstra in deviations of the whole
    track (u, CEPSTRA); how much is heard, 0..1 (u)."""

    classes: Floats
    timbre: Floats
    heard: Floats
    weights: FusionWeights

    def __len__(self) -> int:
        return len(self.heard)

    def __repr__(self) -> str:
        return f"Sounds({len(self)} units)"

    def same(self, a: Ints | slice, b: int) -> Floats:
        """Log odds, -heard_max..heard_max, that each of the units a belongs with unit b."""
        classes = 0.5 * np.abs(self.classes[a] - self.classes[b]).sum(axis=1)
        timbre = np.sqrt(((self.timbre[a] - self.timbre[b]) ** 2).mean(axis=1))
        w = self.weights
        odds = w.heard_classes * (w.classes_middle - classes) + w.heard_timbre * (w.timbre_middle - timbre)
        out: Floats = np.clip(odds, -w.heard_max, w.heard_max) * np.minimum(self.heard[a], self.heard[b])
        return out


def find_sounds(track: AudioTrack, classes: SoundClasses, times_s: Floats, weights: FusionWeights) -> Sounds:
    """Sounds of the units times_s[k] .. times_s[k + 1] (seconds)."""
    heard = _heard(track, classes)
    speech, music, silence = classes.speech, classes.music, classes.silence
    kinds = np.stack([speech, music, silence, ~(speech | music | silence)])
    timbre = cepstra(track).T * heard
    sums = np.cumsum(np.concatenate([kinds * heard, timbre, heard[None]]), axis=1)
    every = max(1.0, sums[-1, -1]) if len(track) else 1.0
    sums = np.pad(sums, ((0, 0), (1, 0)))
    usual = sums[4:-1, -1] / every
    deviation = np.sqrt(np.maximum(np.einsum("kn,kn->k", timbre, timbre) / every - usual**2, 0.0))
    steps = [step_range(classes.start_s, a, b, len(track)) for a, b in pairwise(times_s)]
    start, stop = np.array([s.start for s in steps]), np.array([s.stop for s in steps])
    total = (sums[:, stop] - sums[:, start]).T
    count = total[:, -1]
    mean = total[:, :-1] / np.maximum(count, 1)[:, None]
    unlike_usual = np.where(count[:, None] > 0, (mean[:, 4:] - usual) / (deviation + 1.0), 0.0)
    needed = np.minimum(HEARD_FULL_S * STEPS_PER_SECOND, np.maximum(stop - start, 1))
    return Sounds(mean[:, :4], unlike_usual, np.minimum(count / needed, 1.0), weights)


def _heard(track: AudioTrack, classes: SoundClasses) -> npt.NDArray[np.bool_]:
    """Steps that count: sound, and silences too long to be pauses."""
    heard = ~classes.silence & track.present
    for a, b in true_runs(~heard):
        if b - a >= LONG_SILENCE_S * STEPS_PER_SECOND:
            heard[a:b] = True
    return heard
