"""Memory that this process uses, of the machine and of its GPU, and how much more a task may take.

Knows no actor; does not import torch.
"""

from __future__ import annotations

import ctypes
import os
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

SHARE = 0.8
"""Of the machine's memory, what all segmenters together may take for their tasks. The rest is for stores,
page, bridges and the file cache."""
LEAST_BYTES = 3 << 30
"""A task may take so much on any machine. A chunk of 8192 x 4320 takes 1.2 GiB with two threads, one of
4K 0.4 GiB; FFmpeg's index of as many samples as are allowed (`claims.MOST_ENTRIES`) 1.6 GB."""
_STATUS = Path("/proc/self/status")
_GROUP_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
"""Where Linux tells how much memory a container may take: control groups of version 2 and 1."""


def usage() -> dict[str, int | None]:
    """`rss_bytes` of the process, and `gpu_bytes` reserved by torch; None where no GPU is in use.

    Asks torch only where it is imported already and has initialised CUDA: importing it takes seconds, and
    `torch.cuda` initialises a context of some hundred MB on the device when it is first asked.
    """
    cuda = getattr(sys.modules.get("torch"), "cuda", None)
    reserved = int(cuda.memory_reserved()) if cuda is not None and cuda.is_initialized() else None
    return {"rss_bytes": psutil.Process().memory_info().rss, "gpu_bytes": reserved}


def give_back() -> None:
    """Give memory that was freed back to the system: the C library keeps most of what a model leaves behind.
    Without effect where there is no glibc."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


def share_bytes(threads: int) -> int:
    """What a task of a segmenter with so many threads may take: memory is divided as the cores are."""
    cores = os.cpu_count() or 1
    return max(LEAST_BYTES, int(SHARE * _machine_bytes() * min(threads, cores) / cores))


@contextmanager
def bounded(most_bytes: int) -> Iterator[None]:
    """Let the whole process allocate at most `most_bytes` more until the block ends.

    Beyond it allocations fail: MemoryError in Python, ENOMEM in FFmpeg; a library that cannot cope ends the
    process. Nobody else is affected, which is the purpose: otherwise the kernel would choose what to end.
    Memory of GPUs and shared memory do not count. Without effect where the system does not tell what a
    process has allocated (macOS).
    """
    allocated = _allocated_bytes()
    if allocated is None:
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = allocated + most_bytes
    resource.setrlimit(resource.RLIMIT_DATA, (min(wanted, *_limits(soft, hard)), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


@contextmanager
def unbounded() -> Iterator[None]:
    """Within `bounded`: what is allocated in this block does not count for the task.

    For networks that are loaded with the first task that needs them: their size is the operator's choice and
    says nothing about the file.
    """
    before = _allocated_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if before is None or soft == resource.RLIM_INFINITY:
        yield
        return
    resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))
    try:
        yield
    finally:
        wanted = soft + max(0, (_allocated_bytes() or before) - before)
        resource.setrlimit(resource.RLIMIT_DATA, (min(wanted, *_limits(hard)), hard))


def _limits(*limits: int) -> list[int]:
    """Those that are none, which Python gives as -1, as a number that is larger than all."""
    return [sys.maxsize if limit == resource.RLIM_INFINITY else limit for limit in limits]


def _allocated_bytes() -> int | None:
    """What counts for RLIMIT_DATA; None where the system does not tell."""
    if not _STATUS.exists():
        return None
    fields = dict(line.split(":", 1) for line in _STATUS.read_text().splitlines() if ":" in line)
    return 1024 * int(fields["VmData"].split()[0]) if "VmData" in fields else None


def _machine_bytes() -> int:
    """Memory of the machine, or of the container that this process is in."""
    known = [psutil.virtual_memory().total]
    for path in _GROUP_LIMITS:
        text = path.read_text().strip() if path.exists() else "max"
        if text.isdecimal():
            known.append(int(text))
    return min(known)
