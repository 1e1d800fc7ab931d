"""The stores over real servers, each with a database of its own for every test module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cluster.stores.ids import new_id
from cluster.stores.mongodb.results import Results
from cluster.stores.postgres.jobs import Jobs
from tests.support.servers.private import SessionServers, fresh_mongodb_database
from tests.support.servers.stores import MongoAddress, empty_tables, migrated_jobs


@pytest.fixture(scope="module")
def jobs_of_module(session_servers: SessionServers) -> Iterator[Jobs]:
    """Migrated once; what a test leaves in it the next one may see."""
    with migrated_jobs(session_servers.url("postgres")) as jobs:
        yield jobs


@pytest.fixture
def jobs(jobs_of_module: Jobs) -> Jobs:
    """PostgreSQL with all tables empty."""
    empty_tables(jobs_of_module)
    return jobs_of_module


@pytest.fixture(scope="module")
def mongo_address(session_servers: SessionServers) -> Iterator[MongoAddress]:
    """URL and name of the database behind `results`."""
    url = session_servers.url("mongodb")
    with fresh_mongodb_database(url) as database:
        yield MongoAddress(url, database)


@pytest.fixture(scope="module")
def results(mongo_address: MongoAddress) -> Iterator[Results]:
    """MongoDB with indexes; a test keeps apart from others by its video's id."""
    with Results(*mongo_address) as results:
        results.ensure_indexes()
        yield results


@pytest.fixture
def video_id() -> str:
    """An id no other test has."""
    return new_id()
