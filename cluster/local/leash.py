"""`python -m cluster.local.leash VAR_DIR`: waits until standard input closes, then ends that stack's servers.

Whoever started servers holds the other end, and the kernel closes it for a process that was killed.
"""

from __future__ import annotations

import signal
import sys

from cluster.local.layout import Layout
from cluster.local.process.records import belongings
from cluster.local.process.spawning import end

GRACE_S = 5.0


def main(var_dir: str) -> None:
    """Wait, then end what is left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # a terminal's Ctrl-C must not end the watch before the watched
    sys.stdin.buffer.read()
    end(belongings(Layout.at(var_dir)), GRACE_S)


if __name__ == "__main__":
    main(sys.argv[1])
