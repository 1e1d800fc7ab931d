"""Removing a video from every store: the row first, which is the truth, then what hangs on it."""

from __future__ import annotations

import structlog

from cluster.errors import ScenestreamError
from cluster.stores.removal import removal_steps
from serve_app.services import ApiServices

_log = structlog.get_logger(__name__)


def delete_video_everywhere(services: ApiServices, video_id: str) -> None:
    """Delete the row, then file, keyframes, results and progress, as far as no other video uses them.

    NotFoundError or UnavailableError when the row cannot be deleted; then nothing is. A store that fails
    after that is logged: what it keeps is unreachable and takes only space.
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
