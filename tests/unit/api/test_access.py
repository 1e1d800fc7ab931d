"""What access is made of: who needs a key, whose budget counts, what a signature covers."""

from __future__ import annotations

import string
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs

import pytest
from pydantic import ValidationError
from starlette.datastructures import Headers

from cluster.errors import UsageError
from cluster.local.environment import environment_of
from cluster.settings import AccessSettings, Settings
from cluster.stores.postgres.api_keys import ApiKey, ApiKeys, Scope, check_owner, id_named, id_of
from cluster.stores.postgres.database import Database
from serve_app.access.auth import KEY_KEPT_S, Authenticator, KeyCache
from serve_app.access.auth_middleware import is_open, needed_scope
from serve_app.access.rate_limits import came_by_tls, client_address
from serve_app.access.signing import Signer
from serve_app.videos.intake import client_key
from serve_app.web.cors import is_allowed

OUR_NAMES = ("localhost", "LOCALHOST:8000", "127.0.1.1:80", "[::1]:8000", "[::1]", "workstation:8000")
NAMES_OF_OTHERS = ("films.example", "evil.example:8000", "localhost.evil.example", "203.0.113.7", "")
HERE, ELSEWHERE = ("127.0.0.1", 5000), ("203.0.113.7", 5000)
VIDEO = "0123456789abcdef0123456789abcdef"
PATH = f"/videos/{VIDEO}/media"
TOKEN = f"sk_0123456789ab_{'A' * 43}"


def scope(
    client: tuple[str, int] | None = HERE,
    server: tuple[str, int] = HERE,
    host: str = "127.0.0.1:8000",
    **headers: str,
) -> dict[str, Any]:
    sent = {"host": host} | {name.replace("_", "-"): value for name, value in headers.items()}
    raw = [(name.encode(), value.encode()) for name, value in sent.items()]
    return {"type": "http", "scheme": "http", "client": client, "server": server, "headers": raw}


@pytest.mark.parametrize(
    ("required", "host", "came", "needed"),
    [
        ("auto", "127.0.0.1", scope(), False),
        ("auto", "::1", scope(("::ffff:127.0.0.1", 1)), False),
        ("auto", "localhost", scope(None), False),
        ("auto", "0.0.0.0", scope(), True),
        ("auto", "films.example", scope(), True),
        ("auto", "127.0.0.1", scope(client=ELSEWHERE), True),
        ("auto", "127.0.0.1", scope(server=ELSEWHERE), True),
        *(("auto", "127.0.0.1", scope(host=host), False) for host in OUR_NAMES),
        *(("auto", "127.0.0.1", scope(host=host), True) for host in NAMES_OF_OTHERS),
        ("auto", "127.0.0.1", scope(x_forwarded_host="films.example"), True),
        ("auto", "127.0.0.1", scope(forwarded="for=203.0.113.7"), True),
        ("auto", "127.0.0.1", scope(via="1.1 proxy"), True),
        ("always", "127.0.0.1", scope(), True),
        ("never", "0.0.0.0", scope(client=ELSEWHERE), False),
    ],
)
def test_a_key_is_needed_as_soon_as_others_can_come(
    required: str, host: str, came: dict[str, Any], needed: bool
) -> None:
    settings = Settings(http={"host": host}, access={"required": required, "hosts": ["Workstation"]})
    keys = ApiKeys(Database("postgresql://nobody@127.0.0.1:1/nothing"))

    access = Authenticator(settings, keys, Signer(lambda: (b"s" * 32,)))

    assert access.needs_key(came) is needed


@pytest.mark.parametrize(
    ("method", "path", "scope_"),
    [
        ("GET", "/videos", Scope.READ),
        ("HEAD", f"/videos/{VIDEO}/media", Scope.READ),
        ("POST", "/videos", Scope.WRITE),
        ("DELETE", f"/videos/{VIDEO}", Scope.WRITE),
        ("PUT", f"/videos/{VIDEO}/segments", Scope.WRITE),
        ("POST", "/nothing/of/this/name", Scope.WRITE),
        ("GET", "/metrics", Scope.READ),
        ("HEAD", "/uploads/0", Scope.WRITE),
        ("GET", "/keys", Scope.ADMIN),
        ("DELETE", "/keys/sk_0123456789ab", Scope.ADMIN),
        ("POST", "/session", None),
    ],
)
def test_every_call_needs_a_scope(method: str, path: str, scope_: Scope | None) -> None:
    assert needed_scope(method, path) is scope_
    assert not is_open(method, path)


def test_probes_need_no_key() -> None:
    assert is_open("GET", "/healthz")
    assert is_open("GET", "/readyz")
    assert not is_open("GET", "/healthz/more")


