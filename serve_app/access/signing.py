"""Signs and verifies texts that expire: links to one video's media and images, and session cookies.

HMAC-SHA256 (RFC 2104) with the secrets that all replicas share. A link covers method, path, expiry and video,
so it gives access to that one file until then without a key: <video src> and <img> cannot send one. Links and
sessions may be valid for a week, so their format must stay the same over an update. The package itsdangerous
could keep that format, but it decodes a signature before it compares, and so accepts several spellings of
one signature. Knows no route.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import threading
import time
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import parse_qs, urlencode

EXPIRES, SIGNATURE = "expires", "signature"

SECRETS_KEPT_S = 30.0
"""Time between two loads of the secrets. After a rotation old and new signatures are valid."""
_ASK_AGAIN_S = 1.0
"""Age from which the secrets are loaded again for a signature that does not match, because it may be
made with a newer secret. Forged signatures cause at most one load in this time."""

_NUMBER = re.compile(r"[1-9][0-9]{0,11}")
_SESSION = re.compile(r"([0-9a-f]{12})\.([1-9][0-9]{0,11})\.([A-Za-z0-9_-]{43})")

Clock = Callable[[], float]


class SessionClaim(NamedTuple):
    """Content of a session cookie: id of the key that opened it, and expiry (seconds since 1970)."""

    key_id: str
    expires: int


class Signer:
    """Signs and verifies (HMAC-SHA256). `load` gives the secrets, newest first; may raise UnavailableError.

    Blocks where `load` blocks. Thread-safe. `clock` gives seconds since 1970; tests pass their own.
    """

    def __init__(self, load: Callable[[], tuple[bytes, ...]], clock: Clock = time.time) -> None:
        self._load = load
        self._clock = clock
        self._lock = threading.Lock()
        self._secrets: tuple[bytes, ...] = ()
        self._loaded_at = float("-inf")

    def link(self, path: str, video_id: str, valid_s: float) -> tuple[str, int]:
        """The query that allows GET and HEAD of `path` (below the API's prefix), and its expiry (Unix time).

        Valid for `valid_s` to twice that: expiries are multiples of `valid_s`, so that one file keeps its
        address for a while and browsers can cache it.
        """
        step_s = max(int(valid_s), 1)
        expires = (int(self._clock()) // step_s + 2) * step_s
        signature = self._sign(_link_text(path, video_id, expires), self._current()[0])
        return urlencode({EXPIRES: expires, SIGNATURE: signature}), expires

    def opens(self, method: str, path: str, video_id: str, query: bytes) -> bool:
        """Whether `query` is the query of a link to this path and video, and has not expired."""
        given = parse_qs(query.decode("latin-1"))
        expires, signature = (given.get(name, [""])[0] for name in (EXPIRES, SIGNATURE))
        if method not in {"GET", "HEAD"} or not _NUMBER.fullmatch(expires) or int(expires) <= self._clock():
            return False
        return self._is_signed(_link_text(path, video_id, int(expires)), signature)

    def session(self, key_id: str, valid_s: float) -> str:
        """The value of a session cookie for a key, without the key's secret."""
        expires = int(self._clock() + valid_s)
        return f"{key_id}.{expires}.{self._sign(_session_text(key_id, expires), self._current()[0])}"

    def read_session(self, value: str) -> SessionClaim | None:
        """The content of a session cookie; None if the signature is wrong or it has expired."""
        match = _SESSION.fullmatch(value)
        if match is None or int(match[2]) <= self._clock():
            return None
        claim = SessionClaim(match[1], int(match[2]))
        return claim if self._is_signed(_session_text(*claim), match[3]) else None

    def _is_signed(self, text: str, signature: str) -> bool:
        if self._matches(text, signature, self._current()):
            return True
        return self._matches(text, signature, self._current(_ASK_AGAIN_S))

    def _matches(self, text: str, signature: str, secrets: tuple[bytes, ...]) -> bool:
        given = signature.encode("utf-8", "surrogatepass")
        return any(hmac.compare_digest(self._sign(text, secret).encode(), given) for secret in secrets)

    def _current(self, kept_s: float = SECRETS_KEPT_S) -> tuple[bytes, ...]:
        with self._lock:
            if self._secrets and self._clock() - self._loaded_at <= kept_s:
                return self._secrets
        asked_at = self._clock()
        secrets = self._load()  # outside the lock, so that other threads need not wait for it
        with self._lock:
            if asked_at >= self._loaded_at:
                self._secrets, self._loaded_at = secrets, asked_at
        return secrets

    @staticmethod
    def _sign(text: str, secret: bytes) -> str:
        digest = hmac.digest(secret, text.encode("utf-8", "surrogatepass"), hashlib.sha256)
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _link_text(path: str, video_id: str, expires: int) -> str:
    # The first word keeps links and sessions apart; no part but the path can hold a line break.
    return f"link\nGET\n{expires}\n{video_id}\n{path}"


def _session_text(key_id: str, expires: int) -> str:
    return f"session\n{key_id}\n{expires}"
