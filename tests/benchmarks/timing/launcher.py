"""Runs one command and writes what it cost as JSON: `launcher.py OUT.json TIMEOUT_S COMMAND…`.

A process of its own because a child's peak memory is never below that of the process it was forked from, and
a benchmark that holds networks is large. Knows processes; does not know what they do.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil

SAMPLE_S = 0.5
"""Rare, so that looking costs the command nothing that could be measured."""
RSS_UNIT_BYTES = 1 if sys.platform == "darwin" else 1024
"""getrusage(2): kilobytes on Linux, bytes on macOS."""


class Watch(threading.Thread):
    """Samples the memory of a process and its children together; ends the group when its time is up."""

    def __init__(self, pid: int, timeout_s: float) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self._end = time.monotonic() + timeout_s
        self._ended = threading.Event()
        self.peak_bytes = 0
        self.timed_out = False

    def run(self) -> None:
        """Until told to stop."""
        while not self._ended.wait(SAMPLE_S):
            self.peak_bytes = max(self.peak_bytes, _rss_bytes(self._pid))
            if time.monotonic() > self._end:
                self.timed_out = True
                os.killpg(self._pid, signal.SIGKILL)
                return

    def stop(self) -> None:
        """And wait until it has."""
        self._ended.set()
        self.join()


def _rss_bytes(pid: int) -> int:
    total = 0
    try:
        root = psutil.Process(pid)
        family = [root, *root.children(recursive=True)]
    except psutil.Error:
        return 0
    for process in family:
        try:
            total += process.memory_info().rss
        except psutil.Error:
            continue  # it has just ended
    return total


def main() -> int:
    """Exit code 0 whatever the command's was; that stands in the file."""
    out, timeout_s, command = Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    start = time.perf_counter()
    running = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    watch = Watch(running.pid, timeout_s)
    watch.start()
    try:
        _, status, used = os.wait4(running.pid, 0)
    except BaseException:  # whoever interrupts us means the command too
        os.killpg(running.pid, signal.SIGKILL)
        raise
    wall_s = time.perf_counter() - start
    running.returncode = os.waitstatus_to_exitcode(status)
    watch.stop()
    cost = {
        "wall_s": wall_s,
        "cpu_s": used.ru_utime + used.ru_stime,
        # the largest single process, as the kernel saw it, or all together, as sampled
        "peak_rss_bytes": max(used.ru_maxrss * RSS_UNIT_BYTES, watch.peak_bytes),
        "exit_code": running.returncode,
        "timed_out": watch.timed_out,
    }
    out.write_text(json.dumps(cost), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
