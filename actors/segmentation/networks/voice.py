"""Silero VAD (voice activity detection): probability of speech, in frames of 32 ms.

The network of the package `silero_vad` (6.2), written anew around its weights: the package's code sets
torch's number of threads and takes the sound frame by frame, here one call takes it whole. Knows PCM of
16 kHz mono; does not know where in a video it lies; imports no PyAV.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from actors.segmentation.networks.assigning import with_weights
from actors.segmentation.networks.inputs import SAMPLE_RATE_HZ
from actors.segmentation.networks.packaged import packaged
from actors.segmentation.networks.weight_files import read_safetensors

# The published network's sizes; the weights have these shapes.
VAD_FRAME_SAMPLES = 512
VAD_FRAME_S = VAD_FRAME_SAMPLES / SAMPLE_RATE_HZ
"""32 ms: one probability for each."""
_VAD_CONTEXT_SAMPLES = 64
"""Samples of the frame before that each frame is given as well."""
_VAD_REFLECTED_SAMPLES = 64
"""Samples mirrored at a frame's end, so that the last spectrum is whole."""
_VAD_FFT_SAMPLES = 256
_VAD_FFT_BINS = _VAD_FFT_SAMPLES // 2 + 1
_VAD_STATE_SIZE = 128
"""Values of the LSTM's state."""


class VoiceDetector(nn.Module):
    """Silero VAD v6, 16 kHz: a short-time spectrum, four convolutions, an LSTM, one probability a frame."""

    def __init__(self) -> None:
        super().__init__()
        self.stft_conv = nn.Conv1d(1, 2 * _VAD_FFT_BINS, _VAD_FFT_SAMPLES, stride=128, bias=False)
        self.conv1 = nn.Conv1d(_VAD_FFT_BINS, 128, 3, padding=1)
        self.conv2 = nn.Conv1d(128, 64, 3, stride=2, padding=1)
        self.conv3 = nn.Conv1d(64, 64, 3, stride=2, padding=1)
        self.conv4 = nn.Conv1d(64, _VAD_STATE_SIZE, 3, padding=1)
        self.lstm = nn.LSTM(_VAD_STATE_SIZE, _VAD_STATE_SIZE)
        self.final_conv = nn.Conv1d(_VAD_STATE_SIZE, 1, 1)

    @classmethod
    def pretrained(cls, path: Path | None = None) -> VoiceDetector:
        """The packaged weights, on the CPU. FileNotFoundError when the package is not installed."""
        weights = read_safetensors(path or packaged("silero_vad", "data", "silero_vad_16k.safetensors"))
        for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            weights[f"lstm.{part}_l0"] = weights.pop(f"lstm_cell.{part}")
        net = with_weights(cls, weights)
        return net.eval().requires_grad_(False)

    def forward(self, samples: Tensor) -> Tensor:
        """float32[n] at 16 kHz -> float32[ceil(n / 512)] in 0..1; frame i begins at sample 512 i.

        The LSTM's state starts at zero, so the first second or so is less certain than the rest.
        """
        frames = -(-len(samples) // VAD_FRAME_SAMPLES)
        padded = functional.pad(samples, (_VAD_CONTEXT_SAMPLES, frames * VAD_FRAME_SAMPLES - len(samples)))
        windows = padded.unfold(0, VAD_FRAME_SAMPLES + _VAD_CONTEXT_SAMPLES, VAD_FRAME_SAMPLES)  # [T, 576]
        reflected = functional.pad(windows[:, None], (0, _VAD_REFLECTED_SAMPLES), mode="reflect")
        spectrum = self.stft_conv(reflected)  # [T, 258, 4]: real and imaginary parts
        x = (spectrum[:, :_VAD_FFT_BINS] ** 2 + spectrum[:, _VAD_FFT_BINS:] ** 2).sqrt()
        for conv in (self.conv1, self.conv2, self.conv3, self.conv4):
            x = functional.relu(conv(x))  # [T, 128, 4], [T, 64, 2], [T, 64, 1], [T, 128, 1]
        states, _ = self.lstm(x[:, None, :, 0])  # [T, 1, 128]
        return torch.sigmoid(self.final_conv(functional.relu(states).transpose(1, 2)))[:, 0, 0]
