"""Resamples sound from any rate to 16 kHz; the first sample stays in its place.

A windowed sinc as one product of matrices: a few output samples repeat the same pattern of weights over and
over, so a row of input times a matrix of weights gives them all. No state is kept. Knows samples only.
"""

from __future__ import annotations

from functools import lru_cache
from math import ceil, gcd

import numpy as np
import numpy.typing as npt
import torch
from scipy.special import i0
from torch import Tensor
from torch.nn import functional

SAMPLE_RATE_HZ = 16_000
"""Of the sound that both networks were trained on, and of the mel spectrum."""
_ZEROS = 10
"""Zeros of the sinc on either side: as scipy's `resample_poly` has it."""
_KAISER_BETA = 5.0
"""Shape of the window over the sinc, likewise: about 50 dB against aliasing."""
_ROW_OUTPUTS = 32
"""Least number of output samples in a row: fewer make slow products, more make more weights zero."""
_MAX_WEIGHTS = 1 << 20
"""Odd ratios (44101 Hz) have patterns of millions of weights; those are filtered sample by sample."""

Samples = npt.NDArray[np.float32]


def resampled(samples: Samples, rate: int) -> Samples:
    """float32[n] at `rate` -> float32[ceil(n * 16000 / rate)]."""
    if rate == SAMPLE_RATE_HZ:
        return samples
    common = gcd(rate, SAMPLE_RATE_HZ)
    up, down = SAMPLE_RATE_HZ // common, rate // common
    repeats = ceil(_ROW_OUTPUTS / up)
    if repeats * up * repeats * down > _MAX_WEIGHTS:
        from scipy import signal  # slow to import, and such rates are rare

        slow: Samples = signal.resample_poly(samples, up, down, window=_low_pass(max(up, down)))
        return slow.astype(np.float32, copy=False)
    weights, before = _pattern(up, down, repeats)
    outputs, width = weights.shape
    wanted = -(-len(samples) * up // down)
    rows, step = -(-wanted // outputs), down * repeats
    after = max(0, (rows - 1) * step + width - before - len(samples))
    with torch.inference_mode():
        windows = functional.pad(torch.from_numpy(samples), (before, after)).unfold(0, width, step)[:rows]
        out: Samples = functional.linear(windows, weights).numpy().reshape(-1)[:wanted]
    return out


@lru_cache(maxsize=4)
def _pattern(up: int, down: int, repeats: int) -> tuple[Tensor, int]:
    """float32 [outputs, inputs] that gives up * repeats samples, and how many inputs lie before the first."""
    taps = _low_pass(max(up, down)) * up
    half = len(taps) // 2
    before = half // up
    outputs = np.arange(up * repeats)[:, None]
    inputs = np.arange(-before, (int(outputs[-1, 0]) * down + half) // up + 1)[None]
    at = outputs * down - inputs * up + half
    weights = np.where((at >= 0) & (at < len(taps)), taps[np.clip(at, 0, len(taps) - 1)], 0)
    return torch.from_numpy(weights.astype(np.float32)), before


@lru_cache(maxsize=4)
def _low_pass(larger: int) -> Samples:
    """The windowed sinc; its length, not its memory, grows with an odd ratio."""
    away = np.arange(-_ZEROS * larger, _ZEROS * larger + 1)
    window = i0(_KAISER_BETA * np.sqrt(1 - (away / (_ZEROS * larger)) ** 2.0)) / i0(_KAISER_BETA)
    taps = np.sinc(away / larger) / larger * window
    low_pass: Samples = (taps / taps.sum()).astype(np.float32)
    return low_pass
