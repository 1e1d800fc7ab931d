"""Tells a result that was lost from one that is empty. Knows the stores; no route."""

from __future__ import annotations

from serve_app.services import ApiServices
from serve_app.web.problems import Problem


def check_not_lost(services: ApiServices, video_id: str, timeline_id: str) -> None:
    """To be called when nothing was found in a timeline that PostgreSQL names.

    Does nothing if the timeline is stored and merely holds nothing of what was asked for, or if the video has
    given it up meanwhile. Problem `result_lost` if the video still names it: MongoDB's data were lost, or an
    older backup of them was restored. UnavailableError when a store does not answer.
    """
    if services.results.counts(timeline_id):
        return
    for kept in services.jobs.revisions.list_all(video_id):
        if kept.timeline_id == timeline_id:
            raise Problem(
                "result_lost",
                f"Revision {kept.revision} was stored, and MongoDB has nothing of it: its data were lost, or "
                f"an older backup was restored. POST /videos/{video_id}/resegment makes it anew of the file.",
            )
