"""Judges what the sound around a cut says of a scene that begins there, by how the sound goes with the scenes
of the video at hand.

In a broadcast the sound changes where the scenes do. In a film music runs on through a change of place, and
changes inside one. Which of them a video is, the picture tells: it gives each cut a calibrated probability of
a scene, and over all cuts (by linear regression) the sound rises with it or does not. The sound is believed
as far as it rises. A video of few cuts keeps to what is usual. Knows numbers at cuts; no tracks.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from actors.segmentation.fusion.weights import FusionWeights

Floats = npt.NDArray[np.float64]

SAYS = -0.7, 2.0
"""Log odds that the sound says at least and at most at a cut. Sound that runs on says little: it does so
through many a change of place. Set by hand; generated programmes are cut the same with 1.5 to 2.5 at most."""
FULL_RISE = 1.5
"""Log odds by which the sound rises from cuts without to cuts with a scene where it is believed in full. In
six generated programmes it rises by 1.8 to 2.1, and by 0 to 0.8 where each is given the sound of another."""
DEVIATION_MIN = 0.05
"""Least `rise_deviation` that counts: no video is known before it is heard."""
VARIANCE_MIN = 0.25
"""Least variance (of log odds) of the sound among cuts: in a silent film a slope would seem exact."""


def sound_at_cuts(heard: Floats, picture: Floats, weights: FusionWeights) -> Floats:
    """float64 (c,): log odds by the sound that a scene begins at each cut, within SAYS.

    heard: evidence of the sound there, as `evidence.audio_evidence` gives it. picture: calibrated log odds of
    a scene by the picture alone. weights: `usual_rise` is what the sound rises by before anything of the
    video is known, and `rise_deviation` how far that may be wrong.
    """
    said = np.clip(heard, *SAYS)
    if not len(said):
        return said
    out: Floats = min(1.0, _rise(said, expit(picture), weights) / FULL_RISE) * said
    return out


def _rise(said: Floats, probability: Floats, weights: FusionWeights) -> float:
    """By how much the sound says more where a scene begins: the slope of the regression, and the usual one as
    if it had been measured too, each as heavy as it is exact; never negative.

    The probability stands for what is true of a cut: the expectation of the sound's evidence is linear in it.
    """
    away = probability - probability.mean()
    spread = float(away @ away)
    exact = spread / max(float(said.var()), VARIANCE_MIN)
    slope = float(away @ said) / max(spread, 1e-9)
    before = 1.0 / max(weights.rise_deviation, DEVIATION_MIN) ** 2
    return max(0.0, (slope * exact + weights.usual_rise * before) / (exact + before))
