"""Replays the stored answer of a request that is repeated with the same Idempotency-Key.

The request's writes to PostgreSQL and its answer are one transaction, so neither exists without the other. An
answer may hold a secret that is shown only once. So it is encrypted with a key derived from the
Idempotency-Key, of which only a digest is stored: a reader of the table cannot decrypt it, the client that
repeats the request gets it. Knows no HTTP.
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

KEPT_S = 86_400.0  # a client repeats a request within a day; no measurement
_FORGOTTEN_AT_ONCE = 10  # old answers that each new one deletes, so that no cleaning job is needed


class Answers:
    """Stored answers by Idempotency-Key. Shares the pool of `Jobs` (as `jobs.answers`); raises
    UnavailableError.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def once(self, key: str, request: bytes, do: Callable[[], bytes]) -> bytes:
        """Runs `do` and stores its answer, or returns the stored answer if this `key` came before.

        `request` is the content by which two requests are the same. `do` runs on this thread, in the
        transaction; an exception from it rolls back everything, the key included. ConflictError
        `idempotency_key_reused` for a different request with a used key.
        """
        name, seal = _digest("name", key), Fernet(base64.urlsafe_b64encode(_digest("seal", key)))
        values = {"key": name, "request": hashlib.sha256(request).digest()}
        with self._database.joined() as connection:
            connection.execute(_SQL["forget_answers"], {"kept_s": KEPT_S, "limit": _FORGOTTEN_AT_ONCE})
            if connection.execute(_SQL["begin_answer"], values).fetchone() is None:
                earlier = connection.execute(_SQL["get_answer"], values).fetchone()
                if earlier is None:  # deleted as too old between the two statements
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
