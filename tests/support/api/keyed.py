"""An API where every request needs a key, and clients that have one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.support.api.running import Api, api_over
from tests.support.servers.private import SessionServers

PAGE = "https://tool.example"
"""The one origin whose pages may call the API."""

SESSION_S = 1000

Client = Callable[..., httpx.Client]


@pytest.fixture(scope="module")
def api(session_servers: SessionServers) -> Iterator[Api]:
    access = {"required": "always", "limits": "never", "cors_origins": [PAGE], "session_s": SESSION_S}
    with api_over(session_servers, access=access) as running:
        yield running


@pytest.fixture(scope="module")
def client(api: Api) -> Iterator[Client]:
    """A client with a key of its own: `client("anna", "read", "write")`; without an owner one without key."""
    made: list[httpx.Client] = []

    def make(owner: str | None = None, *scopes: str, token: str | None = None) -> httpx.Client:
        if owner is not None:
            _, token = api.services.jobs.api_keys.create(
                f"a key of {owner}", owner, scopes or ("read", "write")
            )
        checked = httpx.Client(
            base_url=api.url,
            headers={"Authorization": f"Bearer {token}"} if token else {},
            event_hooks={"response": [api.contract.check]},
            timeout=60.0,
            trust_env=False,
        )
        made.append(checked)
        return checked

    yield make
    for one in made:
        one.close()


@pytest.fixture(scope="module")
def anna(client: Client) -> httpx.Client:
    return client("anna")


@pytest.fixture(scope="module")
def admin(client: Client) -> httpx.Client:
    return client("operator", "admin")


def told(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]
