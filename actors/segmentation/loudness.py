"""Loudness after ITU-R BS.1770-4 and level of a mono signal, in steps of 100 ms.

Knows samples and their rate; gating to programme loudness is left to whoever has the whole film.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import signal

MOMENTARY_STEPS = 4
"""A momentary loudness is the mean of 400 ms, four steps of 100 ms."""

STEREO_GAIN_DB = 10 * np.log10(2)
"""A mono mix played by two loudspeakers carries twice the power that the standard gives one channel."""

_OFFSET_LUFS = -0.691

# The two filters of BS.1770-4 as analogue prototypes (Annex 1 tabulates them at 48 kHz only); the
# bilinear transform gives back that table to its last digits and serves every other rate.
_SHELF_HZ, _SHELF_GAIN_DB, _SHELF_Q = 1681.974450955533, 3.999843853973347, 0.7071752369554196
_SHELF_SLOPE = 0.4996667741545416
_HIGHPASS_HZ, _HIGHPASS_Q = 38.13547087602444, 0.5003270373238773


@lru_cache(maxsize=16)
def k_weighting(sample_rate_hz: int) -> npt.NDArray[np.float64]:
    """The K-weighting as two second-order sections, float64[2, 6] for scipy.signal.sosfilt."""
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
    tangent = np.tan(np.pi * _HIGHPASS_HZ / sample_rate_hz)
    scale = 1 + tangent / _HIGHPASS_Q + tangent**2
    highpass = np.array(
        [1, -2, 1, 1, 2 * (tangent**2 - 1) / scale, (1 - tangent / _HIGHPASS_Q + tangent**2) / scale]
    )
    return np.stack([shelf / shelf[3], highpass])


def momentary_lufs(
    samples: npt.NDArray[np.float32], sample_rate_hz: int, *, channels: int, floor: float
) -> npt.NDArray[np.float64]:
    """float32[n] -> float64[steps]: loudness of the 400 ms that end with each 100 ms, `floor` at least.

    The filters start at rest and the first three steps look at less than 400 ms; give some context.
    `channels` is how many the mono mix came from: from two on it counts as played by two.
    """
    weighted = signal.sosfilt(k_weighting(sample_rate_hz), samples.astype(np.float64))
    sums, counts = _sums_of_steps(weighted**2, sample_rate_hz)
    window = np.ones(MOMENTARY_STEPS)
    power = np.convolve(sums, window)[: len(sums)] / np.convolve(counts, window)[: len(sums)]
    gain = STEREO_GAIN_DB if channels > 1 else 0.0
    return _decibels(power, _OFFSET_LUFS + gain, floor)


def rms_db(samples: npt.NDArray[np.float32], sample_rate_hz: int, *, floor: float) -> npt.NDArray[np.float64]:
    """float32[n] -> float64[steps]: level of each 100 ms in dB, 0 dB being a mean square of 1."""
    sums, counts = _sums_of_steps(samples.astype(np.float64) ** 2, sample_rate_hz)
    return _decibels(sums / counts, 0.0, floor)


def _sums_of_steps(
    values: npt.NDArray[np.float64], sample_rate_hz: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Sums and numbers of samples of every whole 100 ms; step i begins at sample ceil(i * rate / 10)."""
    steps = len(values) * 10 // sample_rate_hz
    edges = -(-np.arange(steps + 1) * sample_rate_hz // 10)
    sums = np.add.reduceat(values[: edges[-1]], edges[:-1]) if steps else np.zeros(0)
    return sums, np.maximum(np.diff(edges), 1).astype(np.float64)


def _decibels(power: npt.NDArray[np.float64], offset: float, floor: float) -> npt.NDArray[np.float64]:
    tiny = 10 ** ((floor - offset) / 10)
    level: npt.NDArray[np.float64] = np.maximum(offset + 10 * np.log10(np.maximum(power, tiny)), floor)
    return level
