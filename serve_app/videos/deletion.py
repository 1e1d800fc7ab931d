"""Deletes what a video had in every store, after its row in PostgreSQL: files, results and progress.

The row decides whether the video exists, so it is gone for clients even if a later step fails.
"""

from __future__ import annotations

import structlog

from cluster.errors import ScenestreamError
from cluster.stores.postgres.video import Video
from cluster.stores.removal import removal_steps
from serve_app.services import ApiServices

_log = structlog.get_logger(__name__)


def delete_what_it_had(services: ApiServices, video: Video) -> None:
    """Delete file, keyframes, results and progress of a video whose row is deleted and committed, as far as
    no other video uses them.

    A store that fails is logged: the data left there cannot be reached and only takes space.
    """
    video_id = video.id
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
