"""All networks of the analysis, loaded once for a process and used for every chunk.

Knows devices, number formats and threads; does not know files, nor what the probabilities are used for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import torch

from actors.segmentation.networks.cores import usable_cores
from actors.segmentation.networks.efficientnet import EfficientNetLite0, Embedding, embed
from actors.segmentation.networks.transnet import TransNetV2

if TYPE_CHECKING:
    from actors.segmentation.networks.audio import AudioNetworks

Precision = Literal["auto", "float32", "bfloat16"]
"""Number format of the convolutions, see `Models.load`."""


@dataclass(frozen=True, slots=True, repr=False)
class Models:
    """The networks that `analyse_chunk` needs. Only one analysis at a time may use them.

    device, dtype: of the convolutions of transnet and efficientnet; the audio networks stay on the CPU, in
    float32; None where the sound is not to be analysed. threads: cores to use, for the decoder, too.
    """

    device: torch.device
    dtype: torch.dtype
    threads: int
    transnet: TransNetV2
    efficientnet: EfficientNetLite0
    audio: AudioNetworks | None

    @classmethod
    def load(
        cls, device: str = "cpu", threads: int = 0, *, precision: Precision = "auto", sound: bool = True
    ) -> Models:
        """Load the weights of the installed packages; nothing is downloaded.

        `device`: "cpu" or "cuda:0". `threads`: cores to use, 0 for all that this process may use.
        `precision`: of the convolutions; "auto" takes bfloat16 where the processor or GPU computes in it
        (twice as fast; probabilities differ by some thousandths), and float32 elsewhere. `sound`: without it
        only files without sound can be analysed, and torchaudio is not needed.

        FileNotFoundError when a package is missing, RuntimeError when the device is.
        """
        where = torch.device(device)
        threads = threads or usable_cores()
        # For the whole process, half of the cores: the decoder has most to do and uses all of them, and
        # beside it torch's threads would mostly wait for each other.
        torch.set_num_threads(max(1, threads // 2))
        dtype = _dtype(precision, where)
        return cls(
            device=where,
            dtype=dtype,
            threads=threads,
            transnet=TransNetV2.pretrained(dtype=dtype).to(where),
            efficientnet=EfficientNetLite0.pretrained(dtype=dtype).to(where),
            audio=_audio_networks() if sound else None,
        )

    def __repr__(self) -> str:
        return f"Models({self.device}, {self.dtype}, threads={self.threads})"

    @property
    def gpu(self) -> int | None:
        """Number of the GPU they are on, which can decode, too; None on the CPU."""
        return (self.device.index or 0) if self.device.type == "cuda" else None

    def transitions(self, window: npt.NDArray[np.uint8]) -> npt.NDArray[np.float16]:
        """uint8 RGB [T, 27, 48, 3] -> float16 [T, 2] in 0..1: TransNetV2's two heads, for every frame.

        A batch of one: torch may compute a window with other roundings in a larger batch.
        """
        frames = torch.tensor(window)[None]
        with torch.inference_mode():
            if self.device.type == "cuda":
                frames = frames.pin_memory().to(self.device, non_blocking=True)
            probabilities: npt.NDArray[np.float16] = self.transnet(frames)[0].cpu().numpy().astype(np.float16)
        return probabilities

    def embedding(self, picture: npt.NDArray[np.uint8]) -> Embedding:
        """uint8 RGB [H, W, 3] -> EfficientNet-Lite0's features and tags."""
        return embed(self.efficientnet, picture, self.device)


def _audio_networks() -> AudioNetworks:
    # imported here: it needs torchaudio, which a PyTorch of another version may not have
    from actors.segmentation.networks.audio import AudioNetworks

    return AudioNetworks.pretrained()


def _dtype(precision: Precision, device: torch.device) -> torch.dtype:
    """The convolutions' type. Emulated bfloat16 is slower than float32, so only native support counts."""
    if precision != "auto":
        return torch.float32 if precision == "float32" else torch.bfloat16
    if device.type == "cuda":
        native = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        capabilities = torch.cpu.get_capabilities()
        native = bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
    return torch.bfloat16 if native else torch.float32
