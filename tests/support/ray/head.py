"""Private Ray heads for the tests of the actors; each test module connects to one and leaves it again.

Each is a process of its own (this file as a script), so that other tests of the session may use Ray in their
own way in between. No dashboard; it ends when the session ends, however that happens.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import pytest
import ray
from ray._private import ray_constants

STOP_TIMEOUT_S = 120.0
LOOPBACK = "127.0.0.1"
ENVIRONMENT = {
    "RAY_AUTH_MODE": "disabled",  # a driver takes its token when ray is imported, before this head exists
    "RAY_USAGE_STATS_ENABLED": "0",
}


@lru_cache(maxsize=2)
def _head(gpus: int) -> str:
    """Start it; its address."""
    root = tempfile.mkdtemp(prefix="ray-", dir="/tmp")  # short: sockets live below it
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.ray.head", str(gpus)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, **environment(), "RAY_TMPDIR": root},
    )
    assert process.stdin is not None
    assert process.stdout is not None

    def end() -> None:
        try:
            process.communicate(timeout=STOP_TIMEOUT_S)
        finally:
            process.kill()  # nothing, where it has ended
            shutil.rmtree(root, ignore_errors=True)

    atexit.register(end)
    address = process.stdout.readline().strip()
    assert address, "the private Ray head did not start"
    return address


@contextmanager
def connected_to_ray(namespace: str, gpus: int = 0) -> Iterator[None]:
    """This process as a driver of the private head that has so many (fake) GPUs."""
    with driver_of(_head(gpus), namespace):
        yield


def environment(node_ip: str = LOOPBACK) -> dict[str, str]:
    """Of all processes of a private Ray whose nodes have such addresses."""
    # What makes Ray stay on the loopback interface on Linux, too.
    loopback = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"} if node_ip == LOOPBACK else {}
    return {**ENVIRONMENT, **loopback}


@contextmanager
def driver_of(address: str, namespace: str, node_ip: str = LOOPBACK) -> Iterator[None]:
    """This process as a driver of the private Ray at this address; `node_ip` is that of its node here."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment(node_ip).items():
            patch.setenv(name, value)
        # Read from the environment when ray is imported, which may have been long before.
        patch.setattr(ray_constants, "ENABLE_RAY_CLUSTER", node_ip != LOOPBACK)
        ray.init(
            address=address,
            namespace=namespace,
            log_to_driver=False,
            logging_level="error",
            _node_ip_address=node_ip,
        )
        try:
            yield
        finally:
            ray.shutdown()


def main(gpus: int) -> None:
    """Be the head until stdin is closed."""
    # Not `ray.init`: only here can Ray be told not to read every worker's log all the time.
    from ray.cluster_utils import Cluster

    # Ray's own words are no address.
    answers, sys.stdout = sys.stdout, sys.stderr
    temp_dir = Path(os.environ["RAY_TMPDIR"]) / "ray"
    temp_dir.mkdir()
    cluster = Cluster()
    head = cluster.add_node(
        num_cpus=2,
        num_gpus=gpus,
        object_store_memory=80 << 20,
        include_dashboard=False,
        include_log_monitor=False,
        node_ip_address=LOOPBACK,
        temp_dir=str(temp_dir),
    )
    print(head.gcs_address, file=answers, flush=True)
    sys.stdin.read()
    try:
        cluster.shutdown()
    finally:  # whoever began this may be gone
        shutil.rmtree(temp_dir.parent, ignore_errors=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
