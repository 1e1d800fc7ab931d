"""API keys in PostgreSQL: owner, scopes and expiry of each, with a digest of the key and never the key
itself.

A key is `sk_<id>_<secret>`: the id finds the row and is shown to people, the secret is 256 random bits. Only
the SHA-256 of the whole is stored. A slow password hash would add nothing, because 256 random bits cannot be
guessed, and would slow every request. Knows no HTTP.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

import structlog

from cluster.contract.access import MAX_KEY_NAME_CHARS
from cluster.errors import NotFoundError, UsageError
from cluster.stores.postgres.database import Database
from cluster.stores.postgres.sql_files import load_statements

_log = structlog.get_logger(__name__)

_SQL = load_statements("api_keys.sql")

PREFIX = "sk_"
_ID_BYTES = 6
_SECRET_BYTES = 32
_TOKEN = re.compile(r"sk_([0-9a-f]{12})_[A-Za-z0-9_-]{43}")
_NAMED = re.compile(r"(?:sk_)?([0-9a-f]{12})(?:_[A-Za-z0-9_-]*)?")
# No colon and no space: owners become components of keys in the stores, and words in lists on a terminal.
_OWNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")
# Between two writes of the time a key was used last: a minute's precision, without a write for every request.
_TOUCH_INTERVAL_S = 60.0


class Scope(StrEnum):
    """Permissions of a key. `admin` includes the others; `write` does not include `read`."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One row of `api_keys`. Times are aware datetimes by PostgreSQL's clock, as is `expired`."""

    id: str
    name: str
    owner: str
    scopes: frozenset[Scope]
    token_sha256: bytes = field(repr=False)
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None
    expired: bool

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> ApiKey:
        """Makes it from a row of `api_keys` with the column `expired`."""
        values = {item.name: row[item.name] for item in fields(cls)}
        values["scopes"] = frozenset(Scope(scope) for scope in row["scopes"])
        values["token_sha256"] = bytes(row["token_sha256"])
        return cls(**values)

    @property
    def shown(self) -> str:
        """The part of the key that may be shown: it names the key and gives no access."""
        return PREFIX + self.id

    @property
    def usable(self) -> bool:
        """Whether the key is neither revoked nor expired."""
        return self.revoked_at is None and not self.expired

    def opens_with(self, token: str) -> bool:
        """Whether `token` is this key; compares in constant time."""
        return hmac.compare_digest(self.token_sha256, _digest(token))


def id_of(token: str) -> str | None:
    """The id inside a whole key; None for a text that is not a key."""
    match = _TOKEN.fullmatch(token)
    return match[1] if match else None


def id_named(text: str) -> str:
    """The id in a person's input: the listed id, with or without prefix, or a whole key. UsageError
    otherwise.
    """
    match = _NAMED.fullmatch(text.strip())
    if match is None:
        raise UsageError("A key is named as `scenestream keys list` shows it, such as sk_0123456789ab.")
    return match[1]


class ApiKeys:
    """The table `api_keys`. Shares the pool of `Jobs` (as `jobs.api_keys`); raises UnavailableError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self, name: str, owner: str, scopes: Iterable[Scope | str], lifetime_s: float | None = None
    ) -> tuple[ApiKey, str]:
        """Makes a key; its text is returned only here. UsageError names a wrong value."""
        values = {
            "name": _check_name(name),
            "owner": check_owner(owner),
            "scopes": _check_scopes(scopes),
            "lifetime_s": _check_lifetime(lifetime_s),
        }
        row = None
        while row is None:  # an id that is taken, one of 2^48, gives no row
            key_id = secrets.token_hex(_ID_BYTES)
            token = f"{PREFIX}{key_id}_{secrets.token_urlsafe(_SECRET_BYTES)}"
            row = self._database.one(
                _SQL["insert_key"], {**values, "id": key_id, "token_sha256": _digest(token)}
            )
        _log.info("api key created", key=PREFIX + key_id, owner=owner)
        return ApiKey.from_row(row), token

    def get(self, key_id: str) -> ApiKey | None:
        """Reads a key, usable or not; None if there is none."""
        row = self._database.one(_SQL["get_key"], {"id": key_id})
        return None if row is None else ApiKey.from_row(row)

    def all(self) -> list[ApiKey]:
        """Lists all keys, with revoked and expired ones, newest first."""
        return [ApiKey.from_row(row) for row in self._database.all(_SQL["list_keys"])]

    def any_usable(self) -> bool:
        """Whether there is a key that is neither revoked nor expired."""
        row = self._database.one(_SQL["usable_keys"], {})
        return row is not None and row["number"] > 0

    def revoke(self, key_id: str) -> ApiKey:
        """Revokes a key from now on; repeating it is fine. NotFoundError if there is none."""
        row = self._database.one(_SQL["revoke_key"], {"id": key_id})
        if row is None:
            raise NotFoundError(f"There is no key {PREFIX}{key_id}; `scenestream keys list` shows them.")
        _log.info("api key revoked", key=PREFIX + key_id)
        return ApiKey.from_row(row)

    def touch(self, key_id: str) -> None:
        """Stores the time of use; writes at most once in _TOUCH_INTERVAL_S."""
        self._database.changed(_SQL["touch_key"], {"id": key_id, "interval_s": _TOUCH_INTERVAL_S})


def check_owner(owner: str) -> str:
    """Returns `owner` if it is in the form of an owner's name; UsageError otherwise."""
    if not _OWNER.fullmatch(owner):
        raise UsageError("An owner has 1 to 64 letters, digits and . _ @ + -, such as anna or team-a.")
    return owner


def told_of(key: ApiKey) -> dict[str, Any]:
    """What the audit log tells of a key that is made or revoked."""
    return {"name": key.name, "owner": key.owner, "scopes": sorted(key.scopes)}


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _check_name(name: str) -> str:
    if not 1 <= len(name) <= MAX_KEY_NAME_CHARS or not name.isprintable():
        raise UsageError(f"A key's name has 1 to {MAX_KEY_NAME_CHARS} printable characters.")
    return name


def _check_scopes(scopes: Iterable[Scope | str]) -> list[str]:
    try:
        chosen = sorted({str(Scope(scope)) for scope in scopes})
    except ValueError:
        chosen = []
    if not chosen:
        raise UsageError(f"A key has one or more of the scopes {', '.join(Scope)}.")
    return chosen


def _check_lifetime(lifetime_s: float | None) -> float | None:
    longest_s = 100 * 365.25 * 86_400
    if lifetime_s is not None and not 0 < lifetime_s <= longest_s:
        raise UsageError("A key expires after more than no time and less than a hundred years.")
    return lifetime_s
