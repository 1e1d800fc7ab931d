"""Ray and the applications under the supervisor: settings reach the replicas, and all of it comes back."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from cluster.local.ports import free_port
from cluster.local.servers import start_servers
from tests.support.servers.private import new_var_dir, remove_var_dir
from tests.support.stack.local import LocalStack, eventually

PARTS = ("redis", "media", "ray", "apps")
TINY_APPS = """
applications:
  - name: actors
    import_path: tests.support.stack.tiny_apps:ensure
    stop_import_path: tests.support.stack.tiny_apps:stop
  - name: api
    import_path: tests.support.stack.tiny_apps:build
    route_prefix: /api/v1
"""


@pytest.fixture
def stack() -> Iterator[LocalStack]:
    local = LocalStack(PARTS, http={"port": free_port()})
    local.serve_config = local.var_dir / "serve.yaml"
    local.serve_config.write_text(TINY_APPS)
    yield local
    local.remove()


def answer(stack: LocalStack) -> dict[str, Any]:
    with urllib.request.urlopen(
        f"http://127.0.0.1:{stack.settings.http.port}/api/v1/", timeout=60
    ) as response:
        found: dict[str, Any] = json.load(response)
        return found


def listening(stack: LocalStack) -> set[str]:
    """Addresses on which the stack's processes listen, Serve's own port between replicas excepted."""
    family = [stack.supervisor(), *stack.supervisor().children(recursive=True)]
    return {
        connection.laddr.ip
        for process in family
        if "ServeReplica" not in process.name() and "ServeRepli" not in process.name()
        for connection in process.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    }


def test_applications_run_on_a_ray_of_their_own_and_come_back_when_it_is_killed(stack: LocalStack) -> None:
    # given a stack with two actors wanted, and a Redis of somebody else's
    other_dir = new_var_dir()
    other = start_servers(other_dir, ("redis",))
    stack.settings = stack.settings.with_values(redis_url=other.urls["redis"])
    state = stack.up(actors=2)
    # then a replica has the stack's settings
    first = answer(stack)
    assert first["redis_url"] == state.urls["redis"]
    assert first["media_url"] == (stack.layout.media_dir).as_uri()
    assert first["var_dir"] == str(stack.layout.var_dir)
    assert first["actors"] == 2
    # and nothing listens to the network
    assert listening(stack) <= {"127.0.0.1", "::1", "::ffff:127.0.0.1"}

    # when Redis goes away and the raylet is killed, then Ray and the applications are started anew even so
    other.stop()
    remove_var_dir(other_dir)
    eventually(lambda: stack.file()["parts"]["redis"]["state"] == "unreachable", "Redis is missed")
    stack.look()
    raylet = next(p for p in stack.process("ray").children(recursive=True) if p.name() == "raylet")
    raylet.kill()
    eventually(lambda: stack.file()["parts"]["apps"]["restarts"] == 1, "the applications are started anew")
    eventually(lambda: stack.file()["parts"]["apps"]["state"] == "healthy", "they are healthy")
    second = answer(stack)
    assert second["actor_pid"] != first["actor_pid"]

    # when it is ended, then in order, and nothing is left
    assert stack.down()
    assert (stack.var_dir / "stopped").exists()
    assert stack.alive() == []
    assert stack.open_ports() == []
