"""Migrations, and what happens while PostgreSQL is away."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cluster.errors import UnavailableError
from cluster.stores.postgres.database import Database
from cluster.stores.postgres.jobs import Jobs
from cluster.stores.postgres.migrate import find_migrations, migrate
from tests.support.servers.private import SessionServers, fresh_postgres_database, kill_postgres
from tests.support.servers.stores import create_video, migrated_jobs, wait_until


@pytest.fixture
def database(postgres_url: str) -> Iterator[Database]:
    database = Database(postgres_url)
    database.open()
    yield database
    database.close()


def tables(database: Database) -> list[str]:
    rows = database.all(b"SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    return [row["tablename"] for row in rows]


def test_an_empty_database_is_migrated_once(database: Database) -> None:
    numbers = [migration.number for migration in find_migrations()]
    assert migrate(database) == numbers
    assert migrate(database) == []
    assert {"videos", "outbox", "uploads", "schema_migrations"} <= set(tables(database))


def test_a_server_that_is_gone_is_noticed_while_its_answer_is_awaited(database: Database) -> None:
    with database.connection() as connection:
        asked = connection.info.get_parameters()
    after_s = sum(int(asked[f"keepalives_{part}"]) for part in ("idle", "interval"))
    assert after_s < 30, "before leases run out; the system's own are two hours"


def test_processes_that_start_at_once_migrate_once(postgres_url: str) -> None:
    barrier = threading.Barrier(6)

    def start(_: int) -> list[int]:
        with Jobs(postgres_url) as jobs:
            barrier.wait()
            return jobs.migrate()

    with ThreadPoolExecutor(6) as pool:
        applied = list(pool.map(start, range(6)))
    assert sorted(applied) == [[]] * 5 + [[migration.number for migration in find_migrations()]]


def test_later_migrations_come_on_top_and_a_broken_one_changes_nothing(
    database: Database, tmp_path: Path
) -> None:
    (tmp_path / "0001_a.sql").write_text("CREATE TABLE a (x int); INSERT INTO a VALUES (1);")
    assert migrate(database, tmp_path) == [1]
    (tmp_path / "0002_b.sql").write_text("CREATE TABLE b (x int);")
    (tmp_path / "0003_broken.sql").write_text("CREATE TABLE c (x int); SELECT no_such_function();")
    with pytest.raises(Exception, match="no_such_function"):
        migrate(database, tmp_path)
    assert tables(database) == ["a", "schema_migrations"]
    (tmp_path / "0003_broken.sql").write_text("CREATE TABLE c (x int);")
    assert migrate(database, tmp_path) == [2, 3]
    assert tables(database) == ["a", "b", "c", "schema_migrations"]


@pytest.mark.parametrize(
    "names", [["0002_a.sql"], ["0001_a.sql", "0003_b.sql"], ["1_a.sql"], ["0001_a.sql", "0001_b.sql"]]
)
def test_migrations_are_numbered_without_gaps(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).touch()
    with pytest.raises(ValueError, match=r"numbered|named like"):
        find_migrations(tmp_path)


def test_without_a_server_every_call_says_so() -> None:
    with Jobs("postgresql://nobody@127.0.0.1:1/nothing", timeout_s=0.2) as jobs:
        with pytest.raises(UnavailableError, match="PostgreSQL"):
            jobs.get("x")
        with pytest.raises(UnavailableError, match="PostgreSQL"):
            jobs.migrate()


def test_a_closed_pool_says_so(postgres_url: str) -> None:
    jobs = Jobs(postgres_url).open()
    jobs.close()
    with pytest.raises(UnavailableError):
        jobs.ping()


def test_it_goes_on_by_itself_after_a_crash_of_the_server(session_servers: SessionServers) -> None:
    servers = session_servers.start(["postgres"])
    with migrated_jobs(servers.urls["postgres"], timeout_s=2.0) as jobs:
        video = create_video(jobs)
        kill_postgres(servers)
        try:
            with pytest.raises(UnavailableError):
                jobs.get(video.id)
            with pytest.raises(UnavailableError):
                create_video(jobs)
        finally:
            servers.restart("postgres")

        def answers() -> bool:
            try:
                return jobs.get(video.id) == video
            except UnavailableError:
                return False

        wait_until(answers)
        assert len(jobs.list_videos().items) == 1


def test_a_connection_killed_between_two_calls_goes_unnoticed(session_servers: SessionServers) -> None:
    with fresh_postgres_database(session_servers.url("postgres")) as url, Jobs(url) as jobs:
        jobs.migrate()
        with Jobs(session_servers.url("postgres")) as other:
            other.database.all(
                b"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %(name)s",
                {"name": url.rsplit("/", 1)[-1].split("?")[0]},
            )
        assert jobs.list_videos().items == ()