@pytest.mark.parametrize(
    ("client", "forwarded", "trusted", "budget"),
    [
        ("203.0.113.7", [], [], "address:203.0.113.7"),
        ("203.0.113.7", ["198.51.100.1"], [], "address:203.0.113.7"),
        ("10.0.0.2", ["198.51.100.1"], ["10.0.0.0/8"], "address:198.51.100.1"),
        ("10.0.0.2", ["6.6.6.6, 198.51.100.1, 10.1.2.3"], ["10.0.0.0/8"], "address:198.51.100.1"),
        ("10.0.0.2", ["6.6.6.6", "198.51.100.1"], ["10.0.0.0/8"], "address:198.51.100.1"),
        ("10.0.0.2", ["nonsense"], ["10.0.0.0/8"], "address:unknown"),
        ("2001:db8:1:2:3::4", [], [], "address:2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", [], [], "address:203.0.113.7"),
    ],
)
def test_whose_budget_counts(client: str, forwarded: list[str], trusted: list[str], budget: str) -> None:
    networks = AccessSettings(trusted_proxies=trusted).trusted_proxies
    headers = Headers(raw=[(b"x-forwarded-for", value.encode()) for value in forwarded])

    assert client_address(scope((client, 1)), headers, networks) == budget


def test_only_a_trusted_proxy_says_that_a_connection_is_encrypted() -> None:
    headers = Headers({"x-forwarded-proto": "https"})
    networks = AccessSettings(trusted_proxies=["127.0.0.0/8"]).trusted_proxies

    assert came_by_tls(scope(HERE), headers, networks)
    assert not came_by_tls(scope(ELSEWHERE), headers, networks)
    assert came_by_tls(scope(ELSEWHERE) | {"scheme": "https"}, Headers(), ())


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_link_opens_one_thing_for_a_while(clock: Clock) -> None:
    signer = Signer(lambda: (b"s" * 32,), clock)

    query, expires = signer.link(PATH, VIDEO, 3600)

    assert clock.now + 3600 <= expires <= clock.now + 7200
    opens = {
        (method, path, video_id): signer.opens(method, path, video_id, query.encode())
        for method in ("GET", "HEAD", "DELETE")
        for path in (PATH, f"/videos/{VIDEO}/export")
        for video_id in (VIDEO, "another")
    }
    assert {what for what, opened in opens.items() if opened} == {("GET", PATH, VIDEO), ("HEAD", PATH, VIDEO)}
    later = query.replace(str(expires), str(expires + 1))
    assert not signer.opens("GET", PATH, VIDEO, later.encode())
    for broken in (
        b"",
        b"signature=",
        query.encode() + b"x",
        b"expires=9e9&signature=\xff",
        query[:-1].encode(),
    ):
        assert not signer.opens("GET", PATH, VIDEO, broken)
    clock.now = expires
    assert not signer.opens("GET", PATH, VIDEO, query.encode())


def test_a_signature_has_one_spelling(clock: Clock) -> None:
    """The last of its 43 letters has two bits to spare, which decoding would not look at."""
    signer = Signer(lambda: (b"s" * 32,), clock)
    letters = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
    query, _ = signer.link(PATH, VIDEO, 3600)
    cookie = signer.session("0123456789ab", 3600)

    for spare in (1, 2, 3):
        link, session = (text[:-1] + letters[letters.index(text[-1]) ^ spare] for text in (query, cookie))
        assert not signer.opens("GET", PATH, VIDEO, link.encode())
        assert signer.read_session(session) is None
    assert not signer.opens("GET", PATH, VIDEO, query.replace("signature=", "signature=!").encode())
    assert signer.opens("GET", PATH, VIDEO, query.encode())
    assert signer.read_session(cookie) is not None


def test_a_link_stays_the_same_for_a_while_so_that_browsers_keep_the_image(clock: Clock) -> None:
    signer = Signer(lambda: (b"s" * 32,), clock)
    clock.now = 7200.0

    first = signer.link(PATH, VIDEO, 3600)
    clock.now += 3599

    assert signer.link(PATH, VIDEO, 3600) == first
    clock.now += 1
    assert signer.link(PATH, VIDEO, 3600) != first


def test_a_rotation_is_gentle_and_two_are_not(clock: Clock) -> None:
    secrets: list[bytes] = [b"1" * 32]
    signer, other_replica = (Signer(lambda: tuple(secrets[:2]), clock) for _ in range(2))
    old, _ = signer.link(PATH, VIDEO, 36_000)
    cookie = signer.session("0123456789ab", 36_000)
    assert other_replica.opens("GET", PATH, VIDEO, old.encode())

    secrets.insert(0, b"2" * 32)
    clock.now += 60
    new, _ = signer.link(PATH, VIDEO, 36_000)

    assert parse_qs(new)["signature"] != parse_qs(old)["signature"]
    for query in (old, new):
        assert other_replica.opens("GET", PATH, VIDEO, query.encode())
    assert other_replica.read_session(cookie)

    secrets.insert(0, b"3" * 32)
    clock.now += 60
    assert not other_replica.opens("GET", PATH, VIDEO, old.encode())
    assert other_replica.opens("GET", PATH, VIDEO, new.encode())
    assert other_replica.read_session(cookie) is None


