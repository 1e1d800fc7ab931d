"""Authenticates a request by an API key, by a session that a key opened, or by a signed link.

Keys are cached for KEY_KEPT_S. So the many requests of one page read PostgreSQL once, and a revoked key stops
working within seconds. When the cached key is too old and PostgreSQL does not answer, the request is refused
with 503. Knows no route and no rate limit.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

from cachetools import TLRUCache
from starlette.datastructures import Headers
from starlette.types import Scope as AsgiScope

from cluster.settings import Enforcement, Settings, is_loopback
from cluster.stores.postgres.api_keys import ApiKey, ApiKeys, id_of
from serve_app.access.callers import Caller
from serve_app.access.signing import Signer
from serve_app.web.problems import Problem

SESSION_COOKIE = "scenestream_session"
KEY_KEPT_S = 3.0
"""Age up to which a key is used from the cache: the longest time that a revoked key still works."""
_KEYS_KEPT = 4096
"""Entries of the cache. Unknown key ids take entries as well, so the number is bounded."""
_LINKED = re.compile(
    r"/videos/([^/]+)/(?:media|thumbnails/[0-9]+\.webp"
    r"|clips/[0-9a-f]{32}/(?:archive|files/[A-Za-z0-9][A-Za-z0-9._-]*))"
)
_PORT = re.compile(r":[0-9]*$")
_OF_PROXIES = ("forwarded", "via")
_BEARER = re.compile(r"bearer +([\x21-\x7e]+)", re.IGNORECASE)

_HOW = (
    "Send an API key as `Authorization: Bearer sk_…`; `scenestream keys create NAME` makes one. The command "
    "line takes it from SCENESTREAM_API_KEY."
)


class _Lookup(NamedTuple):
    """Result of one look-up of a key id in PostgreSQL, begun at `asked_at_s` (of the cache's clock)."""

    asked_at_s: float
    key: ApiKey | None


class KeyCache:
    """TTL cache of API keys by id. Entries live KEY_KEPT_S; ids without a key are cached as well."""

    def __init__(self, store: ApiKeys, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        # A TTLCache would count the age from when the answer is kept. This counts from when PostgreSQL was
        # asked, so that a slow answer does not let a revoked key in for longer.
        self._known: TLRUCache[str, _Lookup, float] = TLRUCache(
            _KEYS_KEPT, lambda _id, seen, _now: seen.asked_at_s + KEY_KEPT_S, timer=clock
        )

    def peek(self, key_id: str) -> ApiKey | None:
        """The cached key, or None where none is cached. Does not block."""
        seen = self._seen(key_id)
        return None if seen is None else seen.key

    def get(self, key_id: str) -> ApiKey | None:
        """The key, read from PostgreSQL where it is not cached; a read of a usable key records its use.

        None: no such key. Raises UnavailableError when PostgreSQL does not answer.
        """
        seen = self._seen(key_id)
        if seen is not None:
            return seen.key
        asked_at_s = self._clock()
        key = self._store.get(key_id)
        if key is not None and key.usable:
            self._store.touch(key_id)
        with self._lock:
            self._known[key_id] = _Lookup(asked_at_s, key)
        return key

    def _seen(self, key_id: str) -> _Lookup | None:
        with self._lock:
            return self._known.get(key_id)


class Authenticator:
    """Finds the caller of a request. `identify` may block on PostgreSQL."""

    def __init__(self, settings: Settings, keys: ApiKeys, signer: Signer) -> None:
        self._settings = settings
        self._hosts = {host.lower() for host in settings.access.hosts}
        self.keys = KeyCache(keys)
        self.signer = signer

    def needs_key(self, scope: AsgiScope) -> bool:
        """Whether this request needs a key."""
        return self.applies(self._settings.access.required, scope)

    def applies(self, when: Enforcement, scope: AsgiScope) -> bool:
        """Whether a rule applies to this request; `auto` exempts requests that come from this machine.

        Three things are checked, because none is enough alone. The configured host: where something else than
        `scenestream up` starts Serve, it may listen at other addresses than the settings say. The addresses
        of the connection: with DNS rebinding, a page of another site reaches this machine under a name of
        its own. Proxy headers: a proxy on this machine forwards requests of strangers.
        """
        if when != "auto":
            return when == "always"
        if not self._settings.http.on_loopback:
            return True
        ends = (scope.get("client"), scope.get("server"))
        if any(end is not None and not is_loopback(str(end[0])) for end in ends):
            return True
        headers = Headers(scope=scope)
        if any(name in _OF_PROXIES or name.startswith("x-forwarded-") for name in headers):
            return True
        host = _PORT.sub("", headers.get("host", "")).strip("[]").lower()
        return not (is_loopback(host) or host in self._hosts)

    def known(self, headers: Mapping[str, str]) -> bool:
        """Whether the key in the request's headers is cached, so that PostgreSQL need not be read."""
        key_id = id_of(_bearer(headers) or "")
        return key_id is not None and self.keys.peek(key_id) is not None

    def identify(
        self, method: str, path: str, query: bytes, headers: Mapping[str, str], cookie: str
    ) -> Caller:
        """The caller behind a request that needs a key; `path` is below the API's prefix.

        Tried in this order: the key of the `Authorization` header, which then decides alone; the signature of
        a link; the session cookie. The cookie comes last, because a page that stays open for long has a valid
        session when its links have expired.
        Raises Problem `unauthorized` when none of them is valid, UnavailableError when PostgreSQL is needed
        and does not answer.
        """
        if headers.get("authorization"):
            return Caller.with_key(self._key_of(headers), "bearer")
        linked = _LINKED.fullmatch(path)
        is_link = linked is not None and b"signature=" in query
        if linked and is_link and self.signer.opens(method, path, linked[1], query):
            return Caller("link")
        if cookie:
            return Caller.with_key(self._key_of_session(cookie), "session")
        if is_link:
            raise unauthorized("This link has ended or was changed. Ask for a new one.")
        raise unauthorized(_HOW)

    def still_good(self, caller: Caller) -> bool:
        """Whether the key of an authenticated caller is still valid. Blocks like `identify`."""
        if caller.key is None:
            return True
        key = self.keys.get(caller.key.id)
        return key is not None and key.usable

    def _key_of(self, headers: Mapping[str, str]) -> ApiKey:
        token = _bearer(headers)
        if token is None:
            raise unauthorized(_HOW)
        key_id = id_of(token)
        key = None if key_id is None else self.keys.get(key_id)
        if key is None or not key.opens_with(token):
            raise unauthorized(f"This key is not known here. {_HOW}", wrong=True)
        return _checked(key)

    def _key_of_session(self, cookie: str) -> ApiKey:
        claim = self.signer.read_session(cookie)
        key = None if claim is None else self.keys.get(claim.key_id)
        if key is None:
            raise unauthorized("The session has ended. Sign in with your key again.", wrong=True)
        return _checked(key)


def unauthorized(detail: str, *, wrong: bool = False) -> Problem:
    """The 401 for a request without a valid key (RFC 6750, section 3). `wrong`: a key was sent."""
    challenge = 'Bearer realm="scenestream"' + (', error="invalid_token"' if wrong else "")
    return Problem("unauthorized", detail, headers={"WWW-Authenticate": challenge})


def _checked(key: ApiKey) -> ApiKey:
    if key.revoked_at is not None:
        raise unauthorized("This key was revoked. Ask for a new one.", wrong=True)
    if key.expired:
        raise unauthorized("This key has expired. Ask for a new one.", wrong=True)
    return key


def _bearer(headers: Mapping[str, str]) -> str | None:
    match = _BEARER.fullmatch(headers.get("authorization", "").strip())
    return match[1] if match else None
