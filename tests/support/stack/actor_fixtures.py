"""Fixtures for tests of bridge and pool; test modules import them by name.

The stack is shared by a module, as it is meant to run on through everything a test does to it. A module
has either this one or stacks of its own: two bridges on one queue would take each other's doorbells.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.settings import Settings
from tests.support.ray.head import connected_to_ray
from tests.support.servers.private import (
    ALL_PARTS,
    SessionServers,
    empty_broker,
    empty_cache,
    fresh_mongodb_database,
    fresh_postgres_database,
)
from tests.support.stack.actors import ActorStack, actor_stack, quick_settings


@pytest.fixture(scope="module")
def ray_connection(request: pytest.FixtureRequest) -> Iterator[None]:
    """The module's tests are drivers of a private Ray head, with the module's GPUS fake GPUs (default 0)."""
    with connected_to_ray("tests", getattr(request.module, "GPUS", 0)):
        yield


@pytest.fixture(scope="module")
def settings(
    request: pytest.FixtureRequest,
    ray_connection: None,
    session_servers: SessionServers,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Settings]:
    """Real servers, databases of the module's own, short intervals; the module's ACTORS replace some."""
    actors = getattr(request.module, "ACTORS", {})
    urls = session_servers.start(ALL_PARTS).urls
    empty_broker(urls["rabbitmq"])
    empty_cache(urls["redis"])
    with (
        fresh_postgres_database(urls["postgres"]) as postgres_url,
        fresh_mongodb_database(urls["mongodb"]) as database,
    ):
        root: Path = tmp_path_factory.mktemp("actors")
        yield quick_settings({**urls, "postgres": postgres_url}, database, root, **actors)


@pytest.fixture(scope="module")
def module_stack(settings: Settings) -> Iterator[ActorStack]:
    """Bridge, pool and two segmenters with the stub analyser."""
    with actor_stack(settings) as running:
        yield running


@pytest.fixture
def stack(module_stack: ActorStack) -> ActorStack:
    """The module's stack, every process well and nothing in flight."""
    module_stack.settle()
    return module_stack


__all__ = ["module_stack", "ray_connection", "settings", "stack"]
