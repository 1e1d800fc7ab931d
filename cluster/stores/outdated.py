"""Drops timelines of revisions that are not kept any more, or never came to be, after a new one was made.

Knows the stores; not who made the revision, nor why.
"""

from __future__ import annotations

import structlog

from cluster.errors import UnavailableError
from cluster.stores.mongodb.results import Results
from cluster.stores.mongodb.timeline_ids import NotOutdated
from cluster.stores.postgres.jobs import Jobs

log = structlog.get_logger(__name__)


def drop_outdated(jobs: Jobs, results: Results, video_id: str, *, epoch: int, revisions_kept: int) -> None:
    """Deletes what the newest revision has replaced. epoch: of the video's lease that the newest was made
    under. revisions_kept: as many stay beside the current one."""
    try:
        before = jobs.revisions.list_all(video_id)
        kept = jobs.revisions.trim(video_id, revisions_kept)
        gone = {one.timeline_id for one in before}.difference(kept)
        newest = max((one.revision for one in before), default=0)
        results.drop_other_timelines(video_id, keep=NotOutdated(epoch, kept, gone, newest=newest))
    except UnavailableError as error:  # no reader sees them, and the next revision drops them as well
        log.warning("outdated timelines kept", video_id=video_id, reason=error.message)
