"""The embedded default: real servers, Ray and the applications as supervised child processes in var/.

`up`, `down` and `status` are all that commands need; `cluster.local.servers.start_servers` is for tests.
"""

from __future__ import annotations

from cluster.local.errors import LocalStackError, MissingServerError
from cluster.local.stack import PartStatus, StackState, down, status, up

__all__ = ["LocalStackError", "MissingServerError", "PartStatus", "StackState", "down", "status", "up"]
