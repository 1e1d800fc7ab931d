"""The processes that serve the API in a running stack, found and killed from outside."""

from __future__ import annotations

import json
import time

import psutil

from cluster.local.layout import Layout
from tests.support.stack.whole import Stack

WAIT_S = 180.0


def api_replicas(stack: Stack) -> list[psutil.Process]:
    """The replicas of the API that are alive."""
    file = json.loads(Layout.at(stack.settings.var_dir).state_file.read_text())
    supervisor = psutil.Process(file["supervisor"]["pid"])
    found = []
    for process in supervisor.children(recursive=True):
        try:
            words = process.cmdline()
        except psutil.Error:
            continue
        if words and words[0].startswith("ray::ServeReplica:api"):
            found.append(process)
    return found


def kill_replicas(stack: Stack) -> int:
    """kill -9 of every replica of the API, as soon as there is one; how many it were."""
    deadline = time.monotonic() + WAIT_S
    while not (replicas := api_replicas(stack)):
        assert time.monotonic() < deadline, "no replica of the API came back"
        time.sleep(0.1)
    for replica in replicas:
        replica.kill()
    return len(replicas)
