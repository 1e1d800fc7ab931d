"""Who sent a request, and what the key allows: values that the auth middleware leaves with the request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fastapi import Request

from cluster.contract.vocabulary import SessionWay
from cluster.stores.postgres.api_keys import ApiKey, Scope

Way = Literal[SessionWay, "link"]


@dataclass(frozen=True, slots=True)
class Caller:
    """One request's caller.

    `owner` is whose the videos are that come in with this request. `way`: `open` where no key is needed,
    `link` for a signed address, which opens the one thing it names.
    """

    way: Way
    scopes: frozenset[Scope] = frozenset()
    owner: str | None = None
    key: ApiKey | None = None

    @classmethod
    def with_key(cls, key: ApiKey, way: Way) -> Caller:
        """The holder of a key."""
        return cls(way, key.scopes, key.owner, key)

    def may(self, scope: Scope) -> bool:
        """Whether the scope is granted; `admin` grants all."""
        return self.way == "open" or bool(self.scopes & {scope, Scope.ADMIN})

    @property
    def sees_all(self) -> bool:
        """Whether everybody's videos are visible, and those that came in without keys."""
        return self.may(Scope.ADMIN)

    @property
    def only_owner(self) -> str | None:
        """Whose videos a list shows; None: everybody's."""
        return None if self.sees_all else self.owner

    @property
    def budget(self) -> str | None:
        """The name of what its requests count against; None: its address's."""
        return None if self.key is None else f"key:{self.key.id}"


ANYBODY = Caller("open")


def client_id(request: Request) -> str:
    """A name for whom places are counted: a key's owner, or an address where there is no key."""
    return str(request.scope["state"]["client_id"])


def caller_of(request: Request) -> Caller:
    """Who sent this request, as `serve_app.access.auth_middleware` found out before any route ran."""
    caller = request.scope["state"]["caller"]
    assert isinstance(caller, Caller)
    return caller
