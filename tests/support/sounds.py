"""Makes sounds that tests need: words, speech, chords, keys of a telephone, and a source that plays them.

A word is a voice by its making (pulses through the resonances of a mouth that moves), and the models take it
for speech. Knows nothing of the code under test.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

Samples = npt.NDArray[np.float32]

RATE_HZ = 16_000
"""Of all sounds here."""
KEYS_HZ = {
    "1": (697, 1209), "2": (697, 1336), "3": (697, 1477), "4": (770, 1209), "5": (770, 1336),
    "6": (770, 1477), "7": (852, 1209), "8": (852, 1336), "9": (852, 1477), "0": (941, 1336),
}  # fmt: skip
"""Tones of a telephone's keys (ITU-T Q.23)."""

_VOWELS_HZ = {
    "a": (730, 1090, 2440),
    "e": (530, 1840, 2480),
    "i": (270, 2290, 3010),
    "o": (570, 840, 2410),
    "u": (300, 870, 2240),
}
"""First three resonances of a man's vowels (Peterson and Barney 1952)."""
_SYLLABLE_S = 0.2
_GLIDE_SAMPLES = RATE_HZ // 100
"""Samples for which the resonances stand still while they glide from one vowel to the next."""


@dataclass(frozen=True)
class Recording:
    """A source of PCM, float32[channels, n] at RATE_HZ, whose first sample lies at 0 s."""

    samples: Samples
    channel_names: tuple[str, ...] = ()
    sample_rate_hz: int = RATE_HZ

    @property
    def seconds(self) -> float:
        return self.samples.shape[1] / self.sample_rate_hz

    def pcm(self, start_s: Fraction | int, end_s: Fraction | int) -> Samples:
        """Samples of a range of seconds; zeros where there is no sound."""
        first, stop = (ceil(time * self.sample_rate_hz) for time in (start_s, end_s))
        out = np.zeros((len(self.samples), stop - first), np.float32)
        begin, end = max(first, 0), min(stop, self.samples.shape[1])
        if begin < end:
            out[:, begin - first : end - first] = self.samples[:, begin:end]
        return out

    def close(self) -> None:
        """Nothing is open."""


def at_level(samples: npt.ArrayLike, level_db: float) -> Samples:
    """The sound with this level (dBFS, root mean square over all of it)."""
    values = np.asarray(samples, np.float64)
    out: Samples = (values / np.sqrt(np.mean(values**2)) * 10 ** (level_db / 20)).astype(np.float32)
    return out


def placed(seconds: float, sounds: Iterable[tuple[float, Samples]]) -> Samples:
    """Digital silence of this length with sounds in it: (second at which it begins, samples)."""
    out = np.zeros(round(seconds * RATE_HZ), np.float32)
    for start_s, sound in sounds:
        first = round(start_s * RATE_HZ)
        out[first : first + len(sound)] += sound[: len(out) - first]
    return out


def word(seconds: float, seed: int = 0) -> Samples:
    """A word with a syllable for every fifth of a second, -20 dBFS."""
    rng = np.random.default_rng(seed)
    pitch_hz = rng.uniform(100, 180)
    edges = np.linspace(0, round(seconds * RATE_HZ), max(1, round(seconds / _SYLLABLE_S)) + 1).astype(int)
    syllables = [_syllable(count, pitch_hz * rng.uniform(0.9, 1.15), rng) for count in np.diff(edges)]
    return at_level(np.concatenate(syllables), -20)


def speech(seconds: float, seed: int = 0) -> Samples:
    """Words of half a second, no two alike, and pauses of a fifth; -20 dBFS within words."""
    starts = np.arange(0, seconds - 0.5, 0.7).tolist()
    return placed(seconds, [(start, word(0.5, 1000 * seed + k)) for k, start in enumerate(starts)])


def chords(seconds: float, seed: int = 0) -> Samples:
    """Struck chords that ring, -20 dBFS: music."""
    rng = np.random.default_rng(seed)
    ringing = np.arange(3 * RATE_HZ) / RATE_HZ
    struck = []
    for start in np.arange(0, seconds, 0.4).tolist():
        notes = rng.choice([220, 261.6, 329.6, 392, 440, 523.3], 3, replace=False)
        ring = np.exp(-3 * ringing) * sum(np.sin(2 * np.pi * note * ringing) for note in notes)
        struck.append((start, ring.astype(np.float32)))
    return at_level(placed(seconds, struck), -20)


def tone(seconds: float, *frequencies_hz: float, level_db: float = -20.0) -> Samples:
    """Sines of equal strength together."""
    time = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return at_level(sum(np.sin(2 * np.pi * f * time) for f in frequencies_hz), level_db)


def noise(seconds: float, level_db: float = -20.0, seed: int = 0) -> Samples:
    """White noise."""
    return at_level(np.random.default_rng(seed).standard_normal(round(seconds * RATE_HZ)), level_db)


def click(peak_db: float = -3.0, seed: int = 0) -> Samples:
    """A knock of 40 ms that dies away."""
    time = np.arange(round(0.04 * RATE_HZ)) / RATE_HZ
    knock = np.random.default_rng(seed).standard_normal(len(time)) * np.exp(-100 * time)
    out: Samples = (knock / np.abs(knock).max() * 10 ** (peak_db / 20)).astype(np.float32)
    return out


def _syllable(count: int, pitch_hz: float, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """A hiss of a consonant, then a voice whose resonances glide from one vowel to another."""
    falling = np.linspace(1.1, 0.9, count) + 0.01 * rng.standard_normal(count)
    pulses = np.diff(np.floor(np.cumsum(pitch_hz * falling) / RATE_HZ), prepend=0)
    voice = lfilter([1.0], [1.0, -0.95], pulses) + 0.01 * rng.standard_normal(count)
    first_hz, last_hz = (np.array(_VOWELS_HZ[key]) for key in rng.choice(sorted(_VOWELS_HZ), 2))
    out, states = np.zeros(count), [np.zeros(2) for _ in first_hz]
    for start in range(0, count, _GLIDE_SAMPLES):
        piece = voice[start : start + _GLIDE_SAMPLES]
        for k, resonance_hz in enumerate(first_hz + (last_hz - first_hz) * start / count):
            radius = np.exp(-np.pi * (60 + 40 * k) / RATE_HZ)  # 60 Hz wide and wider
            feedback = [1.0, -2 * radius * np.cos(2 * np.pi * resonance_hz / RATE_HZ), radius**2]
            piece, states[k] = lfilter([sum(feedback)], feedback, piece, zi=states[k])
        out[start : start + _GLIDE_SAMPLES] = piece
    from_edge = np.minimum(np.arange(count), np.arange(count)[::-1])
    out *= np.minimum(1, from_edge / (0.02 * RATE_HZ)) / np.abs(out).max()
    consonant = min(count // 4, RATE_HZ // 20)
    out[:consonant] += 0.1 * np.diff(rng.standard_normal(consonant + 1)) * np.linspace(1, 0, consonant)
    return out
