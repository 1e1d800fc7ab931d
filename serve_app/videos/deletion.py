"""Deletes a video from every store: its row in PostgreSQL first, then its files, results and progress.

The row decides whether the video exists, so it is gone for clients even if a later step fails.
"""

from __future__ import annotations

import structlog

from cluster.errors import ScenestreamError
from cluster.stores.removal import removal_steps
from serve_app.services import ApiServices

_log = structlog.get_logger(__name__)


def delete_video_everywhere(services: ApiServices, video_id: str) -> None:
    """Delete the row, then file, keyframes, results and progress, as far as no other video uses them.

    Raises NotFoundError or UnavailableError when the row cannot be deleted; then nothing is deleted. A store
    that fails after that is logged: the data left there cannot be reached and only takes space.
    """
    video = services.jobs.delete(video_id)
    try:
        steps = removal_steps(video, services.jobs, services.results, services.media)
    except ScenestreamError as error:
        _log.warning("left behind by a deleted video", video_id=video_id, store="all", error=str(error))
        steps = []
    for store, delete in (*steps, ("cache", lambda: services.cache.delete_video(video_id))):
        try:
            delete()
        except (ScenestreamError, OSError) as error:
            _log.warning("left behind by a deleted video", video_id=video_id, store=store, error=str(error))
    _log.info("video deleted", video_id=video_id)
