"""Presets of the owners: named settings beside the packaged presets.

A video keeps its complete settings, so that changing or deleting a preset changes no video. Knows the rows;
does not check settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from cluster.errors import ConflictError, LimitExceededError, NotFoundError
from cluster.stores.postgres.database import Database
from cluster.stores.postgres.sql_files import load_statements

_SQL = load_statements("presets.sql")

MOST = 100
"""Presets of one owner at most. No measurement; more are no help to people who choose one of a list."""


@dataclass(frozen=True, slots=True)
class Preset:
    """One row of `presets`. `settings`: what differs from the packaged preset `based_on`."""

    name: str
    based_on: str
    settings: dict[str, Any]
    created_at: datetime
    updated_at: datetime

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Preset:
        """Makes it from a row of `list_presets`."""
        return cls(**{field.name: row[field.name] for field in fields(cls)})


class Presets:
    """The table `presets`. Shares the pool of `Jobs` (as `jobs.presets`); raises UnavailableError.

    `owner`: None where no keys are used.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def list_all(self, owner: str | None) -> list[Preset]:
        """Lists the owner's presets by name."""
        return [Preset.from_row(row) for row in self._database.all(_SQL["list_presets"], _values(owner))]

    def find(self, owner: str | None, name: str) -> Preset | None:
        """Reads one; None when the owner has none of this name."""
        row = self._database.one(_SQL["get_preset"], _values(owner, name))
        return None if row is None else Preset.from_row(row)

    def put(
        self,
        owner: str | None,
        name: str,
        based_on: str,
        settings: Mapping[str, Any],
        *,
        replace: bool = True,
    ) -> Preset:
        """Makes or replaces one. LimitExceededError when the owner has MOST others; ConflictError
        `preset_exists` for a name that is taken, unless it may be replaced."""
        values = {
            **_values(owner, name),
            "based_on": based_on,
            "settings": Jsonb(dict(settings)),
            "most": MOST,
            "replace": replace,
        }
        row = self._database.one(_SQL["put_preset"], values)
        if row is None and not replace and self.find(owner, name) is not None:
            raise ConflictError(
                f"There is a preset {name!r} of yours already. Take another name, or send the request "
                "without `If-None-Match` to replace it.",
                code="preset_exists",
            )
        if row is None:
            raise LimitExceededError(f"There are {MOST} presets already; delete one that is not needed.")
        return Preset.from_row(row)

    def delete(self, owner: str | None, name: str) -> None:
        """NotFoundError when there is none of this name. Videos made with it keep their settings."""
        if not self._database.changed(_SQL["delete_preset"], _values(owner, name)):
            raise no_such_preset(name)


def no_such_preset(name: str) -> NotFoundError:
    """The error for a preset that the owner does not have."""
    return NotFoundError(f"There is no preset {name!r} of yours; `GET /presets` lists those there are.")


def _values(owner: str | None, name: str | None = None) -> dict[str, Any]:
    return {"owner": owner or "", "name": name}
