"""What this process holds of the machine's memory and of its GPU's. Knows no actor."""

from __future__ import annotations

import sys

import psutil


def measured() -> dict[str, int | None]:
    """`rss_bytes`, and `gpu_bytes` that torch has reserved; None where no GPU is in use.

    Looks at torch only where it is loaded already and has begun to use CUDA: asking would load it, or claim
    some hundred MB of the device.
    """
    cuda = getattr(sys.modules.get("torch"), "cuda", None)
    reserved = int(cuda.memory_reserved()) if cuda is not None and cuda.is_initialized() else None
    return {"rss_bytes": psutil.Process().memory_info().rss, "gpu_bytes": reserved}