def test_a_link_by_a_secret_this_replica_has_not_seen_yet(clock: Clock) -> None:
    secrets: list[bytes] = [b"1" * 32]
    signer, other_replica = (Signer(lambda: tuple(secrets[:2]), clock) for _ in range(2))
    other_replica.link(PATH, VIDEO, 60)  # it has loaded the first secret
    secrets.insert(0, b"2" * 32)

    query, _ = signer.link(PATH, VIDEO, 3600)
    clock.now += 2

    assert other_replica.opens("GET", PATH, VIDEO, query.encode())


def test_a_forged_link_that_has_the_secrets_asked_for_again_holds_up_nobody(clock: Clock) -> None:
    asked, answer = threading.Event(), threading.Event()

    def load() -> tuple[bytes, ...]:
        if asked.is_set():
            answer.wait(10)
        return (b"s" * 32,)

    signer = Signer(load, clock)
    query, _ = signer.link(PATH, VIDEO, 3600)
    asked.set()
    clock.now += 2

    with ThreadPoolExecutor(2) as pool:
        forged = pool.submit(signer.opens, "GET", PATH, VIDEO, query[:-1].encode())
        opened = pool.submit(signer.opens, "GET", PATH, VIDEO, query.encode())
        try:
            assert opened.result(5)
        finally:
            answer.set()
        assert not forged.result(5)


class NoKeys(ApiKeys):
    """A table without rows that counts how often it is asked."""

    asked = 0

    def get(self, key_id: str) -> ApiKey | None:
        self.asked += 1
        return None


def test_a_key_that_is_none_is_looked_for_once_in_a_while(clock: Clock) -> None:
    store = NoKeys(Database("postgresql://nobody@127.0.0.1:1/nothing"))
    known = KeyCache(store, clock)

    assert [known.get("0123456789ab") for _ in range(3)] == [None] * 3
    assert store.asked == 1
    clock.now += KEY_KEPT_S
    assert known.get("0123456789ab") is None
    assert store.asked == 2


def test_a_slow_answer_lets_a_key_in_for_no_longer(clock: Clock) -> None:
    class Slow(NoKeys):
        def get(self, key_id: str) -> ApiKey | None:
            clock.now += KEY_KEPT_S - 1
            return super().get(key_id)

    store = Slow(Database("postgresql://nobody@127.0.0.1:1/nothing"))
    known = KeyCache(store, clock)

    known.get("0123456789ab")
    clock.now += 0.9
    known.get("0123456789ab")
    assert store.asked == 1, "asked less than KEY_KEPT_S ago"
    clock.now += 0.1
    known.get("0123456789ab")
    assert store.asked == 2


def test_a_session_is_not_a_link_and_ends(clock: Clock) -> None:
    signer = Signer(lambda: (b"s" * 32,), clock)

    cookie = signer.session("0123456789ab", 60)

    claim = signer.read_session(cookie)
    assert claim is not None
    assert (claim.key_id, claim.expires) == ("0123456789ab", 1_000_060)
    for broken in ("", cookie[:-1], cookie.replace("0123", "4567"), cookie.replace("1000060", "2000060")):
        assert signer.read_session(broken) is None
    clock.now += 60
    assert signer.read_session(cookie) is None


def test_a_key_is_named_by_its_beginning() -> None:
    assert id_of(TOKEN) == "0123456789ab"
    assert [id_named(text) for text in ("sk_0123456789ab", "0123456789ab", TOKEN)] == ["0123456789ab"] * 3
    for wrong in ("", "sk_", TOKEN[:-1], TOKEN + "A", f"{TOKEN}\n"):
        assert id_of(wrong) is None
    with pytest.raises(UsageError, match="keys list"):
        id_named("the key of anna")
    for owner in ("", "an na", "a:b", "ö", "x" * 65):
        with pytest.raises(UsageError, match="owner"):
            check_owner(owner)


def test_idempotency_keys_of_two_owners_are_two() -> None:
    given = {client_key("k", owner) for owner in (None, "anna", "bert")}

    assert len(given) == 3
    assert client_key("anna:k", None) not in {client_key("k", "anna")}


def test_origins_are_allowed_by_name() -> None:
    listed = ("https://tool.example",)

    assert is_allowed("https://tool.example", listed)
    assert not is_allowed("https://tool.example.evil.test", listed)
    assert not is_allowed(None, listed)
    assert not is_allowed("https://tool.example", ())


@pytest.mark.parametrize("origin", ["https://tool.example/", "tool.example", "https://a b"])
def test_what_no_browser_would_send_is_no_origin(origin: str) -> None:
    with pytest.raises(ValidationError, match="cors_origins"):
        Settings(access={"cors_origins": [origin]})


def test_lists_survive_the_way_to_child_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(
        access={"cors_origins": ["https://a.example"], "trusted_proxies": ["10.0.0.0/8", "fd00::/8"]}
    )

    for name, value in environment_of(settings).items():
        monkeypatch.setenv(name, value)

    assert Settings().access == settings.access
