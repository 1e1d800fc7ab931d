"""Removing a video from every store: the row first, which is the truth, then what hangs on it."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from cluster.errors import ScenestreamError
from serve_app.services import Services

_log = structlog.get_logger(__name__)


def delete_video_everywhere(services: Services, video_id: str) -> None:
    """Delete the row, then file, keyframes, results and progress.

    NotFoundError or UnavailableError when the row cannot be deleted; then nothing is. A store that fails
    after that is logged: what it keeps is unreachable and takes only space.
    """
    services.jobs.delete(video_id)
    rest: tuple[tuple[str, Callable[[], object]], ...] = (
        ("media", lambda: services.media.delete(f"videos/{video_id}")),
        ("results", lambda: services.results.delete_video(video_id)),
        ("cache", lambda: services.cache.delete_video(video_id)),
    )
    for store, delete in rest:
        try:
            delete()
        except (ScenestreamError, OSError) as error:
            _log.warning("left behind by a deleted video", video_id=video_id, store=store, error=str(error))
    _log.info("video deleted", video_id=video_id)
