"""How many processor cores this process may use; imports the standard library alone."""

from __future__ import annotations

import os


def usable_cores() -> int:
    """Cores in this process's affinity mask, which containers and Ray may restrict; all cores on macOS."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
