"""Whether a GPU can decode pictures here, and with what.

NVIDIA's decoder through FFmpeg, where PyAV's build has it (its wheels do), for the formats the GPU knows;
others fall back to the processor. Frames come to main memory, as the processor's do. Knows devices; no files.
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

_KIND = "cuda"
_PROBE = "h264"  # every GPU that decodes at all decodes it


def gpu_decoder(gpu: int | None) -> HWAccel | None:
    """For the GPU of this number as this process sees them; None for none, or one that cannot decode."""
    return _decoder(gpu) if gpu is not None and _works(gpu) else None


def on_gpu(context: CodecContext) -> bool:
    """Whether this decoder has a device: not every coding has one in this build, nor every file gets one."""
    return context.is_hwaccel


def _decoder(gpu: int) -> HWAccel:
    return HWAccel(_KIND, device=str(gpu), allow_software_fallback=True)


@lru_cache
def _works(gpu: int) -> bool:
    """Asked once: without a driver every file would fail to open."""
    if _KIND not in hwdevices_available():
        log.info("gpu_decoder_missing", reason="this build of PyAV has none")
        return False
    try:
        _decoder(gpu).create(Codec(_PROBE, "r"))
    except (av.error.FFmpegError, OSError) as error:
        log.info("gpu_decoder_missing", gpu=gpu, reason=str(error))
        return False
    return True
