"""The caller of a request and the rights of the key: values that AuthMiddleware stores in the request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fastapi import Request

from cluster.contract.vocabulary import SessionWay
from cluster.stores.postgres.api_keys import ApiKey, Scope
from serve_app.web.problems import Problem

Way = Literal[SessionWay, "link"]


@dataclass(frozen=True, slots=True)
class Caller:
    """One request's caller.

    `owner`: owner of the videos that this request creates. `way`: how it was authenticated; `open` where no
    key is needed, `link` for a signed address, which allows reading only what it names.
    """

    way: Way
    scopes: frozenset[Scope] = frozenset()
    owner: str | None = None
    key: ApiKey | None = None

    @classmethod
    def with_key(cls, key: ApiKey, way: Way) -> Caller:
        """The caller that sent this key."""
        return cls(way, key.scopes, key.owner, key)

    def may(self, scope: Scope) -> bool:
        """Whether the scope is granted; `admin` grants all."""
        return self.way == "open" or bool(self.scopes & {scope, Scope.ADMIN})

    @property
    def sees_all(self) -> bool:
        """Whether the caller sees the videos of all owners, and videos without an owner."""
        return self.may(Scope.ADMIN)

    @property
    def only_owner(self) -> str | None:
        """The owner whose videos a list is limited to; None: no limit."""
        return None if self.sees_all else self.owner

    @property
    def budget(self) -> str | None:
        """Name of the rate limit for its key; None: its requests count against its address."""
        return None if self.key is None else f"key:{self.key.id}"


ANYBODY = Caller("open")


def client_id(request: Request) -> str:
    """The client's identity for concurrency limits: the key's owner, or the address where there is no key."""
    return str(request.scope["state"]["client_id"])


def caller_of(request: Request) -> Caller:
    """The caller, which `serve_app.access.auth_middleware` stored before any route ran."""
    caller = request.scope["state"]["caller"]
    assert isinstance(caller, Caller)
    return caller


def require_key(request: Request) -> None:
    """Refuse a caller without a key, also where the API needs none. Raises Problem `forbidden`.

    Otherwise anybody could make a key there, and it would stay valid when the API is set to need keys.
    """
    if caller_of(request).key is None:
        raise Problem(
            "forbidden",
            "This needs a key with the scope `admin`, or `scenestream keys` and `scenestream audit`.",
        )
