"""Fixtures shared by all tests: real servers, private to the session. And the order of the tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from cluster.local.servers import Servers
from tests.support.distribution import InOrder, in_order
from tests.support.servers.private import (
    ALL_PARTS,
    SessionServers,
    empty_broker,
    empty_cache,
    fresh_mongodb_database,
    fresh_postgres_database,
)
from tests.support.stack.whole import Stack, running_stack

# How long an example takes is no property of the code: on a busy machine any takes too long.
settings.register_profile(
    "busy", parent=settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("busy")

# Ray runs workers at niceness 15, and beside pytest and a busy machine they get next to nothing: under load
# actors then take minutes to start. At 0 the same tests, beside two endless loops, took a third of the time.
os.environ.setdefault("RAY_worker_niceness", "0")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What waits most comes first."""
    items[:] = in_order(items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """See tests/support/distribution.py; other kinds of `--dist` are xdist's own."""
    return InOrder(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.fixture(scope="session")
def session_servers() -> Iterator[SessionServers]:
    """Starts servers as they are asked for, ends them with the session."""
    running = SessionServers()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def servers(session_servers: SessionServers) -> Servers:
    """All four servers, started together: `.urls`, `.kill(part)`, `.halt(part)`, `.restart(part)`."""
    return session_servers.start(ALL_PARTS)


@pytest.fixture
def postgres_url(session_servers: SessionServers) -> Iterator[str]:
    """PostgreSQL with a database of the test's own."""
    with fresh_postgres_database(session_servers.url("postgres")) as url:
        yield url


@pytest.fixture
def mongodb_url(session_servers: SessionServers) -> str:
    """The MongoDB server; `mongodb_database` is the test's own database there."""
    return session_servers.url("mongodb")


@pytest.fixture
def mongodb_database(mongodb_url: str) -> Iterator[str]:
    """The name of a database of the test's own."""
    with fresh_mongodb_database(mongodb_url) as name:
        yield name


@pytest.fixture
def rabbitmq_url(session_servers: SessionServers) -> str:
    """RabbitMQ without any of the application's queues."""
    url = session_servers.url("rabbitmq")
    empty_broker(url)
    return url


@pytest.fixture
def redis_url(session_servers: SessionServers) -> str:
    """An empty Redis."""
    url = session_servers.url("redis")
    empty_cache(url)
    return url


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The whole stack as `scenestream up` starts it, one for the session."""
    with running_stack() as running:
        yield running


@pytest.fixture(scope="session")
def stack_url(stack: Stack) -> str:
    """Where that stack's page and API are."""
    return stack.url
