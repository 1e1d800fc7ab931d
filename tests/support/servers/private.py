"""One set of real servers a test session, each started when the first test asks for it."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pika
import psycopg
import pymongo
import pytest
import redis

from cluster.local.errors import MissingServerError
from cluster.local.layout import Layout
from cluster.local.process.spawning import wait_gone, working_in
from cluster.local.servers import Servers

ALL_PARTS = ("postgres", "mongodb", "rabbitmq", "redis")
OUR_QUEUES = ("scenestream.videos", "scenestream.videos.dead")
GONE_WAIT_S = 60.0


def new_var_dir() -> Path:
    """A var directory that PostgreSQL's user can get into when the tests run as root (pytest's cannot)."""
    path = Path(tempfile.mkdtemp(prefix="scenestream-test-", dir="/tmp"))
    path.chmod(0o711)
    return path


def remove_var_dir(path: Path) -> None:
    """Remove it, the sockets that go with it, and the data of a PostgreSQL that could not get into it."""
    data = path / "postgres"
    if data.is_symlink():
        shutil.rmtree(data.resolve().parent, ignore_errors=True)
    shutil.rmtree(Layout.at(path).socket_dir, ignore_errors=True)
    shutil.rmtree(path, ignore_errors=True)


def missing(reason: str) -> None:
    """A server that is not installed: no reason to fail on a laptop, but CI must have them all."""
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(reason)
    pytest.skip(reason)


class SessionServers:
    """The session's servers; nothing runs before `url` or `start` is called."""

    def __init__(self) -> None:
        self._servers: Servers | None = None
        self._var_dir: Path | None = None

    def start(self, parts: Iterable[str]) -> Servers:
        """The servers, with these parts running."""
        if self._servers is None:
            self._var_dir = new_var_dir()
            self._servers = Servers(self._var_dir)
        try:
            self._servers.start(parts)
        except MissingServerError as error:
            missing(error.message)
        return self._servers

    def url(self, part: str) -> str:
        """The URL of one running part."""
        return self.start([part]).urls[part]

    def stop(self) -> None:
        """End them all and remove their data."""
        if self._servers is not None:
            self._servers.stop()
        if self._var_dir is not None:
            remove_var_dir(self._var_dir)


def kill_postgres(servers: Servers) -> None:
    """kill -9 of its main process; returns when the processes that serve its connections have ended, too.

    They notice only while they wait for a request: one that has not come so far answers the next one.
    """
    servers.kill("postgres")
    left = wait_gone(working_in(servers.layout.data_dir("postgres").resolve(), "postgres"), GONE_WAIT_S)
    assert not left, f"processes of a killed PostgreSQL go on: {left}"


@contextmanager
def fresh_postgres_database(url: str) -> Iterator[str]:
    """A new, empty database; dropped afterwards even if connections were left open."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    try:
        yield urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextmanager
def fresh_mongodb_database(url: str) -> Iterator[str]:
    """The name of a database that does not exist yet; dropped afterwards."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    yield name
    with pymongo.MongoClient(url) as client:
        client.drop_database(name)


def empty_broker(url: str) -> None:
    """Delete the queues of the application, messages and all."""
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    for queue in OUR_QUEUES:
        channel.queue_delete(queue)
    connection.close()


def empty_cache(url: str) -> None:
    """Forget everything in Redis."""
    with redis.Redis.from_url(url) as client:
        client.flushall()
