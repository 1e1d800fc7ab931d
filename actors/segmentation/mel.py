"""Log-mel spectrum of 16 kHz sound in steps of 100 ms: what the timbre is like, coarsely.

Knows samples only.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
import scipy.fft
from torchaudio.functional import melscale_fbanks

from actors.segmentation.tracks import MEL_BANDS, MEL_FLOOR_DB, MEL_STEP_DB

SAMPLE_RATE_HZ = 16_000
_WINDOW_SAMPLES = 400
_HOP_SAMPLES = 160
_FFT_SAMPLES = 512
_HOPS_PER_STEP = 10
_LOWEST_HZ = 50.0
_HIGHEST_HZ = 8000.0
_TINY = 10 ** (MEL_FLOOR_DB / 10)


@lru_cache(maxsize=1)
def _window() -> npt.NDArray[np.float32]:
    """Periodic Hann, scaled so that a full-scale sine in the middle of a bin has power 1 there."""
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_WINDOW_SAMPLES) / _WINDOW_SAMPLES)
    scaled: npt.NDArray[np.float32] = (hann * 2 / hann.sum()).astype(np.float32)
    return scaled


@lru_cache(maxsize=1)
def _bands() -> npt.NDArray[np.float32]:
    """float32[257, MEL_BANDS]: triangles of height 1 on the HTK mel scale."""
    filters = melscale_fbanks(
        _FFT_SAMPLES // 2 + 1, _LOWEST_HZ, _HIGHEST_HZ, MEL_BANDS, SAMPLE_RATE_HZ, norm=None, mel_scale="htk"
    )
    bands: npt.NDArray[np.float32] = filters.numpy()
    return bands


def log_mel(samples: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """float32[n] at 16 kHz -> uint8[steps, MEL_BANDS], the mean power of each whole step of 100 ms.

    dB = MEL_FLOOR_DB + MEL_STEP_DB * value. A window belongs to the step in which it begins, so a step
    also hears 15 ms of the next; a last step without them is left out.
    """
    steps = max(len(samples) - _WINDOW_SAMPLES + _HOP_SAMPLES, 0) // (_HOP_SAMPLES * _HOPS_PER_STEP)
    if steps == 0:
        return np.zeros((0, MEL_BANDS), np.uint8)
    windows = np.lib.stride_tricks.sliding_window_view(samples, _WINDOW_SAMPLES)[::_HOP_SAMPLES]
    spectrum = scipy.fft.rfft(windows[: steps * _HOPS_PER_STEP] * _window(), _FFT_SAMPLES)
    power = spectrum.real**2 + spectrum.imag**2  # [hops, 257]
    mean = power.reshape(steps, _HOPS_PER_STEP, -1).mean(axis=1)
    # float64 so that rounding to half decibels hardly ever hangs on the order of a sum
    level = 10 * np.log10(np.maximum(mean.astype(np.float64) @ _bands().astype(np.float64), _TINY))
    stored: npt.NDArray[np.uint8] = np.clip(np.rint((level - MEL_FLOOR_DB) / MEL_STEP_DB), 0, 255).astype(
        np.uint8
    )
    return stored
