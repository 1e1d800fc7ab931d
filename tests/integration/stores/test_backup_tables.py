"""Which tables a backup has and a restore replaces: all of ours, and none of other programs."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from cluster.errors import ConflictError
from cluster.stores.checking.looking import Stores
from cluster.stores.postgres.audit import OPERATOR
from cluster.stores.postgres.jobs import Jobs
from cluster.stores.postgres.search.meanings import Vectors
from cluster.stores.postgres.search.moments import Moment
from cluster.stores.postgres.upkeep.schema import our_names
from tests.integration.stores.test_backup import Opened, back_up, bring_back
from tests.support.servers.installation import done, found, installation
from tests.support.servers.private import SessionServers, fresh_postgres_database
from tests.support.servers.stores import execute

SPACE, WIDTH = "toy 1", 4


@pytest.fixture
def opened(session_servers: SessionServers, tmp_path: Path) -> Iterator[Opened]:
    """Opens an installation that has nothing, with the media in a folder of this name."""
    with ExitStack() as stack:
        urls = session_servers.url("postgres"), session_servers.url("mongodb")
        yield lambda name: stack.enter_context(installation(*urls, tmp_path / name))


def embed(texts: Sequence[str]) -> Vectors:
    return Vectors(SPACE, WIDTH, struct.pack("<4e", 1.0, 0.0, 0.0, 0.0) * len(texts))


def make_vectors(jobs: Jobs) -> int:
    """Moments and vectors of all videos that wait for them; returns how many vectors there are."""
    while jobs.search_index.update_next(
        lambda _: [Moment("speech", 0.0, 1.0, "the budget grew", "en", 0, 0)]
    ):
        pass
    while jobs.meanings.update_next(SPACE, embed):
        pass
    (row,) = jobs.database.all(b"SELECT count(*) AS number FROM moment_meanings")
    return int(row["number"])


def test_every_table_and_function_of_the_schema_is_known_by_name(opened: Opened) -> None:
    jobs = opened("lost").jobs

    tables = jobs.database.all(
        b"SELECT tablename::text AS name FROM pg_tables WHERE schemaname = current_schema()"
    )
    functions = jobs.database.all(
        b"SELECT proname::text AS name FROM pg_proc WHERE pronamespace = current_schema()::regnamespace"
    )

    assert our_names().tables - {row["name"] for row in tables} == {"moment_meanings"}
    assert {row["name"] for row in tables} <= our_names().tables
    assert {row["name"] for row in functions} == our_names().functions


def test_vectors_are_made_anew_and_the_audit_log_comes_back(opened: Opened, tmp_path: Path) -> None:
    lost, new = opened("lost"), opened("new")
    video = done(lost)
    for stores in (lost, new):
        assert stores.jobs.meanings.prepare(SPACE, WIDTH)
    assert make_vectors(lost.jobs) == 1
    execute(lost.jobs, "INSERT INTO meaning_queue (video_id, changes) VALUES ('of-a-deleted-video', 7)")
    lost.jobs.audit.add(OPERATOR, "key_revoked", "sk_0")
    entries = lost.jobs.audit.entries().items

    made = back_up(lost, tmp_path / "backup")
    bring_back(new, tmp_path / "backup")

    assert {"moments", "moment_meanings", "meaning_queue", "search_queue"}.isdisjoint(made.tables)
    assert found(new) == set()
    assert new.jobs.audit.entries().items == entries
    new.jobs.audit.add(OPERATOR, "key_revoked", "sk_1")
    assert [one.target for one in new.jobs.audit.entries().items] == ["sk_1", "sk_0"]
    hashes = [stores.jobs.database.all(b"SELECT tracks_hash FROM revisions") for stores in (lost, new)]
    assert hashes[0] == hashes[1] == [{"tracks_hash": "t1"}]
    assert new.jobs.meanings.waiting() == 0, "its moments come first"
    assert new.jobs.meanings.prepare(SPACE, WIDTH)
    assert make_vectors(new.jobs) == 1
    assert new.jobs.get(video.id).timeline_id == video.timeline_id


def test_tables_of_other_programs_are_not_copied_and_stay(opened: Opened, tmp_path: Path) -> None:
    lost, new = opened("lost"), opened("new")
    video = done(lost)
    for stores in (lost, new):
        execute(stores.jobs, "CREATE TABLE customers (name text)")
        execute(stores.jobs, "INSERT INTO customers VALUES ('anna')")
        execute(stores.jobs, "CREATE FUNCTION theirs() RETURNS integer LANGUAGE sql AS 'SELECT 1'")

    made = back_up(lost, tmp_path / "backup")
    bring_back(new, tmp_path / "backup")

    assert "customers" not in made.tables
    assert new.jobs.database.all(b"SELECT name, theirs() AS one FROM customers") == [
        {"name": "anna", "one": 1}
    ]
    assert new.jobs.get(video.id).state == "done"


def test_a_database_of_another_program_is_refused(
    session_servers: SessionServers, opened: Opened, tmp_path: Path
) -> None:
    lost = opened("lost")
    done(lost)
    back_up(lost, tmp_path / "backup")
    with (
        fresh_postgres_database(session_servers.url("postgres")) as url,
        Jobs(url, max_connections=2) as jobs,
    ):
        execute(jobs, "CREATE TABLE audit (what text)")
        execute(jobs, "INSERT INTO audit VALUES ('theirs')")
        other: Stores = replace(opened("new"), jobs=jobs)

        with pytest.raises(ConflictError, match="another program"):
            bring_back(other, tmp_path / "backup")

        assert jobs.database.all(b"SELECT what FROM audit") == [{"what": "theirs"}]
    assert list(other.media.files()) == []
