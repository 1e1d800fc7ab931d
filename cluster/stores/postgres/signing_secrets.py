"""Secrets for signing links and sessions, shared by all replicas through PostgreSQL.

Two are valid at a time: the newest one signs, and the one before it still verifies. So a rotation leaves
fresh signatures valid, and a second rotation ends them. Does not know the signed content.
"""

from __future__ import annotations

import secrets

import structlog

from cluster.stores.postgres.database import Database
from cluster.stores.postgres.sql_files import load_statements

_log = structlog.get_logger(__name__)

_SQL = load_statements("signing_secrets.sql")
_SECRET_BYTES = 32  # as long as the digest of HMAC-SHA256: longer ones add nothing (RFC 2104, section 3)


class SigningSecrets:
    """The table of signing secrets. Shares the pool of `Jobs` (as `jobs.signing_secrets`); raises
    UnavailableError.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self) -> tuple[bytes, ...]:
        """Reads one or two secrets of 32 bytes, the newest first; makes the first one if there is none."""
        found = self._newest()
        if not found:
            self._add(1)
            found = self._newest()
        return tuple(secret for _, secret in found)

    def rotate(self) -> None:
        """Makes a new secret that signs from now on; signatures by the one before the last become invalid."""
        newest = max((number for number, _ in self._newest()), default=0)
        self._add(newest + 1)
        self._database.changed(_SQL["drop_old_secrets"], {"number": newest + 1})
        _log.info("signing secret rotated", number=newest + 1)

    def _newest(self) -> list[tuple[int, bytes]]:
        return [(row["number"], bytes(row["secret"])) for row in self._database.all(_SQL["newest_secrets"])]

    def _add(self, number: int) -> None:
        self._database.changed(
            _SQL["add_secret"], {"number": number, "secret": secrets.token_bytes(_SECRET_BYTES)}
        )
