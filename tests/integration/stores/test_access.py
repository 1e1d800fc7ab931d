"""Keys, signing secrets and budgets in their stores."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from cluster.errors import NotFoundError, UsageError
from cluster.stores.ids import new_id
from cluster.stores.postgres.api_keys import Scope, id_of
from cluster.stores.postgres.jobs import Jobs
from cluster.stores.redis.cache import Cache
from cluster.stores.redis.rate_limits import RateLimits
from tests.support.servers.private import SessionServers
from tests.support.servers.stores import create_video, execute


def test_a_key_is_told_once_and_kept_as_a_hash(jobs: Jobs) -> None:
    made, token = jobs.api_keys.create("cutting room", "anna", [Scope.READ, "write"])

    key = jobs.api_keys.get(made.id)

    assert key == made
    assert key is not None
    assert id_of(token) == key.id
    assert key.opens_with(token)
    assert not key.opens_with(token[:-1] + ("A" if token[-1] != "A" else "B"))
    assert (key.name, key.owner, key.scopes, key.usable) == (
        "cutting room", "anna", {Scope.READ, Scope.WRITE}, True,
    )  # fmt: skip
    row = jobs.database.one(b"SELECT api_keys::text AS row FROM api_keys WHERE id = %(id)s", {"id": key.id})
    secret = token.split("_", 2)[2]
    assert row is not None
    assert secret not in row["row"]
    assert secret not in repr(key)


def test_what_cannot_be_a_key_is_refused(jobs: Jobs) -> None:
    wrong = (("", "anna", ["read"], None), ("a", "an na", ["read"], None), ("a", "b", ["root"], None))
    for name, owner, scopes, lifetime_s in (*wrong, ("a", "b", [], None), ("a", "b", ["read"], 0.0)):
        with pytest.raises(UsageError):
            jobs.api_keys.create(name, owner, scopes, lifetime_s)


def test_keys_end(jobs: Jobs) -> None:
    revoked, _ = jobs.api_keys.create("one", "anna", ["read"])
    expiring, _ = jobs.api_keys.create("two", "anna", ["read"], 3600.0)

    first = jobs.api_keys.revoke(revoked.id)
    again = jobs.api_keys.revoke(revoked.id)
    before = jobs.api_keys.get(expiring.id)
    execute(jobs, "UPDATE api_keys SET expires_at = now() WHERE id = %(id)s", id=expiring.id)
    after = jobs.api_keys.get(expiring.id)

    assert first.revoked_at == again.revoked_at is not None
    assert before is not None
    assert after is not None
    assert [key.usable for key in (first, before, after)] == [False, True, False]
    assert {key.id for key in jobs.api_keys.all()} >= {revoked.id, expiring.id}
    with pytest.raises(NotFoundError, match="keys list"):
        jobs.api_keys.revoke("000000000000")


def test_use_is_noted_now_and_then(jobs: Jobs) -> None:
    key, _ = jobs.api_keys.create("one", "anna", ["read"])

    jobs.api_keys.touch(key.id)
    first = jobs.api_keys.get(key.id)
    jobs.api_keys.touch(key.id)
    second = jobs.api_keys.get(key.id)
    execute(jobs, "UPDATE api_keys SET last_used_at = now() - interval '1 hour' WHERE id = %(id)s", id=key.id)
    old = jobs.api_keys.get(key.id)
    jobs.api_keys.touch(key.id)
    third = jobs.api_keys.get(key.id)

    assert first == second
    assert first is not None
    assert first.last_used_at is not None
    assert third is not None
    assert old is not None
    assert third.last_used_at is not None
    assert old.last_used_at is not None
    assert third.last_used_at > old.last_used_at


def test_processes_that_start_at_once_sign_with_one_secret(jobs: Jobs) -> None:
    with ThreadPoolExecutor(6) as pool:
        loaded = set(pool.map(lambda _: jobs.signing_secrets.load(), range(6)))

    (first,) = loaded
    assert len(first[0]) == 32
    jobs.signing_secrets.rotate()
    second = jobs.signing_secrets.load()
    jobs.signing_secrets.rotate()
    third = jobs.signing_secrets.load()
    assert second[1:] == first[:1]
    assert third[1:] == second[:1]
    assert len({*first, *second, *third}) == 3


def test_a_list_can_be_one_owners(jobs: Jobs) -> None:
    of_anna = create_video(jobs, owner="anna").id
    of_nobody = create_video(jobs).id

    assert [video.id for video in jobs.list_videos(owner="anna").items] == [of_anna]
    assert {video.id for video in jobs.list_videos().items} == {of_anna, of_nobody}
    assert (jobs.owner_of(of_anna), jobs.owner_of(of_nobody)) == ("anna", None)
    with pytest.raises(NotFoundError):
        jobs.owner_of(new_id())


@pytest.fixture(scope="module")
def cache(session_servers: SessionServers) -> Iterator[Cache]:
    with Cache(session_servers.url("redis"), prefix=new_id()) as cache:
        yield cache


def test_a_budget_is_spent_and_filled_again(cache: Cache) -> None:
    limits = RateLimits(cache)

    spent = [limits.spend("a", 3) for _ in range(4)]
    other = limits.spend("b", 3)

    assert [(one.allowed, one.left) for one in spent if one] == [(True, 2), (True, 1), (True, 0), (False, 0)]
    assert spent[-1] is not None
    assert 19_000 < spent[-1].wait_ms <= 20_000  # a third of a minute brings the next
    assert other is not None
    assert other.allowed


def test_a_budget_is_shared_by_all_who_spend_at_once(cache: Cache) -> None:
    limits = RateLimits(cache)

    with ThreadPoolExecutor(8) as pool:
        spent = list(pool.map(lambda _: limits.spend("together", 20), range(40)))

    assert sum(one.allowed for one in spent if one) == 20


def test_without_redis_nothing_is_limited() -> None:
    with Cache("redis://127.0.0.1:1/0") as nobody:
        assert RateLimits(nobody).spend("a", 1) is None
