"""Answers that are given again: a request that is repeated with its Idempotency-Key does nothing a second
time.

What a request does in PostgreSQL and its answer are one transaction, so there is never one without the other.
An answer may hold a secret that is told only once. So it is sealed with the client's key, of which only a
digest is kept: who reads the table learns nothing, who repeats the request does. Knows no HTTP.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable

from cryptography.fernet import Fernet

from cluster.errors import ConflictError
from cluster.stores.postgres.database import Database
from cluster.stores.postgres.sql_files import load_statements

_SQL = load_statements("answers.sql")

KEPT_S = 86_400.0  # a client that does not know after a day whether its request came through looks it up
_FORGOTTEN_AT_ONCE = 10


class Answers:
    """Over the same pool as `Jobs` (reach it as `jobs.answers`); raises UnavailableError like it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def once(self, key: str, request: bytes, do: Callable[[], bytes]) -> bytes:
        """What `do` returns, or what it returned when this `key` came for the first time.

        `request` is everything that makes requests the same. `do` runs on this thread, in the transaction;
        what it raises undoes everything, the key included. ConflictError `idempotency_key_reused` for
        another request with a key that was used.
        """
        name, seal = _digest("name", key), Fernet(base64.urlsafe_b64encode(_digest("seal", key)))
        values = {"key": name, "request": hashlib.sha256(request).digest()}
        with self._database.joined() as connection:
            connection.execute(_SQL["forget_answers"], {"kept_s": KEPT_S, "limit": _FORGOTTEN_AT_ONCE})
            if connection.execute(_SQL["begin_answer"], values).fetchone() is None:
                earlier = connection.execute(_SQL["get_answer"], values).fetchone()
                if earlier is None:  # forgotten at this very moment
                    raise ConflictError("The Idempotency-Key is in use by a request under way; try again.")
                if bytes(earlier["request_sha256"]) != values["request"]:
                    raise ConflictError(
                        "This Idempotency-Key came with another request before; use a new one.",
                        code="idempotency_key_reused",
                    )
                return seal.decrypt(bytes(earlier["sealed"]))
            answer = do()
            connection.execute(_SQL["end_answer"], {"key": name, "sealed": seal.encrypt(answer)})
            return answer


def _digest(purpose: str, key: str) -> bytes:
    return hashlib.sha256(f"{purpose}:{key}".encode()).digest()
