"""`up`, `down` and `status` on a stack of two small servers."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psutil
import pymongo
import pytest
import redis

from cluster.errors import ConflictError
from cluster.local import LocalStackError, status
from cluster.local.errors import StackBusyError
from cluster.local.ports import free_port
from cluster.local.process.spawning import is_alive
from cluster.local.servers import start_servers
from tests.support.servers.private import new_var_dir, remove_var_dir
from tests.support.stack.local import LocalStack, eventually


@pytest.fixture
def stack() -> Iterator[LocalStack]:
    local = LocalStack(http={"port": free_port()})
    yield local
    local.remove()


def test_a_stack_comes_up_says_how_it_is_and_goes_without_a_trace(stack: LocalStack) -> None:
    # given a stack that was started
    state = stack.up()
    assert not state.already_running
    with pymongo.MongoClient(state.urls["mongodb"]) as client:
        client.kept.things.insert_one({"_id": 1})
    with redis.Redis.from_url(state.urls["redis"]) as cache:
        assert cache.ping()

    # then status has a healthy line for each part, and shows no password
    lines = status(stack.settings)
    assert {line.name: line.health for line in lines} == dict.fromkeys(stack.parts, "healthy")
    assert all("@" not in line.address for line in lines)
    assert len(stack.seen) == 3

    # when it is asked for a second time, then the first is found, and it is said
    stack.said.clear()
    again = stack.up()
    assert again.already_running
    assert again.urls == state.urls
    assert stack.said[-1] == f"Scenestream already runs at {state.api_url}"
    with pytest.raises(ConflictError, match="already runs at"):
        stack.up(port=free_port())

    # when it is ended, then no process and no port is left, and nothing remains to be ended
    assert stack.down()
    assert stack.alive() == []
    assert stack.open_ports() == []
    assert not stack.down()
    assert {line.health for line in status(stack.settings)} == {"stopped"}

    # when it is started again, then on the same ports with the data of before
    state = stack.up()
    assert state.urls == again.urls
    with pymongo.MongoClient(state.urls["mongodb"]) as client:
        assert client.kept.things.count_documents({}) == 1


def test_of_two_who_start_it_at_once_one_wins_and_both_get_it(stack: LocalStack) -> None:
    with ThreadPoolExecutor(2) as pool:
        states = list(pool.map(lambda _: stack.up(), range(2)))
    assert sorted(state.already_running for state in states) == [False, True]
    assert states[0].urls == states[1].urls
    marked = [
        p for p in psutil.process_iter() if "redis-server" in p.name() and p.ppid() == stack.supervisor().pid
    ]
    assert len(marked) == 1


def test_a_part_with_a_url_is_not_started_and_shown_as_external(stack: LocalStack) -> None:
    # given a Redis of somebody else's
    other_dir = new_var_dir()
    other = start_servers(other_dir, ("redis",))
    try:
        stack.settings = stack.settings.with_values(redis_url=other.urls["redis"])
        # when the stack is started with its URL
        state = stack.up()
        # then nothing local is started for it, and it is shown with its health
        assert state.urls["redis"] == other.urls["redis"]
        assert "redis" not in {child.name() for child in stack.supervisor().children()}
        assert stack.file()["parts"]["redis"]["pid"] is None
        line = next(line for line in status(stack.settings) if line.name == "redis")
        assert line.health == "healthy"
        assert line.detail.startswith("external, Redis")
        # and ending the stack leaves it alone
        stack.down()
        with redis.Redis.from_url(other.urls["redis"]) as cache:
            assert cache.ping()
        line = next(line for line in status(stack.settings) if line.name == "redis")
        assert line.health == "healthy"
    finally:
        other.stop()
        remove_var_dir(other_dir)
    line = next(line for line in status(stack.settings) if line.name == "redis")
    assert line.health == "unreachable"


def test_a_taken_http_port_is_refused_with_what_to_do(stack: LocalStack) -> None:
    with socket.create_server(("127.0.0.1", stack.settings.http.port)):
        stack.parts = ("redis", "apps")
        with pytest.raises(LocalStackError, match=rf"Port {stack.settings.http.port} .*taken.*--port"):
            stack.up()
    assert stack.file()["phase"] == "failed"
    assert stack.alive() == []


def test_a_remembered_port_that_somebody_took_is_replaced(stack: LocalStack) -> None:
    first = stack.up().urls
    stack.down()
    taken = int(first["redis"].rpartition(":")[2].partition("/")[0])
    with socket.create_server(("127.0.0.1", taken)):
        second = stack.up().urls
    assert second["redis"] != first["redis"]
    assert second["mongodb"] == first["mongodb"]


def test_a_part_that_cannot_start_is_named_with_the_end_of_its_log(stack: LocalStack) -> None:
    # given a file where nx-27017 wants to make its database
    stack.layout.create()
    folder = stack.layout.data_dir("mongodb") / "nx"
    folder.parent.mkdir()
    folder.write_text("in the way")
    # when the stack is started, then it says so and nothing runs
    with pytest.raises(LocalStackError, match="mongodb"):
        stack.up()
    assert stack.open_ports() == []
    assert "stopped" in {line.health for line in status(stack.settings)}


def test_servers_of_a_running_stack_are_not_started_twice(stack: LocalStack) -> None:
    stack.up()
    with pytest.raises(StackBusyError):
        start_servers(stack.var_dir, ("redis",))


def test_servers_of_a_killed_test_run_end_by_themselves(stack: LocalStack) -> None:
    # given servers that belong to a process
    program = (
        "import sys, time\nfrom cluster.local.servers import start_servers\n"
        f"servers = start_servers({str(stack.var_dir)!r}, ('redis',))\n"
        "print(servers.urls['redis'], file=sys.stderr, flush=True)\ntime.sleep(600)"
    )
    owner = subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE, text=True)
    assert owner.stderr is not None
    with owner, redis.Redis.from_url(owner.stderr.readline().strip()) as cache:
        server = psutil.Process(int(cache.info("server")["process_id"]))
        # when it is killed
        owner.kill()
        # then they end, too
        eventually(lambda: not is_alive(server), "the server ended")
