"""Each server of the embedded default starts, answers as what it is, and is shared by the session."""

from __future__ import annotations

import os
import shutil
from urllib.parse import urlsplit

import pika
import psycopg
import pymongo
import pytest
import redis

from cluster.local.accounts import account_for, can_reach, reachable_copy
from cluster.local.servers import start_servers
from tests.support.servers.private import new_var_dir, remove_var_dir


def test_postgres_answers_in_a_database_of_its_own(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        row = connection.execute("SELECT current_database(), lower('ÄÖ')").fetchone()
    assert row is not None
    assert row[0].startswith("test_")
    assert row[1] == "äö"


def test_mongodb_keeps_a_document(mongodb_url: str, mongodb_database: str) -> None:
    with pymongo.MongoClient(mongodb_url) as client:
        client[mongodb_database].things.insert_one({"_id": 1, "name": "a"})
        assert client[mongodb_database].things.find_one({"_id": 1}) == {"_id": 1, "name": "a"}


def test_rabbitmq_carries_a_message_through_a_quorum_queue(rabbitmq_url: str) -> None:
    connection = pika.BlockingConnection(pika.URLParameters(rabbitmq_url))
    channel = connection.channel()
    channel.queue_declare("local.try", durable=True, arguments={"x-queue-type": "quorum"})
    channel.confirm_delivery()
    channel.basic_publish("", "local.try", b"ring", mandatory=True)
    _, _, body = next(channel.consume("local.try", inactivity_timeout=10))
    channel.queue_delete("local.try")
    connection.close()
    assert body == b"ring"


def test_redis_asks_for_the_password(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.set("a", "1")
        assert client.get("a") == b"1"
    where = urlsplit(redis_url)
    stranger = redis.Redis(host=str(where.hostname), port=int(where.port or 0))
    with stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
def test_postgres_runs_from_and_in_places_that_its_user_cannot_enter() -> None:
    # given a var directory below one that is closed to everybody but root, as /root is
    closed = new_var_dir()
    closed.chmod(0o700)
    var_dir = closed / "var"
    try:
        # when PostgreSQL is started there, then it runs as another user, its data linked from var
        servers = start_servers(var_dir, ("postgres",))
        with psycopg.connect(servers.urls["postgres"], autocommit=True) as connection:
            connection.execute("CREATE TABLE kept (id int)")
        data = var_dir / "postgres"
        assert data.is_symlink()
        assert data.resolve().stat().st_uid != 0
        servers.stop()
        # and finds them again
        servers = start_servers(var_dir, ("postgres",))
        with psycopg.connect(servers.urls["postgres"]) as connection:
            assert connection.execute("SELECT * FROM kept").fetchall() == []
        servers.stop()
        # and programs in such a place are copied to where it can run them
        (closed / "bin").mkdir()
        (closed / "bin" / "program").write_text("#!/bin/sh\n")
        account = account_for(data.resolve())
        assert account is not None
        copy = reachable_copy(closed, ("bin", "libs"), account, closed.name)
        assert can_reach(account, copy / "bin")
        assert (copy / "bin" / "program").read_text() == "#!/bin/sh\n"
        shutil.rmtree(copy)
    finally:
        remove_var_dir(var_dir)
        remove_var_dir(closed)
