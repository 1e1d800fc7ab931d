"""Hardware decoding: whether a GPU can decode here, and the PyAV object that makes FFmpeg do it.

NVIDIA's decoder (NVDEC) through FFmpeg's device type "cuda", which PyAV's wheels contain. Codecs that the GPU
does not know fall back to the processor. FFmpeg copies frames to main memory, so that they are used like the
processor's. Knows devices; no files and no streams; imports no torch.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import av.error
import structlog
from av.codec.codec import Codec
from av.codec.hwaccel import HWAccel, hwdevices_available

if TYPE_CHECKING:
    from av.codec.context import CodecContext

log = structlog.get_logger(__name__)

_DEVICE_TYPE = "cuda"
"""FFmpeg's name of the device type. The only one: the networks run on CUDA devices, too."""
_PROBE_CODEC = "h264"
"""Codec with which a device is tried: every GPU with NVDEC decodes it."""


def gpu_decoder(gpu: int | None) -> HWAccel | None:
    """The hardware decoder of a GPU, numbered as this process sees them; None when none works."""
    return _decoder(gpu) if gpu is not None and _works(gpu) else None


def on_gpu(context: CodecContext) -> bool:
    """Whether this decoder uses a device; FFmpeg falls back silently for codecs that the device lacks."""
    return context.is_hwaccel


def _decoder(gpu: int) -> HWAccel:
    return HWAccel(_DEVICE_TYPE, device=str(gpu), allow_software_fallback=True)


@lru_cache
def _works(gpu: int) -> bool:
    """Whether a decoder can be made on the device; tried once, as every file would fail without a driver."""
    if _DEVICE_TYPE not in hwdevices_available():
        log.info("gpu_decoder_missing", reason="this build of PyAV has none")
        return False
    try:
        _decoder(gpu).create(Codec(_PROBE_CODEC, "r"))
    except (av.error.FFmpegError, OSError) as error:
        log.info("gpu_decoder_missing", gpu=gpu, reason=str(error))
        return False
    return True
