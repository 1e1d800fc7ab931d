"""The local stack: servers, Ray and the applications as child processes of one supervisor, with data in var/.

Commands use `up`, `down` and `status`; tests use `cluster.local.servers.start_servers`.
"""

from __future__ import annotations

from cluster.local.errors import LocalStackError, MissingServerError
from cluster.local.stack import PartStatus, StackState, down, status, up

__all__ = ["LocalStackError", "MissingServerError", "PartStatus", "StackState", "down", "status", "up"]
