"""A connection to PostgreSQL that does not wait for an answer for ever.

A server that hangs (a stopped process, a stuck disk) keeps its sockets open, and its machine acknowledges
what is sent. So neither `statement_timeout`, which the server itself keeps, nor the kernel's timeouts end the
wait; here it ends after a time of the client's own. Knows no table and no pool.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors
from psycopg.abc import RV, PQGen
from psycopg.rows import DictRow

STATEMENT_TIMEOUT_S = 30.0
"""No statement of ours takes nearly so long: such a statement waits for a lock that is never released."""
ANSWER_WITHIN_S = STATEMENT_TIMEOUT_S + 5.0
"""Longer than the server's own limit, so that only a server that does not keep that one is given up."""
_WAIT_INTERVAL_S = 0.1  # as in psycopg: so often a signal is noticed


class BoundedConnection(psycopg.Connection[DictRow]):
    """Waits `answer_within_s` seconds for each answer (None: without limit), then closes itself.

    The statement may have been carried out or not: as after any connection that is lost.
    """

    answer_within_s: float | None = ANSWER_WITHIN_S

    def wait(self, gen: PQGen[RV], interval: float = _WAIT_INTERVAL_S, timeout: float | None = None) -> RV:
        """As in psycopg; OperationalError when the server has not answered in time."""
        limit_s = self.answer_within_s if timeout is None else timeout
        try:
            return super().wait(gen, interval, limit_s)
        except errors._WaitTimeout as error:
            self.pgconn.finish()
            raise psycopg.OperationalError(f"no answer within {limit_s:g} s") from error

    @contextmanager
    def answering_within(self, limit_s: float | None) -> Iterator[None]:
        """Another limit for the statements of the block."""
        before = self.answer_within_s
        self.answer_within_s = limit_s
        try:
            yield
        finally:
            self.answer_within_s = before
