"""Writes the acts of a request's caller into the audit log, in the transaction of the act."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from fastapi import Request

from cluster.contract.vocabulary import AuditAct
from cluster.stores.postgres.audit import ANYBODY, Actor
from cluster.stores.postgres.jobs import Jobs
from serve_app.access.callers import caller_of


class Tell(Protocol):
    """Adds one entry for the caller, see `Audit.add`."""

    def __call__(self, act: AuditAct, target: str, **details: Any) -> None:
        """`target`: what was acted on."""


def actor_of(request: Request) -> Actor:
    """The caller as an actor: its key, address and request id."""
    state, key = request.scope["state"], caller_of(request).key
    address, request_id = state.get("address"), state.get("request_id")
    if key is None:
        return Actor(ANYBODY, address=address, request_id=request_id)
    return Actor(key.shown, key.name, key.owner, address, request_id)


@contextmanager
def audited(request: Request, jobs: Jobs) -> Iterator[Tell]:
    """All that this thread writes to PostgreSQL in the block, and the entries that are told, are one
    transaction: both are there, or neither.
    """
    actor = actor_of(request)

    def tell(act: AuditAct, target: str, **details: Any) -> None:
        jobs.audit.add(actor, act, target, **details)

    with jobs.database.joined():
        yield tell


def is_others(request: Request, owner: str | None) -> bool:
    """Whether the caller acts on what another owner has."""
    return caller_of(request).owner != owner
