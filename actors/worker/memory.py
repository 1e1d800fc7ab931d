"""Memory that this process uses, of the machine and of its GPU. Knows no actor; does not import torch."""

from __future__ import annotations

import sys

import psutil


def usage() -> dict[str, int | None]:
    """`rss_bytes` of the process, and `gpu_bytes` reserved by torch; None where no GPU is in use.

    Asks torch only where it is imported already and has initialised CUDA: importing it takes seconds, and
    `torch.cuda` initialises a context of some hundred MB on the device when it is first asked.
    """
    cuda = getattr(sys.modules.get("torch"), "cuda", None)
    reserved = int(cuda.memory_reserved()) if cuda is not None and cuda.is_initialized() else None
    return {"rss_bytes": psutil.Process().memory_info().rss, "gpu_bytes": reserved}
