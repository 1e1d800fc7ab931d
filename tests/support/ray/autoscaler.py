"""A private Ray head with Ray's own autoscaler, which adds raylets on this host as nodes and takes them away.

What Ray has for this, `ray.cluster_utils.AutoscalingCluster`, ends every Ray process of the host first; here
only what was begun here is ended. Knows nothing of what runs on it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ray.autoscaler._private.fake_multi_node.node_provider import (
    FAKE_HEAD_NODE_ID,
    FAKE_HEAD_NODE_TYPE,
    FakeMultiNodeProvider,
)

from cluster.local.ports import free_port
from tests.support.ray.head import environment
from tests.support.ray.nodes import OBJECT_STORE_BYTES, SERVICE, end_with_descendants

START_TIMEOUT_S = 120.0


def _config(address: str, node: Mapping[str, float], most: int, idle_s: float) -> dict[str, Any]:
    """As for `ray up`, with nothing to install.

    The provider is Ray's own "fake_multinode"; by that name Ray looks for defaults that its wheel lacks.
    """
    installation = ("setup_commands", "head_setup_commands", "worker_setup_commands", "cluster_synced_files")
    return {
        **{name: [] for name in installation},
        "cluster_name": "test",
        "max_workers": most,
        "upscaling_speed": 1.0,
        "idle_timeout_minutes": idle_s / 60,
        "provider": {
            "type": "external",
            "module": f"{FakeMultiNodeProvider.__module__}.{FakeMultiNodeProvider.__name__}",
            "gcs_address": address,
            "head_node_id": FAKE_HEAD_NODE_ID,
            "launch_multiple": True,
        },
        "head_node_type": FAKE_HEAD_NODE_TYPE,
        "available_node_types": {
            FAKE_HEAD_NODE_TYPE: {"resources": {"CPU": 0, SERVICE: 1}, "node_config": {}, "max_workers": 0},
            "worker": {
                "resources": {**node, "object_store_memory": OBJECT_STORE_BYTES},
                "node_config": {},
                "max_workers": most,
            },
        },
    }


@contextmanager
def autoscaling_ray(node: Mapping[str, float], *, most: int, idle_s: float) -> Iterator[str]:
    """The address of a head without a core, but with the resource SERVICE.

    Up to `most` nodes, each with what `node` says, come as they are asked for, and go when they have been
    idle for `idle_s`.
    """
    root = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp"))  # short, for the sockets' sake
    address = f"127.0.0.1:{free_port()}"
    config = root / "cluster.json"
    config.write_text(json.dumps(_config(address, node, most, idle_s)))
    options = {
        "--node-ip-address": "127.0.0.1",
        "--port": address.rpartition(":")[2],
        "--num-cpus": 0,
        "--resources": json.dumps({SERVICE: 1}),
        "--autoscaling-config": config,
        "--object-store-memory": OBJECT_STORE_BYTES,
        "--include-dashboard": "false",
        "--include-log-monitor": "false",
        "--temp-dir": root / "ray",
    }
    words = [str(word) for option in options.items() for word in option]
    process = subprocess.Popen(
        [sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={
            **os.environ,
            **environment(),
            "RAY_TMPDIR": str(root),
            "RAY_FAKE_CLUSTER": "1",
            "RAY_enable_autoscaler_v2": "1",
            "RAY_CLOUD_INSTANCE_ID": FAKE_HEAD_NODE_ID,
            "AUTOSCALER_UPDATE_INTERVAL_S": "1",
        },
    )
    try:
        _await_raylet(process, root)
        yield address
    finally:
        end_with_descendants(process)
        shutil.rmtree(root, ignore_errors=True)


def _await_raylet(process: subprocess.Popen[bytes], root: Path) -> None:
    """Ray's drivers do not wait for a node's first raylet."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while not list(root.glob("ray/session_latest/sockets/raylet*")):
        assert process.poll() is None, "the private Ray head has ended"
        assert time.monotonic() < deadline, "the private Ray head did not start"
        time.sleep(0.05)
