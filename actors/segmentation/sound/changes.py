"""Compares the sound before and after every step of 100 ms: curves of how much it changes, and pauses.

Compared are the classes heard, the timbre (cepstra of the mel spectrum) and the loudness of some seconds on
either side. A short silence does not count as a sound in the comparison, so a pause inside one bed of sound
changes nothing. The lengths below say what is compared and were set by hand; how much a change counts is
weighed by `fusion.weights`. Knows the sound track, not pictures.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.fft import dct
from scipy.ndimage import maximum_filter1d

from actors.segmentation.runs import true_runs
from actors.segmentation.sound.classes import SoundClasses
from actors.segmentation.tracks import STEPS_PER_SECOND, AudioTrack

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

WINDOW_S = 4.0
"""Seconds of sound compared on either side: long enough for a phrase with its pauses, shorter than most
scenes."""
MIN_HEARD = 5
"""Steps (100 ms) that must be heard on both sides to be compared: half a second, a word or two."""
LONG_SILENCE_S = 3.0
"""Seconds from which a silence is no pause but a sound of its own, which begins and ends."""
CEPSTRA = 13
"""Cosine coefficients of the mel spectrum that describe timbre, as in speech recognition; the first of all,
which is loudness, is left out."""
TIMBRE_FLOOR_DB = 3.0
"""Deviation of a coefficient (dB) that is added to that within a side: smaller differences are within any one
sound."""
LOUDNESS_MIN_DB = -70.0
"""Level (LUFS) that stands for all lower ones, as BS.1770's gate has it: how silent silence is says
nothing."""
PAUSE_MIN_S = 0.3
"""Seconds of the shortest pause: shorter ones are between the sounds of a word."""
PAUSE_FULL_S = 1.2
"""Seconds from which a longer pause says no more."""
VOICED = 0.5
"""Probability of speech above which a step is inside a word: likelier than not."""
BREATH_STEPS = 5
"""Steps (100 ms) around a step that must all be voiced for it to lie inside running speech: no breath within
0.2 s."""
_STEPS_AT_ONCE = 4096
"""Steps that are compared at once, about seven minutes: what is computed on the way stays in the processor's
cache."""


@dataclass(frozen=True, slots=True, repr=False)
class SoundChanges:
    """Curves of one value a step of 100 ms, at the step's start; step 0 is at `start_s`.

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
    differing, timbre, louder = _compare(track, classes, heard)
    return SoundChanges(
        start_s=classes.start_s,
        classes=differing,
        timbre=timbre,
        loudness_db=louder,
        pause=_pause_curve(pauses, n),
        speaking=_speaking(track, classes),
        pauses=tuple(pauses),
    )


def _compare(track: AudioTrack, classes: SoundClasses, heard: Bools) -> Floats:
    """(3, n): difference of the classes heard, of timbre in deviations and of levels in dB at every step."""
    n, window = len(track), round(WINDOW_S * STEPS_PER_SECOND)
    speech, music, silence = classes.speech, classes.music, classes.silence
    kinds = np.stack([speech, music, silence, ~(speech | music | silence)])
    out = np.zeros((3, n))
    for start in range(0, n, _STEPS_AT_ONCE):
        stop = min(start + _STEPS_AT_ONCE, n)
        first, last = max(start - window, 0), min(stop + window, n)
        colour = cepstra(track.rows(first, last)).T
        level = np.maximum(track.momentary_lufs[first:last].astype(np.float64), LOUDNESS_MIN_DB)
        rows = np.concatenate([kinds[:, first:last], colour, colour**2, level[None]])
        left, right, least = _sides(rows, heard[first:last], window)
        apart = (right - left)[:, start - first : stop - first]
        spread = 0.5 * (left + right)[:, start - first : stop - first]
        centre = 0.5 * (left**2 + right**2)[4 : 4 + CEPSTRA, start - first : stop - first]
        variance = np.maximum(spread[4 + CEPSTRA : 4 + 2 * CEPSTRA] - centre, 0)
        out[0, start:stop] = np.minimum(0.5 * np.abs(apart[:4]).sum(axis=0), 1.0)
        unlike = apart[4 : 4 + CEPSTRA] ** 2 / (variance + TIMBRE_FLOOR_DB**2)
        out[1, start:stop] = np.sqrt(unlike.mean(axis=0))
        out[2, start:stop] = apart[-1]
        out[:, start:stop] *= least[start - first : stop - first] >= MIN_HEARD
    return out


def _sides(values: Floats, heard: Bools, window: int) -> tuple[Floats, Floats, Floats]:
    """Means of (k, n) values over the heard steps of the window before and after each step, and how many
    steps are heard on the side with fewer."""
    rows = np.concatenate([values * heard, heard[None]])
    n = rows.shape[1]
    sums = np.pad(np.cumsum(rows, axis=1), ((0, 0), (window + 1, window)), mode="edge")
    sums[:, : window + 1] = 0.0
    before, here, after = sums[:, :n], sums[:, window : window + n], sums[:, 2 * window : 2 * window + n]
    left, right = here - before, after - here
    count_left, count_right = left[-1], right[-1]
    left, right = left[:-1] / np.maximum(count_left, 1), right[:-1] / np.maximum(count_right, 1)
    return left, right, np.minimum(count_left, count_right)


def cepstra(track: AudioTrack) -> Floats:
    """(n, CEPSTRA): the timbre of every step, whatever its loudness."""
    colour: Floats = dct(track.mel_db.astype(np.float64), axis=1, norm="ortho")[:, 1 : 1 + CEPSTRA]
    return colour


def _pauses(silent: Bools) -> list[tuple[int, int]]:
    least = round(PAUSE_MIN_S * STEPS_PER_SECOND)
    return [(start, stop) for start, stop in true_runs(silent) if stop - start >= least]


def _pause_curve(pauses: list[tuple[int, int]], n: int) -> Floats:
    curve = np.zeros(n)
    for a, b in pauses:
        curve[a:b] = min(1.0, (b - a) / STEPS_PER_SECOND / PAUSE_FULL_S)
    return curve


def _speaking(track: AudioTrack, classes: SoundClasses) -> Bools:
    """Speech on both sides and no breath nearby: to cut here is to cut a phrase."""
    voiced = classes.speech & (np.maximum(track.vad, track.speech).astype(np.float64) > VOICED)
    gap: Bools = maximum_filter1d((~voiced).astype(np.uint8), BREATH_STEPS) > 0
    return ~gap
