"""Measures the log-mel spectrum of 16 kHz sound in steps of 100 ms: a coarse picture of the timbre.

Knows samples only; does not know what is compared with it.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional
from torchaudio.functional import melscale_fbanks

from actors.segmentation.sound.resampling import SAMPLE_RATE_HZ
from actors.segmentation.tracks import MEL_BANDS, MEL_FLOOR_DB, MEL_STEP_DB

_WINDOW_SAMPLES = 400
"""25 ms: short enough for a vowel, long enough for a low voice."""
_HOP_SAMPLES = 160
"""10 ms from one window to the next."""
_FFT_SAMPLES = 512
"""The next power of two."""
_HOPS_PER_STEP = 10
"""Windows that are averaged in a step of 100 ms."""
_LOWEST_HZ = 50.0
"""Lower edge of the bands: below it there is hum and rumble."""
_HIGHEST_HZ = 8000.0
"""Upper edge: half the sample rate."""
_TINY = 10 ** (MEL_FLOOR_DB / 10)
"""Power of the lowest level that can be stored."""


@lru_cache(maxsize=1)
def _window() -> Tensor:
    """Periodic Hann, scaled so that a full-scale sine in the middle of a bin has power 1 there."""
    hann = torch.hann_window(_WINDOW_SAMPLES, dtype=torch.float64)
    return (hann * 2 / hann.sum()).float()


@lru_cache(maxsize=1)
def _bands() -> Tensor:
    """float64[MEL_BANDS, 257]: triangles of height 1 on the HTK mel scale."""
    filters: Tensor = melscale_fbanks(
        _FFT_SAMPLES // 2 + 1, _LOWEST_HZ, _HIGHEST_HZ, MEL_BANDS, SAMPLE_RATE_HZ, norm=None, mel_scale="htk"
    )
    return filters.T.double()


@torch.inference_mode()
def log_mel(samples: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """float32[n] at 16 kHz -> uint8[steps, MEL_BANDS], the mean power of each whole step of 100 ms.

    dB = MEL_FLOOR_DB + MEL_STEP_DB * value. A window belongs to the step in which it begins, so a step
    also hears 15 ms of the next; a last step without them is left out.
    """
    steps = max(len(samples) - _WINDOW_SAMPLES + _HOP_SAMPLES, 0) // (_HOP_SAMPLES * _HOPS_PER_STEP)
    if steps == 0:
        return np.zeros((0, MEL_BANDS), np.uint8)
    windows = torch.from_numpy(samples).unfold(0, _WINDOW_SAMPLES, _HOP_SAMPLES)[: steps * _HOPS_PER_STEP]
    spectrum = torch.view_as_real(torch.fft.rfft(windows * _window(), _FFT_SAMPLES))
    parts = spectrum.square_().view(steps, _HOPS_PER_STEP, -1).sum(dim=1)
    power = parts.view(steps, -1, 2).sum(dim=2) / _HOPS_PER_STEP
    # float64 so that rounding to half decibels hardly ever hangs on the order of a sum
    level = functional.linear(power.double(), _bands()).clamp_min_(_TINY).log10_() * 10
    stored: npt.NDArray[np.uint8] = (
        ((level - MEL_FLOOR_DB) / MEL_STEP_DB).round_().clamp_(0, 255).to(torch.uint8).numpy()
    )
    return stored
