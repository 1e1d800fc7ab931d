"""Keeps the search index up to date: reads results of videos that wait in its queue, writes their moments.

PostgreSQL holds the queue and the moments; any number of bridges share it, a video at a time. While MongoDB
is away, videos wait. Knows what moments are made of; not how they are stored.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from actors.bridge.threads import Periodic
from cluster.stores.mongodb.results import Results
from cluster.stores.postgres.jobs import Jobs
from cluster.stores.postgres.search.moments import Moment, moments_of
from cluster.stores.postgres.video import Video

INTERVAL_S = 1.0
"""Between two looks at the queue: a video is found about so long after its end."""
_ROUND_S = 2.0
"""After so long a round ends, so that a stop of the bridge does not wait for a long queue."""


class Indexing:
    """The updates of the search index by one bridge; they start with `start`."""

    def __init__(self, jobs: Jobs, results: Results) -> None:
        self._jobs = jobs
        self._results = results
        self._checked = False
        self._periodic = Periodic("search index", INTERVAL_S, self.update)

    def start(self) -> None:
        """Start to look at the queue."""
        self._periodic.start()

    def stop(self, _timeout_s: float) -> bool:
        """Ends after the video in hand; what was not committed is done again by another bridge."""
        self._periodic.stop()
        return True

    def update(self) -> bool:
        """Brings videos of the queue up to date for some seconds; True if there may be more."""
        if not self._checked:
            self._jobs.search_index.renew_outdated()
            self._checked = True
        ends_at = time.monotonic() + _ROUND_S
        while self._jobs.search_index.update_next(self._moments):
            if time.monotonic() > ends_at:
                return True
        return False

    def _moments(self, video: Video) -> Sequence[Moment]:
        segments = [] if video.timeline_id is None else self._results.all_segments(video.timeline_id)
        job = self._jobs.transcripts.shown(video)
        if job is None:
            return moments_of(segments, None, (), video.filename)
        # what is stored stays to be found while it is recognised again, as it stays on the page
        words = self._results.words_at(video.tracks_key, job.reference(video.settings, job.model, job.reader))
        return moments_of(segments, words["transcript"], words["screen_text"] or (), video.filename)
