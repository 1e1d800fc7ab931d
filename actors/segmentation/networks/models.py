"""The networks of the analysis, loaded once per process and used for every chunk.

Knows devices, number formats and threads; not files and not what the probabilities are used for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch

from actors.segmentation.networks.cores import usable_cores
from actors.segmentation.networks.embed import EfficientNetLite0, Embedding, embed
from actors.segmentation.networks.listeners import Listeners
from actors.segmentation.networks.transnet import TransNetV2

Precision = Literal["auto", "float32", "bfloat16"]


@dataclass(frozen=True, slots=True, repr=False)
class Models:
    """Everything that `analyse_chunk` needs. One analysis at a time uses them."""

    device: torch.device
    dtype: torch.dtype
    threads: int
    transnet: TransNetV2
    efficientnet: EfficientNetLite0
    listeners: Listeners

    @classmethod
    def load(cls, device: str = "cpu", threads: int = 0, *, precision: Precision = "auto") -> Models:
        """Weights from the installed packages, nothing over the network.

        `device`: "cpu" or "cuda:0". `threads`: cores to use, 0 for all that this process may use. The
        decoder, which has most to do, gets as many threads; torch, in this whole process, half as many: its
        threads only wait for each other while the decoder is at work. `precision` is that of the
        convolutions: "auto" takes bfloat16 where the processor or GPU computes in it (twice as fast;
        probabilities move by some thousandths) and float32 elsewhere. Raises FileNotFoundError when a
        package is missing and RuntimeError when the device is.
        """
        where = torch.device(device)
        threads = threads or usable_cores()
        torch.set_num_threads(max(1, threads // 2))
        dtype = _dtype(precision, where)
        return cls(
            device=where,
            dtype=dtype,
            threads=threads,
            transnet=TransNetV2.pretrained(dtype=dtype).to(where),
            efficientnet=EfficientNetLite0.pretrained(dtype=dtype).to(where),
            listeners=Listeners.pretrained(),
        )

    def __repr__(self) -> str:
        return f"Models({self.device}, {self.dtype}, threads={self.threads})"

    @property
    def gpu(self) -> int | None:
        """The number of the GPU they are on, which can decode, too; None on the processor."""
        return (self.device.index or 0) if self.device.type == "cuda" else None

    def transitions(self, window: npt.NDArray[np.uint8]) -> npt.NDArray[np.float16]:
        """uint8 RGB [T, 27, 48, 3] -> float16 [T, 2]: TransNetV2's two probabilities of every frame.

        Always a batch of one, so that a window's bits do not depend on its neighbours.
        """
        frames = torch.tensor(window)[None]
        with torch.inference_mode():
            if self.device.type == "cuda":
                frames = frames.pin_memory().to(self.device, non_blocking=True)
            probabilities: npt.NDArray[np.float16] = self.transnet(frames)[0].cpu().numpy().astype(np.float16)
        return probabilities

    def embedding(self, picture: npt.NDArray[np.uint8]) -> Embedding:
        """uint8 RGB [H, W, 3] -> features and tags."""
        return embed(self.efficientnet, picture, self.device)


def _dtype(precision: Precision, device: torch.device) -> torch.dtype:
    if precision != "auto":
        return torch.float32 if precision == "float32" else torch.bfloat16
    if device.type == "cuda":
        native = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        capabilities = torch.cpu.get_capabilities()
        native = bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
    return torch.bfloat16 if native else torch.float32
