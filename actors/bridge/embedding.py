"""Gives the moments of the search index vectors of what they mean, which the fuser makes.

Looks at the queue in PostgreSQL; the fuser, and with it the model, is asked only when something waits there.
Where the server has no pgvector or the fuser no model, videos wait, and the look is repeated now and then.
Knows how vectors are asked for; not how they are stored.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future

import structlog

from actors.bridge.threads import Periodic
from actors.tasks import Outcome, Status, Task, TaskKind
from cluster.stores.postgres.jobs import Jobs
from cluster.stores.postgres.search.meanings import Vectors

INTERVAL_S = 2.0
"""Between two looks at the queue."""
LATER_S = 60.0
"""Before it is tried again where there is no extension or no model."""
_ROUND_S = 2.0
"""After so long a round ends, so that a stop of the bridge does not wait for a long queue."""
_ANSWER_S = 60.0
"""Wait for the fuser's vectors; far longer than it needs for one call on a busy machine."""

Submit = Callable[[Task], "Future[Outcome]"]

log = structlog.get_logger(__name__)


class Embedding:
    """The vectors that one bridge has made; it starts with `start`. `submit`: has the fuser do a task."""

    def __init__(self, jobs: Jobs, submit: Submit, now: Callable[[], float] = time.monotonic) -> None:
        self._meanings = jobs.meanings
        self._submit = submit
        self._now = now
        self._again_at = 0.0
        self._space: str | None = None
        self._told = ""
        self._periodic = Periodic("vectors of moments", INTERVAL_S, self.update)

    def start(self) -> None:
        """Start to look at the queue."""
        self._periodic.start()

    def stop(self, _timeout_s: float) -> bool:
        """Ends after the texts in hand; what was not stored is done again by another bridge."""
        self._periodic.stop()
        return True

    def update(self) -> bool:
        """Makes vectors for moments of the queue for some seconds; True if there may be more."""
        if self._now() < self._again_at or not self._meanings.any_due():
            return False
        if self._space is None:
            self._space = self._prepared()
        if self._space is None:
            self._again_at = self._now() + LATER_S
            return False
        ends_at = self._now() + _ROUND_S
        try:
            while self._meanings.update_next(self._space, self._vectors):
                if self._now() > ends_at:
                    return True
        except Exception:
            self._space = None  # another model, or another bridge made the table anew
            raise
        return False

    def _prepared(self) -> str | None:
        """The space of the vectors, when extension, model and table are there. The extension is looked for
        first, so that no model is loaded in vain."""
        if not self._meanings.can_be_kept():
            self._tell("the server has no pgvector that can be used")
            return None
        model = self._vectors(())
        if model is None:
            return None
        if not self._meanings.prepare(model.space, model.width):
            self._tell("pgvector is there, but may not be installed by this user")
            return None
        return model.space

    def _vectors(self, texts: Sequence[str]) -> Vectors | None:
        task = Task(TaskKind.EMBED, "search", 0, "", texts=list(texts))
        outcome = self._submit(task).result(timeout=_ANSWER_S)
        if outcome.status is not Status.DONE:
            self._again_at = self._now() + LATER_S
            self._tell(outcome.message)
            return None
        made = outcome.result
        return Vectors(made["space"], made["width"], made["vectors"])

    def _tell(self, reason: str) -> None:
        if reason != self._told:  # once, not every minute
            log.info("no search by meaning", reason=reason)
            self._told = reason
