"""`python -m tests.benchmarks.scale.uploads --gib 5`: how much memory a big upload takes, process by process.

Starts a stack of its own, uploads one file with the Python client and watches every process of the stack and
this one. Exit codes: 0 no process grew by more than ALLOWED_BYTES, 1 otherwise. The file takes its size on
the disk below /tmp (the server's copy; the client's is sparse).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from cluster.client import Client
from cluster.local.layout import Layout
from tests.support.stack.whole import Stack, running_stack

ALLOWED_BYTES = 200_000_000
SAMPLE_S = 0.1
SETTLE_S = 5.0  # replicas that have just started still grow by themselves
_MARKED_EVERY_BYTES = 64 << 20


@dataclass
class Watch:
    """Resident memory of the processes below `roots`: at first sight, and at most."""

    roots: list[psutil.Process]
    first: dict[int, int] = field(default_factory=dict)
    most: dict[int, int] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)

    def look(self) -> None:
        """Take one sample."""
        for root in self.roots:
            for process in [root, *root.children(recursive=True)]:
                try:
                    rss = process.memory_info().rss
                    if process.pid not in self.names:
                        self.names[process.pid] = (process.cmdline() or [process.name()])[0][:60]
                except psutil.Error:
                    continue
                self.first.setdefault(process.pid, rss)
                self.most[process.pid] = max(rss, self.most.get(process.pid, 0))

    def growth(self) -> list[tuple[int, str]]:
        """(bytes, process), the largest first."""
        grown = ((self.most[pid] - self.first[pid], f"{self.names[pid]} ({pid})") for pid in self.most)
        return sorted(grown, reverse=True)


def make_file(path: Path, bytes_: int) -> None:
    """A sparse file that begins like a video and has other bytes here and there."""
    chance = random.Random(bytes_)
    with path.open("wb") as file:
        file.truncate(bytes_)
        for at in range(0, bytes_, _MARKED_EVERY_BYTES):
            file.seek(at)
            file.write(chance.randbytes(min(1024, bytes_ - at)))
        file.seek(0)
        file.write(b"\x00\x00\x00\x18ftypmp42")


def uploaded(stack: Stack, film: Path) -> tuple[Watch, float]:
    """Upload, watching; what was seen, and the seconds it took."""
    state = json.loads(Layout.at(stack.settings.var_dir).state_file.read_text())
    watch = Watch([psutil.Process(state["supervisor"]["pid"]), psutil.Process(os.getpid())])
    time.sleep(SETTLE_S)
    watch.look()
    over = threading.Event()

    def keep_looking() -> None:
        while not over.wait(SAMPLE_S):
            watch.look()

    watcher = threading.Thread(target=keep_looking)
    watcher.start()
    began = time.monotonic()
    try:
        with Client(stack.url) as client:
            client.upload(film)
        return watch, time.monotonic() - began
    finally:
        over.set()
        watcher.join()


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.scale.uploads", description=__doc__)
    parser.add_argument("--gib", type=float, default=5.0, help="size of the file")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, running_stack() as stack:
        film = Path(folder, "big.mp4")
        make_file(film, int(asked.gib * (1 << 30)))
        watch, took_s = uploaded(stack, film)
    print(f"{asked.gib:g} GiB in {took_s:.1f} s, {asked.gib * 1024 / took_s:.0f} MiB/s")
    print("growth of resident memory:")
    for grown, name in watch.growth()[:8]:
        print(f"  {grown / 1e6:8.1f} MB  {name}")
    return 0 if watch.growth()[0][0] <= ALLOWED_BYTES else 1


if __name__ == "__main__":
    sys.exit(main())
