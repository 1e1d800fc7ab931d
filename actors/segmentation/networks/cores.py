"""How many processors this process may use, which cgroups and affinity masks can make fewer than there are.

Knows the operating system alone.
"""

from __future__ import annotations

import os


def usable_cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
