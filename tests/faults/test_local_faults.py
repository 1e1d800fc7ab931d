"""The local stack against kill -9: of each server, of the supervisor, of a pid file that lies."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pika
import psutil
import psycopg
import pymongo
import pytest
import redis

from cluster.local import MissingServerError, status
from cluster.local.parts.postgres import Postgres
from cluster.local.parts.rabbitmq import RabbitMQ
from cluster.local.ports import PortBook
from tests.support.servers.private import missing
from tests.support.stack.local import LocalStack, eventually

SERVERS = ("postgres", "mongodb", "rabbitmq", "redis")


@pytest.fixture(scope="module")
def servers_stack() -> Iterator[LocalStack]:
    """All four servers under one supervisor, each holding something."""
    stack = LocalStack(SERVERS)
    stack.layout.create()
    ports = PortBook(stack.layout.ports_file)
    try:
        for kind in (Postgres, RabbitMQ):
            kind(stack.layout, ports).prepare()
    except MissingServerError as error:
        missing(error.message)
    urls = stack.up().urls
    with psycopg.connect(urls["postgres"], autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (id int); INSERT INTO kept VALUES (1)")
    with pymongo.MongoClient(urls["mongodb"]) as client:
        client.kept.things.insert_one({"_id": 1})
    with contextlib.closing(pika.BlockingConnection(pika.URLParameters(urls["rabbitmq"]))) as connection:
        channel = connection.channel()
        channel.queue_declare("kept", durable=True, arguments={"x-queue-type": "quorum"})
        channel.confirm_delivery()
        channel.basic_publish("", "kept", b"1", pika.BasicProperties(delivery_mode=2))
    yield stack
    stack.remove()


def holds(part: str, url: str) -> bool:
    """Whether the server still has what the fixture put there (Redis: answers; it keeps nothing)."""
    if part == "postgres":
        with psycopg.connect(url) as connection:
            return connection.execute("SELECT id FROM kept").fetchall() == [(1,)]
    if part == "mongodb":
        with pymongo.MongoClient(url) as client:
            return bool(client.kept.things.count_documents({}) == 1)
    if part == "rabbitmq":
        with contextlib.closing(pika.BlockingConnection(pika.URLParameters(url))) as connection:
            method, _, body = connection.channel().basic_get("kept")
            return method is not None and body == b"1"
    with redis.Redis.from_url(url) as cache:
        return bool(cache.ping())


@pytest.mark.parametrize("part", SERVERS)
def test_a_killed_server_comes_back_at_the_same_url_with_its_data(
    servers_stack: LocalStack, part: str
) -> None:
    victim = servers_stack.process(part)
    restarts = servers_stack.file()["parts"][part]["restarts"]
    # when its main process is killed
    victim.kill()
    # then the supervisor starts it again, and says so
    eventually(
        lambda: (
            (found := servers_stack.file()["parts"][part])["restarts"] > restarts
            and found["state"] == "healthy"
        ),
        f"{part} is healthy again",
    )
    assert servers_stack.process(part).pid != victim.pid
    assert holds(part, servers_stack.file()["urls"][part])
    line = next(line for line in status(servers_stack.settings) if line.name == part)
    assert "restarted" in line.detail


def test_the_erlang_machine_below_the_start_script_is_watched_too(servers_stack: LocalStack) -> None:
    script = servers_stack.process("rabbitmq")
    restarts = servers_stack.file()["parts"]["rabbitmq"]["restarts"]
    machine = next(child for child in script.children(recursive=True) if child.name() == "beam.smp")
    machine.kill()
    eventually(
        lambda: (
            (found := servers_stack.file()["parts"]["rabbitmq"])["restarts"] > restarts
            and found["state"] == "healthy"
        ),
        "rabbitmq is healthy again",
    )
    assert holds("rabbitmq", servers_stack.file()["urls"]["rabbitmq"])


def test_after_a_killed_supervisor_up_ends_the_orphans_and_starts_anew(servers_stack: LocalStack) -> None:
    # given a stack whose supervisor was killed, so that its servers are orphans
    servers_stack.look()
    orphans = set(servers_stack.seen)
    supervisor = servers_stack.supervisor()
    supervisor.kill()
    eventually(lambda: not psutil.pid_exists(supervisor.pid) or supervisor.status() == "zombie", "it is dead")
    assert len(servers_stack.alive()) >= len(SERVERS)
    assert {line.health for line in status(servers_stack.settings) if line.name in SERVERS} == {"unwatched"}
    # when the stack is started again
    state = servers_stack.up()
    # then none of the old processes lives, and the new ones have the data
    assert not state.already_running
    assert [identity for identity in orphans if identity.process() is not None] == []
    assert [part for part in SERVERS if not holds(part, state.urls[part])] == []


def test_a_lock_file_with_the_pid_of_somebody_else_is_no_obstacle(servers_stack: LocalStack) -> None:
    # given a stack that ended and a postmaster.pid that names a living process of PostgreSQL's user
    owner = servers_stack.layout.data_dir("postgres").resolve().stat().st_uid
    servers_stack.down()
    assert servers_stack.alive() == []
    assert servers_stack.open_ports() == []
    with subprocess.Popen(["sleep", "600"], user=owner if os.geteuid() == 0 else None) as somebody:
        lines = [somebody.pid, servers_stack.layout.data_dir("postgres").resolve(), 0, 5432, "", "", "", ""]
        lock = servers_stack.layout.data_dir("postgres") / "postmaster.pid"
        lock.write_text("\n".join(str(line) for line in lines))
        os.chown(lock, owner, -1)
        # when it is started, then it runs
        urls = servers_stack.up().urls
        somebody.kill()
    assert holds("postgres", urls["postgres"])


def test_a_killed_up_leaves_a_stack_that_the_next_up_finds() -> None:
    stack = LocalStack()
    try:
        program = (
            "from cluster.local import up\nfrom cluster.settings import Settings\n"
            f"up(Settings(var_dir={str(stack.var_dir)!r}), parts={stack.parts!r})"
        )
        with subprocess.Popen([sys.executable, "-c", program]) as command:
            eventually(stack.file, "the supervisor has begun")
            command.send_signal(signal.SIGKILL)
        assert stack.up().already_running
        stack.supervisor().kill()
        assert stack.down()
        assert stack.alive() == []
        assert stack.open_ports() == []
    finally:
        stack.remove()
