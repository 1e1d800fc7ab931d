"""`python -m cluster.local.leash VAR_DIR`: ends the servers of a var directory when its parent process dies.

A watchdog process on a pipe: the parent, which started the servers, holds the other end of this process's
standard input. The kernel closes it even for a parent that was killed, and the read below then returns.
"""

from __future__ import annotations

import signal
import sys

from cluster.local.layout import Layout
from cluster.local.process.records import belongings
from cluster.local.process.spawning import end

GRACE_S = 5.0
"""From SIGTERM to SIGKILL."""


def main(var_dir: str) -> None:
    """Block until standard input closes, then end the processes that are left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # A terminal sends Ctrl-C to this process too, which must outlive the servers.
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()
    end(belongings(Layout.at(var_dir)), GRACE_S)


if __name__ == "__main__":
    main(sys.argv[1])
