"""Rate limits over HTTP, and an API that needs no key."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.support.api.running import Api, api_over
from tests.support.servers.private import SessionServers

READS, WRITES = 5, 2


@pytest.fixture(scope="module")
def api(session_servers: SessionServers) -> Iterator[Api]:
    access = {
        "required": "never",
        "limits": "always",
        "reads_per_minute": READS,
        "writes_per_minute": WRITES,
        "trusted_proxies": ["127.0.0.0/8"],
    }
    with api_over(session_servers, access=access) as running:
        yield running


def behind(address: str) -> dict[str, str]:
    return {"X-Forwarded-For": address}


def test_who_asks_too_often_is_told_when_to_come_again(api: Api) -> None:
    answers = [api.client.get("/videos", headers=behind("198.51.100.1")) for _ in range(READS + 1)]
    write = api.client.post("/videos", json={"url": "ftp://x"}, headers=behind("198.51.100.1"))
    other = api.client.get("/videos", headers=behind("198.51.100.2"))

    assert [answer.status_code for answer in answers] == [200] * READS + [429]
    assert answers[-1].json()["code"] == "rate_limited"
    assert 0 < int(answers[-1].headers["retry-after"]) <= 60 / READS
    left = [answer.headers["ratelimit"].split(";")[1] for answer in answers]
    assert left == [f"r={n}" for n in (4, 3, 2, 1, 0, 0)]
    assert answers[0].headers["ratelimit-policy"] == f'"reads";q={READS};w=60'
    assert write.status_code == 422
    assert write.headers["ratelimit"].startswith(f'"writes";r={WRITES - 1};')
    assert other.status_code == 200


def test_a_batch_counts_as_so_many_writes_as_it_has_items(api: Api) -> None:
    def send(items: int, address: str) -> httpx.Response:
        body = {"items": [{"url": "ftp://x"}] * items}
        return api.client.post("/videos:batch", json=body, headers=behind(address))

    small = [send(1, "198.51.100.4").status_code for _ in range(WRITES + 1)]
    large = [send(1000, "198.51.100.5") for _ in range(2)]

    assert small == [200] * WRITES + [429]
    assert [answer.status_code for answer in large] == [200, 429], "all there is, but not more"
    assert 0 < int(large[1].headers["retry-after"]) <= 60


def test_probes_are_not_limited(api: Api) -> None:
    answers = [api.client.get("/healthz", headers=behind("198.51.100.3")) for _ in range(READS + 3)]

    assert {answer.status_code for answer in answers} == {200}
    assert "ratelimit" not in answers[0].headers


def test_keys_have_budgets_of_their_own_and_guesses_cost_the_guesser(
    session_servers: SessionServers,
) -> None:
    limits = {
        "required": "always",
        "limits": "always",
        "reads_per_minute": READS,
        "writes_per_minute": WRITES,
    }
    with api_over(session_servers, access=limits) as api:
        tokens = [api.services.jobs.api_keys.create("k", "anna", ["read"])[1] for _ in range(2)]

        def ask(token: str) -> int:
            return api.client.get("/videos", headers={"Authorization": f"Bearer {token}"}).status_code

        first = [ask(tokens[0]) for _ in range(READS + 1)]
        second = ask(tokens[1])
        guesses = [ask(f"sk_0123456789ab_{n:043d}") for n in range(READS)]

    assert first == [200] * READS + [429]
    assert second == 200
    assert guesses == [401] * (READS - 2) + [429] * 2  # the look-ups of the two good keys counted, too


def test_without_redis_nothing_is_limited(session_servers: SessionServers) -> None:
    limits = {"limits": "always", "reads_per_minute": 1}
    with api_over(session_servers, access=limits, redis_url="redis://127.0.0.1:1/0") as api:
        answers = [api.client.get("/videos") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200] * 3


def test_without_keys_all_is_as_it_was_and_none_can_be_made(session_servers: SessionServers) -> None:
    with api_over(session_servers) as api:
        of_anna = api.make(owner="anna")
        created = api.client.post("/videos", files={"file": ("film.mp4", b"film")})
        session = api.client.post("/session")
        refused = api.client.post("/keys", json={"name": "k", "owner": "me", "scopes": ["admin"]})
        links = api.client.get(f"/videos/{of_anna}/links")

        assert api.client.get(f"/videos/{of_anna}").status_code == 200
        assert created.status_code == 202
        assert "ratelimit" not in created.headers
        assert api.services.jobs.owner_of(created.json()["id"]) is None
        assert (session.json(), "set-cookie" in session.headers) == ({"way": "open", "key": None}, False)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
        assert api.client.get(links.json()["media"].removeprefix("/api/v1")).status_code == 200
