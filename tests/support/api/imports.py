"""An API whose imports are fetched as the bridge fetches them, from a server of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from actors.bridge.imports.importer import Importer
from actors.bridge.reporter import Reporter
from tests.support.api.running import Api, api_over
from tests.support.servers.private import SessionServers
from tests.support.servers.sources import Web, web_server
from tests.support.servers.stores import wait_until

ONLY_THIS = "127.0.0.1/32"
IMPORTS = {
    "private_networks": [ONLY_THIS],
    "s3_buckets": ["bucket"],
    "idle_timeout_s": 1.0,
    "max_tries": 2,
    "retry_first_s": 0.05,
    "retry_longest_s": 0.1,
}
LEASE = {"duration_s": 30.0, "heartbeat_s": 0.2}


@contextmanager
def importing(api: Api, **changed: Any) -> Iterator[Importer]:
    """The bridge's part that fetches, with some settings `changed`, until the block ends."""
    services = api.services
    imports = services.settings.imports.model_copy(update=changed)
    settings = services.settings.model_copy(update={"imports": imports})
    importer = Importer(settings, services.jobs, services.media, Reporter(services.cache))
    importer.start()
    try:
        yield importer
    finally:
        assert importer.stop(60.0)


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    with web_server() as running:
        yield running


@pytest.fixture(scope="module")
def quiet_api(session_servers: SessionServers) -> Iterator[Api]:
    """Nobody fetches what it takes in."""
    with api_over(session_servers, imports=IMPORTS, lease=LEASE, limits={"file_bytes": 18 << 20}) as running:
        yield running


@pytest.fixture(scope="module")
def api(quiet_api: Api) -> Iterator[Api]:
    with importing(quiet_api):
        yield quiet_api


def shown(api: Api, video_id: str) -> dict[str, Any]:
    found: dict[str, Any] = api.client.get(f"/videos/{video_id}").json()
    return found


def settled(api: Api, video_id: str) -> dict[str, Any]:
    """The video once its file is here or will never be."""

    def is_settled() -> bool:
        video = shown(api, video_id)
        return "fetch" not in video["progress"] or video["state"] == "failed"

    wait_until(is_settled)
    return shown(api, video_id)
