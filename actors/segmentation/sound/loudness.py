"""Measures loudness after ITU-R BS.1770-4, and level, in steps of 100 ms.

Knows samples and their rate; does not gate to programme loudness, which needs the whole film
(`fusion.summary`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from actors.segmentation.sound.sections import filtered

MOMENTARY_STEPS = 4
"""A momentary loudness is the mean of 400 ms, four steps of 100 ms."""

SHORT_TERM_STEPS = 30
"""A short-term loudness is the mean of 3 s."""

NO_LOUDNESS = frozenset({"LFE", "LFE2"})
"""Loudspeakers, by ffmpeg's names, that do not count (BS.1770-4)."""
BEHIND = frozenset({"BL", "BR", "BC", "SL", "SR", "SDL", "SDR", "TBL", "TBC", "TBR"})
"""Loudspeakers beside and behind the listener."""
BEHIND_WEIGHT = 1.41
"""Factor of the power of those (BS.1770-4, table 3)."""

_OFFSET_LUFS = -0.691
"""Added to the level of the weighted power (BS.1770-4): a sine of 997 Hz at full scale then has -3.01
LUFS."""

Samples = npt.NDArray[np.float32]

# The two filters of BS.1770-4 as analogue prototypes (Annex 1 tabulates them at 48 kHz only); the
# bilinear transform gives back that table to its last digits and serves every other rate.
_SHELF_HZ, _SHELF_GAIN_DB, _SHELF_Q = 1681.974450955533, 3.999843853973347, 0.7071752369554196
_SHELF_SLOPE = 0.4996667741545416  # exponent of the gain at the shelf's corner
_HIGHPASS_HZ, _HIGHPASS_Q = 38.13547087602444, 0.5003270373238773  # the second filter


@lru_cache(maxsize=16)
def k_weighting(sample_rate_hz: int) -> npt.NDArray[np.float64]:
    """The K-weighting as two second-order sections, float64[2, 6], see `sections`."""
    tangent = np.tan(np.pi * min(_SHELF_HZ / sample_rate_hz, 0.49))
    high = 10 ** (_SHELF_GAIN_DB / 20)
    band = high**_SHELF_SLOPE
    shelf = np.array(
        [
            high + band * tangent / _SHELF_Q + tangent**2,
            2 * (tangent**2 - high),
            high - band * tangent / _SHELF_Q + tangent**2,
            1 + tangent / _SHELF_Q + tangent**2,
            2 * (tangent**2 - 1),
            1 - tangent / _SHELF_Q + tangent**2,
        ]
    )
    tangent = np.tan(np.pi * min(_HIGHPASS_HZ / sample_rate_hz, 0.49))
    scale = 1 + tangent / _HIGHPASS_Q + tangent**2
    highpass = np.array(
        [1, -2, 1, 1, 2 * (tangent**2 - 1) / scale, (1 - tangent / _HIGHPASS_Q + tangent**2) / scale]
    )
    return np.stack([shelf / shelf[3], highpass])


def channel_weights(places: Sequence[str]) -> list[float]:
    """Factor of the power of each channel, by where its loudspeaker stands (ffmpeg's names)."""
    return [0.0 if p in NO_LOUDNESS else BEHIND_WEIGHT if p in BEHIND else 1.0 for p in places]


def momentary_lufs(
    samples: Samples, sample_rate_hz: int, *, weights: Sequence[float], floor: float
) -> npt.NDArray[np.float64]:
    """float32[channels, n] -> float64[steps]: loudness of the 400 ms ending with each 100 ms, >= `floor`.

    The filters start at rest and the first three steps look at less than 400 ms; give some context.
    `weights`: one a channel, see `channel_weights`.
    """
    steps = len(samples[0]) * 10 // sample_rate_hz
    sums = np.zeros(steps)
    for weight, channel in zip(weights, samples, strict=True):
        if weight > 0 and channel.any():
            weighted = filtered(k_weighting(sample_rate_hz), channel)
            sums += weight * _energy_of_steps(weighted, sample_rate_hz)
    window = np.ones(MOMENTARY_STEPS)
    counts = _samples_of_steps(steps, sample_rate_hz)
    power = np.convolve(sums, window)[:steps] / np.convolve(counts, window)[:steps]
    return _decibels(power, _OFFSET_LUFS, floor)


def rms_db(samples: Samples, sample_rate_hz: int, *, floor: float) -> npt.NDArray[np.float64]:
    """float32[n] -> float64[steps]: level of each 100 ms in dB, 0 dB being a mean square of 1."""
    energy = _energy_of_steps(samples, sample_rate_hz)
    return _decibels(energy / _samples_of_steps(len(energy), sample_rate_hz), 0.0, floor)


def short_term_lufs(momentary: npt.NDArray[np.float64], *, floor: float) -> npt.NDArray[np.float64]:
    """float64[steps]: loudness of the 3 s ending with each step, from that of the 400 ms ending with it.

    Blocks of 400 ms overlap, so the ends of the 3 s count a little less than its middle. At the beginning
    of the sound, of as much as there is.
    """
    power = np.where(momentary > floor, 10 ** (momentary / 10), 0.0)
    sums = np.cumsum(np.pad(power, (SHORT_TERM_STEPS, 0)))
    filled = np.minimum(np.arange(1, len(power) + 1), SHORT_TERM_STEPS)
    return _decibels((sums[SHORT_TERM_STEPS:] - sums[:-SHORT_TERM_STEPS]) / filled, 0.0, floor)


def _edges_of_steps(steps: int, sample_rate_hz: int) -> npt.NDArray[np.int64]:
    """Step i of 100 ms begins at sample ceil(i * rate / 10)."""
    return -(-np.arange(steps + 1) * sample_rate_hz // 10)


def _samples_of_steps(steps: int, sample_rate_hz: int) -> npt.NDArray[np.float64]:
    return np.maximum(np.diff(_edges_of_steps(steps, sample_rate_hz)), 1).astype(np.float64)


def _energy_of_steps(values: npt.NDArray[np.floating], sample_rate_hz: int) -> npt.NDArray[np.float64]:
    """Sums of the squares of every whole 100 ms."""
    steps = len(values) * 10 // sample_rate_hz
    edges = _edges_of_steps(steps, sample_rate_hz)
    squares = np.square(values[: edges[-1]], dtype=np.float64)
    energy = np.zeros(steps)
    filled = np.diff(edges) > 0  # below 10 Hz some steps have no sample
    if filled.any():
        energy[filled] = np.add.reduceat(squares, edges[:-1][filled])
    return energy


def _decibels(power: npt.NDArray[np.float64], offset: float, floor: float) -> npt.NDArray[np.float64]:
    tiny = 10 ** ((floor - offset) / 10)
    level: npt.NDArray[np.float64] = np.maximum(offset + 10 * np.log10(np.maximum(power, tiny)), floor)
    return level
