"""Where the sound changes: curves over time that say how unlike before and after are.

At every step the seconds before are compared with the seconds after: which classes are heard, the timbre
(cepstra of the mel spectrum), the loudness; and pauses are measured. A short silence does not count as a
sound in the comparison, so a pause inside one bed changes nothing. Knows the sound track, not pictures.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.fft import dct
from scipy.ndimage import maximum_filter1d

from actors.segmentation.sound_classes import SoundClasses
from actors.segmentation.tracks import STEPS_PER_SECOND, AudioTrack

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

WINDOW_S = 4.0
"""Of sound compared on either side: long enough for a phrase with its pauses, shorter than most scenes."""
MIN_HEARD = 5
"""Steps that must be heard on both sides to be compared."""
LONG_SILENCE_S = 3.0
"""A silence this long is no pause but a sound of its own, which begins and ends."""
CEPSTRA = 13
"""Cosine coefficients of the mel spectrum that describe timbre; the first of all, loudness, is left out."""
TIMBRE_FLOOR_DB = 3.0
"""Added to the deviation within a side: smaller differences are within any one sound."""
LOUDNESS_MIN_DB = -70.0
PAUSE_MIN_S = 0.3
PAUSE_FULL_S = 1.2
"""A pause this long speaks as loudly as a pause can."""


@dataclass(frozen=True, slots=True, repr=False)
class SoundChanges:
    """Curves of one value a step, at the step's start; step 0 is at `start_s`.

    classes: 0..1, share of the classes heard that differs between before and after. timbre: >= 0, difference
    of the mean cepstra in deviations. loudness_db: difference of mean levels. pause: 0..1, length of
    the pause the step lies in over PAUSE_FULL_S. speaking: the step lies inside running speech.
    pauses: (start, stop) in steps of every pause of PAUSE_MIN_S or more.
    """

    start_s: float
    classes: Floats
    timbre: Floats
    loudness_db: Floats
    pause: Floats
    speaking: Bools
    pauses: tuple[tuple[int, int], ...]

    def __len__(self) -> int:
        return len(self.classes)

    def __repr__(self) -> str:
        return f"SoundChanges({len(self)} steps, {len(self.pauses)} pauses)"

    def step_at(self, time_s: float) -> int:
        """The step nearest to a time, clamped."""
        return int(np.clip(round((time_s - self.start_s) * STEPS_PER_SECOND), 0, max(0, len(self) - 1)))

    @property
    def change(self) -> Floats:
        """0..1: how strongly the sound changes here, all signs together."""
        return 1.0 - (1.0 - self.classes) * np.exp(-0.5 * np.maximum(self.timbre - 1.0, 0.0))


def find_changes(track: AudioTrack, classes: SoundClasses) -> SoundChanges:
    """Compare both sides of every step of a track."""
    n = len(track)
    pauses = _pauses(classes.silence | ~track.present)
    heard = ~classes.silence & track.present
    for a, b in pauses:
        heard[a:b] |= b - a >= LONG_SILENCE_S * STEPS_PER_SECOND
    window = round(WINDOW_S * STEPS_PER_SECOND)
    speech, music, silence = classes.speech, classes.music, classes.silence
    kinds = np.stack([speech, music, silence, ~(speech | music | silence)], axis=1) & heard[:, None]
    left, right, count_left, count_right = _sides(kinds.astype(np.float64), heard, window)
    enough = np.minimum(count_left, count_right) >= MIN_HEARD
    differing = 0.5 * np.abs(left - right).sum(axis=1)
    colour = dct(track.mel_db.astype(np.float64), axis=1, norm="ortho")[:, 1 : 1 + CEPSTRA] * heard[:, None]
    mean_left, mean_right, _, _ = _sides(colour, heard, window)
    square_left, square_right, _, _ = _sides(colour**2, heard, window)
    variance = np.maximum(0.5 * (square_left - mean_left**2 + square_right - mean_right**2), 0)
    timbre = np.sqrt(((mean_right - mean_left) ** 2 / (variance + TIMBRE_FLOOR_DB**2)).mean(axis=1))
    level = np.maximum(track.momentary_lufs.astype(np.float64), LOUDNESS_MIN_DB)
    loud_left, loud_right, _, _ = _sides((level * heard)[:, None], heard, window)
    return SoundChanges(
        start_s=classes.start_s,
        classes=np.where(enough, np.clip(differing, 0, 1), 0.0),
        timbre=np.where(enough, timbre, 0.0),
        loudness_db=np.where(enough, (loud_right - loud_left)[:, 0], 0.0),
        pause=_pause_curve(pauses, n),
        speaking=_speaking(track, classes),
        pauses=tuple(pauses),
    )


def _sides(values: Floats, heard: Bools, window: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Means of (n, k) values over the heard steps of the window before and after, and how many there are."""
    n = len(values)
    sums = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
    counts = np.concatenate([[0.0], np.cumsum(heard, dtype=np.float64)])
    here = np.arange(n)
    before, after = np.maximum(here - window, 0), np.minimum(here + window, n)
    count_left, count_right = counts[here] - counts[before], counts[after] - counts[here]
    left = (sums[here] - sums[before]) / np.maximum(count_left, 1)[:, None]
    right = (sums[after] - sums[here]) / np.maximum(count_right, 1)[:, None]
    return left, right, count_left, count_right


def _pauses(silent: Bools) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], silent, [False]]).astype(np.int8))).reshape(-1, 2)
    least = round(PAUSE_MIN_S * STEPS_PER_SECOND)
    return [(a, b) for a, b in edges.tolist() if b - a >= least]


def _pause_curve(pauses: list[tuple[int, int]], n: int) -> Floats:
    curve = np.zeros(n)
    for a, b in pauses:
        curve[a:b] = min(1.0, (b - a) / STEPS_PER_SECOND / PAUSE_FULL_S)
    return curve


def _speaking(track: AudioTrack, classes: SoundClasses) -> Bools:
    """Speech on both sides and no breath within 0.2 s: to cut here is to cut a phrase."""
    voiced = classes.speech & (np.maximum(track.vad, track.speech).astype(np.float64) > 0.5)
    gap: Bools = maximum_filter1d((~voiced).astype(np.uint8), 5) > 0
    return ~gap
