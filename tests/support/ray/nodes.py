"""A private Ray cluster of several raylets on this host, whose nodes come and go as a test says.

A process of its own (this file as a script) keeps it, told by lines of JSON what to do: the test's process
stays an ordinary driver, and everything ends when that process ends. Knows nothing of what runs on it.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from cluster.local.process.spawning import send, wait_gone, with_descendants
from tests.support.ray.head import environment

SERVICE = "service"  # the resource of the head, for what is not to vanish with a node
OBJECT_STORE_BYTES = 80 << 20
END_TIMEOUT_S = 120.0
# A lost node is to be noticed within seconds; a slow answer on a crowded machine is no loss.
HEALTH_CHECKS = {
    "health_check_initial_delay_ms": 500,
    "health_check_period_ms": 500,
    "health_check_timeout_ms": 10_000,
    "health_check_failure_threshold": 3,
}


class RayCluster:
    """`address` is what drivers connect to; nodes are known by Ray's own ids."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.address = self._answer()

    def add(self, *, cpus: int, gpus: int = 0) -> str:
        """A node more, when it is part of the cluster; its id."""
        return self._ask("add", num_cpus=cpus, num_gpus=gpus)

    def kill(self, node_id: str) -> None:
        """SIGKILL to everything that makes up the node; its workers end with it."""
        self._ask("kill", node_id=node_id)

    def _ask(self, what: str, **values: Any) -> str:
        assert self._process.stdin is not None
        print(json.dumps([what, values]), file=self._process.stdin, flush=True)
        return self._answer()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        answer = self._process.stdout.readline().strip()
        assert answer, "the private Ray cluster has ended"
        return answer


@contextmanager
def ray_cluster(node_ip: str = "127.0.0.1", **health_checks: int) -> Iterator[RayCluster]:
    """A head without a core, but with the resource SERVICE, and no other node yet. `node_ip`: of this host's
    own; `health_checks`: other values than those of HEALTH_CHECKS.
    """
    # Short, for the sockets' sake; "ray" below is where Ray notes which cluster is this process's own.
    root = tempfile.mkdtemp(prefix="ray-", dir="/tmp")
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tests.support.ray.nodes",
            node_ip,
            json.dumps(HEALTH_CHECKS | health_checks),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, **environment(node_ip), "RAY_TMPDIR": root},
    )
    try:
        yield RayCluster(process)
    finally:
        process.communicate(timeout=END_TIMEOUT_S)
        shutil.rmtree(root, ignore_errors=True)


def end_with_descendants(process: subprocess.Popen[bytes]) -> None:
    """By force: a node's processes, and nodes that an autoscaler has added, may outlive what began them."""
    every = with_descendants(psutil.Process(process.pid))
    send(every, signal.SIGKILL)
    process.wait(timeout=END_TIMEOUT_S)
    assert not wait_gone(every, END_TIMEOUT_S), "processes of the private Ray are left"


def main(node_ip: str, health_checks: dict[str, int]) -> None:
    """Be the cluster until stdin is closed."""
    from ray.cluster_utils import Cluster  # after RAY_TMPDIR has been set

    # Ray's own words are none of the answers.
    answers, sys.stdout = sys.stdout, sys.stderr
    temp_dir = Path(os.environ["RAY_TMPDIR"]) / "ray"
    temp_dir.mkdir()
    common: dict[str, Any] = {
        "node_ip_address": node_ip,
        "temp_dir": str(temp_dir),
        "object_store_memory": OBJECT_STORE_BYTES,
        "include_dashboard": False,
        "include_log_monitor": False,
    }
    cluster = Cluster()
    head = cluster.add_node(num_cpus=0, resources={SERVICE: 1}, _system_config=health_checks, **common)
    print(head.gcs_address, file=answers, flush=True)
    nodes: dict[str, Any] = {}
    for line in sys.stdin:
        what, values = json.loads(line)
        if what == "add":
            node = cluster.add_node(**values, **common)
            nodes[node.node_id] = node
            print(node.node_id, file=answers, flush=True)
        else:
            cluster.remove_node(nodes.pop(values["node_id"]), allow_graceful=False)
            print("gone", file=answers, flush=True)
    cluster.shutdown()


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
