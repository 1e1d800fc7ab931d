"""The processes that serve the API and the page in a running stack, found and killed from outside."""

from __future__ import annotations

import json
import time

import psutil

from cluster.local.layout import Layout
from tests.support.stack.whole import Stack

WAIT_S = 180.0


def replicas(stack: Stack, application: str) -> list[psutil.Process]:
    """The replicas of one Serve application (`api`, `ui`) that are alive."""
    file = json.loads(Layout.at(stack.settings.var_dir).state_file.read_text())
    supervisor = psutil.Process(file["supervisor"]["pid"])
    found = []
    for process in supervisor.children(recursive=True):
        try:
            words = process.cmdline()
        except psutil.Error:
            continue
        if words and words[0].startswith(f"ray::ServeReplica:{application}"):
            found.append(process)
    return found


def kill_replicas(stack: Stack, application: str = "api") -> int:
    """kill -9 of every replica of an application, as soon as there is one; how many it were."""
    deadline = time.monotonic() + WAIT_S
    while not (alive := replicas(stack, application)):
        assert time.monotonic() < deadline, f"no replica of {application} came back"
        time.sleep(0.1)
    for replica in alive:
        replica.kill()
    return len(alive)
