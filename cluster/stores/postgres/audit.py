"""The audit log: administrative acts, by whom and from where, in the table `audit`.

An entry is added in the transaction of its act (`Database.joined`): an act whose entry cannot be written does
not happen. Entries hold ids and names, never a key, a secret or an address with one. Knows no HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Self

from psycopg.types.json import Jsonb

from cluster.contract.pages import AUDIT_PAGE_ITEMS
from cluster.contract.vocabulary import AuditAct
from cluster.stores.page import Page, check_limit, decode_cursor, page_of
from cluster.stores.postgres.database import Database
from cluster.stores.postgres.sql_files import load_statements

_SQL = load_statements("audit.sql")

ANYBODY = "anybody"
"""The actor where no key is needed: the address tells more."""
THIS_MACHINE = "this machine"
"""The actor of the command line, which has the password of the database."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. `name`: the id of a key as it is shown, ANYBODY or THIS_MACHINE. `owner`: of the key."""

    name: str
    key_name: str | None = None
    owner: str | None = None
    address: str | None = None
    request_id: str | None = None


OPERATOR = Actor(THIS_MACHINE)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One row of `audit`. `target`: what was acted on, by id or name; `details`: what else tells the act."""

    id: int
    at: datetime
    act: AuditAct
    target: str
    details: dict[str, Any]
    actor: str
    key_name: str | None
    owner: str | None
    address: str | None
    request_id: str | None

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Makes it from a row of `audit`."""
        return cls(**{item.name: row[item.name] for item in fields(cls)})


class Audit:
    """The table `audit`. Shares the pool of `Jobs` (as `jobs.audit`); raises UnavailableError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, actor: Actor, act: AuditAct, target: str, **details: Any) -> None:
        """Adds an entry; within `Database.joined`, in the transaction of the act."""
        self._database.changed(
            _SQL["add_entry"],
            {
                "act": act,
                "target": target,
                "details": Jsonb(details),
                "actor": actor.name,
                "key_name": actor.key_name,
                "owner": actor.owner,
                "address": actor.address,
                "request_id": actor.request_id,
            },
        )

    def entries(
        self,
        limit: int = AUDIT_PAGE_ITEMS,
        cursor: str | None = None,
        *,
        act: AuditAct | None = None,
        actor: str | None = None,
        at_from: datetime | None = None,
        at_to: datetime | None = None,
    ) -> Page[AuditEntry]:
        """Lists entries, newest first. `at_from` is inclusive, `at_to` exclusive; both have a time zone.

        UsageError for a limit out of range or a bad cursor.
        """
        values = {
            "before": None if cursor is None else decode_cursor(cursor, int)[0],
            "act": act,
            "actor": actor,
            "at_from": at_from,
            "at_to": at_to,
            "limit": check_limit(limit) + 1,
        }
        rows = self._database.all(_SQL["list_entries"], values)
        return page_of([AuditEntry.from_row(row) for row in rows], limit, lambda entry: (entry.id,))

    def forget_old(self, kept_s: float) -> None:
        """Deletes the entries that are older than this."""
        self._database.changed(_SQL["drop_old_entries"], {"kept_s": kept_s})
