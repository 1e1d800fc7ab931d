"""The claim loop of words.

PostgreSQL is asked for work at regular intervals, at every doorbell and whenever the words of a video are
done. What was done without a speech model is queued again when there is one. Knows the work and its
bounds; not how it is done.
"""

from __future__ import annotations

from collections.abc import Callable

from actors.bridge.claiming import ClaimLoop
from actors.bridge.threads import LivenessGuard
from actors.bridge.words.work import WordsWork
from cluster.stores.postgres.words.job import TranscriptJob
from cluster.stores.postgres.words.transcripts import Transcripts
from cluster.work_settings import LeaseSettings

MOST_AT_ONCE = 8
"""Transcripts in hand of one bridge; their tasks take turns in the pool with everything else there. No
measurement; enough to keep a pool busy at night."""


class WordsDesk(ClaimLoop[TranscriptJob, bool, WordsWork]):
    """`keeper`: connections that do not wait for the work. `has_model`: whether there is a speech model."""

    def __init__(
        self,
        begin: Callable[[TranscriptJob], WordsWork],
        keeper: Transcripts,
        owner: str,
        lease: LeaseSettings,
        guard: LivenessGuard,
        has_model: Callable[[], bool],
    ) -> None:
        def claim(_room: bool) -> TranscriptJob | None:
            # A heartbeat more: after an outage of PostgreSQL the holder that still works goes on.
            return keeper.claim(owner, lease.duration_s, lease.max_attempts, lease.heartbeat_s)

        super().__init__(
            WordsWork.kind,
            room=lambda works: len(works) < MOST_AT_ONCE,
            claim=claim,
            begin=begin,
            guard=guard,
        )
        self._keeper = keeper
        self._lease = lease
        self._has_model = has_model
        self._had_model = False

    def reap(self) -> None:
        """End transcripts that are out of attempts, or whose holder died after a cancellation; then look."""
        self._keeper.reap(self._lease.max_attempts, self._lease.heartbeat_s)
        # once, and not whenever there is a model here: actors on other nodes may have none
        has_model = self._has_model()
        if has_model and not self._had_model:
            self._keeper.queue_unheard()
        self._had_model = has_model
        self.look()
