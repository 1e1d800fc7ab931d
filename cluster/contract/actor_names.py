"""Names of the detached Ray actors, by which other processes find them. Standard library only.

All of them live in the namespace of the settings (`ray_namespace`).
"""

from __future__ import annotations

POOL_NAME = "pool"
FUSER_NAME = "fuser"
BRIDGE_NAME = "bridge"  # of the first one; the others are bridge-1, bridge-2, …
